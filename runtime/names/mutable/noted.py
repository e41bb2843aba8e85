"""The decorators of a flow and of its steps as they were noted while the flow was imported, and what may be added to them."""

from __future__ import annotations

from flowport.runtime.names.flow import FlowSpec
from flowport.runtime.names.step_decorators import DecoratorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FLOW_MUTATORS = "_flowport_mutators"
"""The attribute of a class with the mutators above it."""

SEVERAL = frozenset({"card", "secrets"})
"""The decorators that a step may have more than once."""

IGNORE, ERROR, OVERRIDE = 1, 2, 3
"""What `add_decorator` does with a decorator that is there already."""


class Refused(Exception):
    """A mutator asks for something that cannot be done; the message says what."""


class Noted:
    """A decorator of flowport on a step or a flow: `origin` is what added it, "" for the source."""

    def __init__(self, name: str, arguments: dict[str, Any], origin: str = "") -> None:
        self.name, self.arguments, self.origin = name, arguments, origin


class FlowMutatorType(DecoratorType):
    """Lets a mutator be used as `@Robust` and as `@Robust("x")` above a class."""

    def decorates(cls, value: Any) -> bool:
        return isinstance(value, type)


def mutators_of(kind: type) -> list[Any]:
    """The mutators of a flow, those that it inherits first; the lowest above a class comes before the others."""
    return [one for base in reversed(kind.__mro__) if base is not FlowSpec for one in vars(base).get(FLOW_MUTATORS, ())]


def full_name(kind: type) -> str:
    """A decorator's name with its module."""
    return f"{kind.__module__}.{kind.__name__}"


def identity(one: Any) -> tuple[tuple[str, ...], tuple[list[Any], dict[str, Any]]]:
    """The names of a decorator, and its arguments."""
    if isinstance(one, Noted):
        return (one.name, f"metaflow.{one.name}"), ([], one.arguments)
    return (type(one).__name__, full_name(type(one))), (one._args, one._kwargs)


def add(own: list[Noted], one: Noted, duplicates: int) -> Noted | None:
    """Add a decorator to those that are there, as `duplicates` says if it is one of them; None if it was left out."""
    there = any(each.name == one.name for each in own) and one.name not in SEVERAL
    if there and duplicates != OVERRIDE:
        check_error(one.name, duplicates)
        return None
    if there:
        own[:] = [each for each in own if each.name != one.name]
    own.append(one)
    return one


def check_error(name: str, duplicates: int) -> None:
    """Raise Refused unless `duplicates` says that a decorator which is there already is left out."""
    if duplicates == ERROR:
        raise Refused(f"`@{name}` is there already, and `duplicates` says that this is an error")
    if duplicates != IGNORE:
        raise Refused(f"`duplicates` must be `IGNORE`, `ERROR` or `OVERRIDE`, not `{duplicates!r}`")
