"""The parameters of a run: from the command line to the values in its input, and the help page of a flow."""

from __future__ import annotations

import os
from base64 import b64encode
from shlex import quote
from typing import Any

from flowport.cli.options import Given, WrongUse, table
from flowport.runtime.run.parameters import ParameterError, convert, converted, text_of
from flowport.runtime.store.documents import dump

Spec = dict[str, Any]
"""An entry of `parameters` in the plan's JSON."""


def parameters(specs: list[Spec], given: Given, resumed: bool) -> dict[str, Any]:
    """What the run's input says of its parameters: the given ones by name, as JSON; raises WrongUse with all that is wrong.

    `--max-depth` stands for a parameter `max_depth` too. A resumed run has the other parameters from its origin, so that none is missing.
    """
    named = {spec["name"]: spec for spec in specs}
    spelled = {name.replace("_", "-"): name for name in named}
    values: dict[str, Any] = {}
    wrong: list[str] = []
    given = [(name if name in named else spelled.get(name.replace("_", "-"), name), text) for name, text in given]
    for name, text in given:
        try:
            values[name] = _value(named.get(name), name, text)
        except ParameterError as error:
            wrong.append(str(error))
    wanted = [{**spec, "required": spec["required"] and not resumed} for spec in specs if spec["name"] not in _refused(wrong, given)]
    try:
        converted(wanted, values)
    except ParameterError as error:
        wrong += str(error).split("\n")
    if wrong:
        title, rows = section(specs)
        raise WrongUse("\n".join(wrong), "\n".join(["", f"{title}:", *table(rows)]) if rows else "the flow has no parameters")
    return {name: _plain(named[name], value) for name, value in values.items()}


def _refused(wrong: list[str], given: Given) -> set[str]:
    """The parameters whose text could not even be read: they are given, not missing."""
    return {name for name, _ in given if any(f"`{name}`" in message for message in wrong)}


def _value(spec: Spec | None, name: str, text: str | None) -> Any:
    """The text of a parameter, or the content of the file that it names; an option that stands alone is true."""
    if text is None:
        if spec is not None and spec["kind"] != "bool":
            raise ParameterError(f"parameter `{name}` needs a value: --{name} VALUE")
        return True
    return _content(spec, name, text) if spec is not None and spec["kind"] == "file" else text


def _content(spec: Spec, name: str, path: str) -> Any:
    try:
        with open(os.path.expanduser(path), "rb") as file:
            data = file.read()
        return text_of(data, spec["encoding"]) if spec["text"] else {"base64": b64encode(data).decode()}
    except OSError as error:
        raise ParameterError(f"parameter `{name}` names the file `{path}`, which cannot be read: {os.strerror(error.errno or 0)}") from None
    except (UnicodeDecodeError, LookupError) as error:
        raise ParameterError(f"parameter `{name}` names the file `{path}`, which is not text: {error}") from None


def _plain(spec: Spec, value: Any) -> Any:
    """A value as JSON; of kind JSON a text stands for what it says as JSON, wherever it is read."""
    plain = value if spec["kind"] == "file" else convert(spec, value)
    return dump(plain).decode() if spec["kind"] == "json" and isinstance(plain, str) else plain


def spelled(value: Any) -> str:
    """A value as it is written on a command line: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else dump(value).decode()


def section(specs: list[Spec]) -> tuple[str, list[tuple[str, str]]]:
    """The parameters of a flow as a section of a help page."""
    return "Parameters of the flow", [(f"--{spec['name']} {_KINDS[spec['kind']]}", _described(spec)) for spec in specs]


_KINDS = {
    "str": "TEXT",
    "int": "NUMBER",
    "float": "NUMBER",
    "bool": "[true|false]",
    "json": "JSON",
    "list": "JSON",
    "dict": "JSON",
    "file": "PATH",
}


def _described(spec: Spec) -> str:
    words = [spec["help"].strip()] if spec["help"].strip() else []
    if spec["choices"]:
        words.append("one of " + ", ".join(quote(spelled(choice)) for choice in spec["choices"]))
    if spec["computed"]:
        words.append("default: computed when the run starts")
    elif spec.get("default") is not None:
        words.append(f"default: {quote(spelled(spec['default']))}")
    elif spec["required"]:
        words.append("required")
    return "; ".join(words)
