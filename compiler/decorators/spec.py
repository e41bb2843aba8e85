"""Decorators that a flow gets from outside of its source."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.ir import JSON
from flowport.compiler.record import record
from flowport.runtime.names.decorator_text import parse


@record(eq=False)
class DecoratorSpec:
    """A decorator for steps that lack it. `origin` is how messages call it, such as `--with retry`."""

    name: str
    arguments: Mapping[str, JSON]
    origin: str


def parse_spec(text: str, option: str) -> DecoratorSpec:
    """The decorator in `name` or `name:argument=value,...`; raises ValueError, with a message about the text."""
    return DecoratorSpec(*parse(text), f"{option} {text}")
