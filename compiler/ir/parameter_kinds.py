"""Converts values to the kind of a parameter: a string is read as the command line would read it.

as_kind("3", "int")      3
misfit("x", "int")       "is not a whole number"
"""

from __future__ import annotations

from typing import Any

from flowport.compiler.ir.values import JSON

WORDS = {**dict.fromkeys(("true", "t", "yes", "y", "1", "on"), True), **dict.fromkeys(("false", "f", "no", "n", "0", "off"), False)}


class Misfit(Exception):
    """A value that is not of the kind it should be."""


def misfit(value: object, kind: str) -> str | None:
    """Why a value does not have a kind, or None if it does."""
    try:
        as_kind(value, kind)
    except Misfit as error:
        return str(error)
    return None


def as_kind(value: Any, kind: str) -> Any:
    """The value converted to the kind; raises Misfit."""
    match kind:
        case "int" | "float":
            return _number(value, kind)
        case "bool":
            known = (
                WORDS.get(value.strip().lower())
                if isinstance(value, str)
                else bool(value)
                if isinstance(value, bool) or value in (0, 1)
                else None
            )
            if known is None:
                raise Misfit("is not True or False")
            return known
        case "json" | "list" | "dict":
            return _json(value, kind)
        case _:
            if not isinstance(value, str | bool | int | float):
                raise Misfit("is not a string")
            return str(value)


def _number(value: Any, kind: str) -> int | float:
    wanted = "a whole number" if kind == "int" else "a number"
    if isinstance(value, float) and kind == "int" and not value.is_integer():
        raise Misfit(f"is not {wanted}")
    if not isinstance(value, str | int | float):
        raise Misfit(f"is not {wanted}")
    try:
        return int(value) if kind == "int" else float(value)
    except (ValueError, OverflowError):
        raise Misfit(f"is not {wanted}") from None


def _json(value: Any, kind: str) -> JSON:
    import json

    try:
        found: Any = json.loads(value) if isinstance(value, str) else value
        json.dumps(found)
    except (ValueError, TypeError, RecursionError):
        raise Misfit("is not JSON") from None
    found = list(found) if isinstance(found, tuple) else found
    for name, needed in (("list", list), ("dict", dict)):
        if kind == name and not isinstance(found, needed):
            raise Misfit(f"is not a {name}")
    read: JSON = found
    return read
