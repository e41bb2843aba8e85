"""A decorator as text, in Metaflow's notation.

retry:times=2,minutes_between_retries=0    ("retry", {"times": 2, "minutes_between_retries": 0})
environment:vars={"A": "b"}                ("environment", {"vars": {"A": "b"}})
"""

from __future__ import annotations

import json
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BETWEEN = re.compile(r",(?=[\s\w]+=)")
"""A comma between two arguments: what follows is the name of one. Commas inside of values need no quotes."""


def parse(text: str) -> tuple[str, dict[str, Any]]:
    """The name of a decorator and its arguments; raises ValueError, with a message about the text."""
    name, _, arguments = text.partition(":")
    found: dict[str, Any] = {}
    for piece in _BETWEEN.split(arguments) if arguments.strip() else ():
        argument, equals, value = piece.partition("=")
        if not equals or not argument.strip():
            raise ValueError(f"`{piece.strip()}` is no argument: write `{name}:argument=value`, with commas between arguments")
        if argument.strip() in found:
            raise ValueError(f"`{argument.strip()}` is given twice")
        found[argument.strip()] = _value(value.strip())
    if not name.strip():
        raise ValueError("it does not begin with the name of a decorator, such as `retry`")
    return name.strip(), found


def _value(text: str) -> Any:
    """A value as Metaflow reads it: JSON, else a number, else the text itself."""
    for read in (_json, int, float):
        try:
            return read(text)
        except (ValueError, RecursionError):
            continue
    return text


def _json(text: str) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(constant)

    return json.loads(text.replace('\\"', '"'), parse_constant=refuse)
