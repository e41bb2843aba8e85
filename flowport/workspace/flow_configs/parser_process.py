"""The process that runs parsers of the user's own: it reads which from standard input, and prints what they return as Python literals."""

from __future__ import annotations

import json
import os
import sys
from ast import literal_eval
from collections.abc import Mapping
from importlib import import_module
from typing import Any


def main() -> None:
    """Run the parsers, so that nothing else is printed on standard output."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    request = json.load(sys.stdin)
    try:
        flow = _flow_class(request)
        found = [_result(flow, request, attribute, text) for attribute, text in request["calls"]]
    except (Exception, SystemExit) as error:
        found = [_failed(error, f"importing `{os.path.basename(request['path'])}` raises ")] * len(request["calls"])
    answers.write(json.dumps(found))
    answers.close()


def _flow_class(request: dict[str, Any]) -> Any:
    from flowport.runtime.package import modules

    sys.path[:0] = [folder for folder in request["roots"] if folder not in sys.path]
    modules.provide_metaflow()
    return getattr(modules.load(request["path"], request["roots"]), request["class"])


def _result(flow: Any, request: dict[str, Any], attribute: str, text: str | None) -> dict[str, str]:
    try:
        config = next(vars(kind)[attribute] for kind in flow.__mro__ if attribute in vars(kind))
        value = _plain(_value(config, request, text))
    except (Exception, SystemExit) as error:
        return _failed(error)
    literal = repr(value)
    if not _is_literal(literal, value):
        return {"literal": "", "error": "it returns more than texts, numbers, lists, tuples and dictionaries"}
    return {"literal": literal, "error": ""}


def _is_literal(text: str, value: Any) -> bool:
    try:
        return bool(literal_eval(text) == value)
    except (ValueError, SyntaxError):
        return False


def _value(config: Any, request: dict[str, Any], text: str | None) -> Any:
    """What the parser makes of the text, or of the default where that is a function."""
    if text is None:
        is_file = config._default is not None
        default = (config._default if is_file else config._default_value)(_Context(request["class"], config.name))
        if default is None:
            return None
        text = _read(default, request["path"]) if is_file else default if isinstance(default, str) else json.dumps(default)
    parser = config._parser
    if isinstance(parser, str):
        module, _, name = (f"metaflow{parser}" if parser.startswith(".") else parser).rpartition(".")
        parser = getattr(import_module(module), name)
    return json.loads(text) if parser is None else parser(text)


def _read(path: str, flow: str) -> str:
    """The default file: beside the flow, or in the current folder."""
    beside = os.path.join(os.path.dirname(flow), path)
    with open(beside if os.path.exists(beside) else path, encoding="utf-8-sig") as file:
        return file.read()


class _Context:
    """What a function that gives a default is called with."""

    def __init__(self, flow_name: str, parameter_name: str) -> None:
        self.flow_name, self.parameter_name, self.user_name = flow_name, parameter_name, os.environ.get("USER", "")
        self.logger, self.ds_type, self.configs = print, "local", None


def _plain(value: Any) -> Any:
    """A value with plain dictionaries, lists and tuples."""
    if isinstance(value, Mapping):
        return {key: _plain(value[key]) for key in value}
    if isinstance(value, list | tuple):
        return (list if isinstance(value, list) else tuple)(_plain(item) for item in value)
    return value


def _failed(error: BaseException, where: str = "") -> dict[str, str]:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    file = place.tb_frame.f_code.co_filename if place is not None else ""
    at = f" in line {place.tb_lineno} of {os.path.basename(file)}" if place is not None and file != __file__ else ""
    text = " ".join(str(error).split())
    return {"literal": "", "error": f"{where}{type(error).__name__}{at}" + (f": {text}" if text else "")}


if __name__ == "__main__":
    main()
