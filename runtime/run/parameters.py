"""Converts parameters from the text of a command line, or the JSON of an engine's form, to the values that steps read."""

from __future__ import annotations

from flowport.runtime.store import documents
from flowport.runtime.text import brief

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Spec = dict[str, Any]

TRUE, FALSE = ("true", "yes", "on", "1", "t", "y"), ("false", "no", "off", "0", "f", "n")


class ParameterError(Exception):
    """A value that a parameter does not take, or a parameter that is missing or unknown."""


def convert(spec: Spec, value: Any) -> Any:
    """The value of a parameter, from text or JSON; raises ParameterError. `spec` is an entry of `parameters` in the plan."""
    if "element" in spec:
        one = {**spec, "kind": spec["element"]}
        del one["element"]
        return tuple([convert(one, each) for each in _list(spec, value)])
    converted = KINDS[spec["kind"]](spec, value)
    if spec["choices"] and converted not in spec["choices"]:
        raise ParameterError(
            f"parameter `{spec['name']}` is {brief(value)}, which is none of its choices: "
            + ", ".join(brief(choice) for choice in spec["choices"])
        )
    return converted


def converted(specs: list[Spec], given: dict[str, Any]) -> dict[str, Any]:
    """The values of a run by attribute, with constant defaults but not the computed ones.

    Raises ParameterError with everything that is wrong.
    """
    named = {spec["name"]: spec for spec in specs}
    wrong = [f"the flow has no parameter `{name}`{_near(name, named)}" for name in given if name not in named]
    values: dict[str, Any] = {}
    for spec in specs:
        try:
            if spec["name"] in given:
                values[spec["attribute"]] = convert(spec, given[spec["name"]])
            elif spec["required"] and "default" not in spec and not spec["computed"]:
                raise ParameterError(f"parameter `{spec['name']}` is missing: it has no default")
            elif not spec["computed"]:
                values[spec["attribute"]] = _default(spec)
        except ParameterError as error:
            wrong.append(str(error))
    if wrong:
        raise ParameterError("\n".join(wrong))
    return values


def _default(spec: Spec) -> Any:
    default = spec.get("default")
    if default is None and "element" in spec:
        return ()
    if default is None or spec["kind"] == "file":
        return default
    return convert(spec, default)


def separated(spec: Spec, value: Any) -> Any:
    """A value as steps read it: a text with a separator is a list there, but for an empty one."""
    return value.split(spec["separator"]) if value and "separator" in spec else value


def _text(spec: Spec, value: Any) -> Any:
    return value if isinstance(value, str) else _other(spec, value, "text")


def _number(spec: Spec, value: Any) -> Any:
    if isinstance(value, bool):
        return _other(spec, value, "a whole number")
    if isinstance(value, float) and value.is_integer():
        return int(value)
    try:
        return int(value) if isinstance(value, str | int) else _other(spec, value, "a whole number")
    except ValueError:
        return _other(spec, value, "a whole number")


def _real(spec: Spec, value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else _other(spec, value, "a number")
    except ValueError:
        return _other(spec, value, "a number")


def _truth(spec: Spec, value: Any) -> Any:
    if isinstance(value, bool):
        return value
    word = str(value).lower() if isinstance(value, str | int) else ""
    return True if word in TRUE else False if word in FALSE else _other(spec, value, "true or false")


def _json(spec: Spec, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return documents.load(value)
    except ValueError:
        return _other(spec, value, "JSON")


def _list(spec: Spec, value: Any) -> Any:
    found = list(value) if isinstance(value, tuple) else _json(spec, value)
    return found if isinstance(found, list) else _other(spec, value, "a JSON list")


def _mapping(spec: Spec, value: Any) -> Any:
    found = _json(spec, value)
    return found if isinstance(found, dict) else _other(spec, value, "a JSON object")


def _file(spec: Spec, value: Any) -> Any:
    """The content of an included file: text, or bytes as `{"base64": "..."}`."""
    if spec["text"]:
        return _lines(_text(spec, value))
    if isinstance(value, bytes):
        return value
    from base64 import b64decode

    if isinstance(value, str):
        value = _json(spec, value)
    if isinstance(value, dict) and isinstance(value.get("base64"), str):
        try:
            return b64decode("".join(value["base64"].split()), validate=True)
        except ValueError:
            return _other(spec, value, "base64")
    return _other(spec, value, '{"base64": "..."}')


def text_of(data: bytes, encoding: str | None) -> str:
    """The text in a file, read as Python opens it; raises UnicodeError or LookupError."""
    return _lines(data.decode(encoding or "utf-8"))


def _lines(text: str) -> str:
    """A text whose lines end as those of an open file do (`io.TextIOWrapper`, universal newlines)."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


KINDS: dict[str, Callable[[Spec, Any], Any]] = {
    "str": _text,
    "int": _number,
    "float": _real,
    "bool": _truth,
    "json": _json,
    "list": _list,
    "dict": _mapping,
    "file": _file,
}


def _other(spec: Spec, value: Any, wanted: str) -> Any:
    raise ParameterError(f"parameter `{spec['name']}` is {brief(value)}, which is not {wanted}")


def _near(name: str, named: dict[str, Spec]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, named, 1)
    return f"; did you mean `{near[0]}`?" if near else ""
