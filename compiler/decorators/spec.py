"""Decorators that a flow gets from outside of its source, in the notation of `--with`.

retry:times=2,minutes_between_retries=0    DecoratorSpec("retry", {"times": 2, "minutes_between_retries": 0})
environment:vars={"A": "b"}                DecoratorSpec("environment", {"vars": {"A": "b"}})
shared.tracing.traced:level=high           DecoratorSpec("shared.tracing.traced", {"level": "high"})
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from flowport.compiler.ir import JSON
from flowport.compiler.record import record

_BETWEEN = re.compile(r",(?=[\s\w]+=)")
"""A comma between two arguments: what follows is the name of one. Commas inside of values need no quotes."""


@record(eq=False)
class DecoratorSpec:
    """A decorator for each step that lacks it. `origin` is how messages call it, such as `--with retry`."""

    name: str
    arguments: Mapping[str, JSON]
    origin: str


def parse_spec(text: str, origin: str) -> DecoratorSpec:
    """The decorator in `name` or `name:argument=value,...`; raises ValueError, with a message about the text."""
    name, _, arguments = text.partition(":")
    found: dict[str, JSON] = {}
    for piece in _BETWEEN.split(arguments) if arguments.strip() else ():
        argument, equals, value = piece.partition("=")
        if not equals or not argument.strip():
            raise ValueError(f"`{piece.strip()}` is no argument: write `{name}:argument=value`, with commas between arguments")
        if argument.strip() in found:
            raise ValueError(f"`{argument.strip()}` is given twice")
        found[argument.strip()] = _value(value.strip())
    if not name.strip():
        raise ValueError("it does not begin with the name of a decorator, such as `retry`")
    return DecoratorSpec(name.strip(), found, f"{origin} {text}")


def _value(text: str) -> JSON:
    """A value as Metaflow reads it: JSON, else a number, else the text itself."""
    for read in (_json, int, float):
        try:
            value: JSON = read(text)
        except ValueError:
            continue
        return value
    return text


def _json(text: str) -> JSON:
    def refuse(constant: str) -> JSON:
        raise ValueError(constant)

    value: JSON = json.loads(text.replace('\\"', '"'), parse_constant=refuse)
    return value
