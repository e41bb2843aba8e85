"""What the value of a config may consist of: it travels in the plan, and tasks read it as attributes."""

from __future__ import annotations

from typing import Any, NamedTuple

DEPTH = 100
"""How many tables and lists may be inside each other. A YAML alias can put a list into itself."""
VALUES = 1_000_000
"""How many values there may be: a few lines of YAML aliases can stand for billions."""

_KINDS = {str: "a text", list: "a list", tuple: "a list", dict: "a table", bool: "true or false", int: "a number", float: "a number"}


class Misfit(NamedTuple):
    """What in a value cannot be written into a plan: where it is, what it is, and what to write instead."""

    place: str
    kind: str
    way_out: str


def kind_of(value: object) -> str:
    """What messages call a value."""
    return "nothing" if value is None else _KINDS.get(type(value), f"a value of type `{type(value).__name__}`")


def first_misfit(value: object) -> Misfit | None:
    """The first part of a value that cannot be written into a plan."""
    waiting: list[tuple[object, str, int]] = [(value, "", 0)]
    count = 0
    while waiting:
        part, place, depth = waiting.pop()
        count += 1
        if count > VALUES:
            return Misfit("", f"more than {VALUES:,} values", "store them as a data file that a step reads")
        if isinstance(part, dict | list | tuple):
            if depth == DEPTH:
                return Misfit(_shortened(place), f"more than {DEPTH} tables and lists inside each other", "make it flatter")
            inner, wrong = _inner(part, place)
            if wrong is not None:
                return wrong
            waiting += [(each, at, depth + 1) for at, each in reversed(inner)]
        elif part is not None and not isinstance(part, str | int | float):
            return Misfit(place, kind_of(part), "write it as text or as a number")
    return None


def _inner(part: dict[Any, Any] | list[Any] | tuple[Any, ...], place: str) -> tuple[list[tuple[str, Any]], Misfit | None]:
    """The parts of a table or a list with their places."""
    if not isinstance(part, dict):
        return [(f"{place}[{number}]", each) for number, each in enumerate(part)], None
    for key in part:
        if key is not None and not isinstance(key, str | int | float):
            return [], Misfit(place, f"a key of type `{type(key).__name__}`", "write it as text or as a number")
    return [(f"{place}.{key}" if place else str(key), each) for key, each in part.items()], None


def _shortened(place: str) -> str:
    return place if len(place) <= 40 else f"{place[:37]}..."
