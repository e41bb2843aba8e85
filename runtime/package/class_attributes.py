"""The attributes of the user's class that `self.name` finds if no step has set an artifact: values, methods and properties."""

from __future__ import annotations

from flowport.runtime.names.flow import FlowSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

NOTHING: Any = object()


def owners(kind: type) -> Iterator[type]:
    """The user's classes that a flow is made of, in the order in which names are looked for."""
    for owner in kind.__mro__:
        if owner is FlowSpec:
            return
        yield owner


def held(kind: type, name: str) -> Any:
    """The attribute of the class with this name, without binding it; NOTHING if there is none."""
    return next((vars(owner)[name] for owner in owners(kind) if name in vars(owner)), NOTHING)


def is_computed(value: object) -> bool:
    """Whether what stands in a class is no value of its own: a property, a method, a parameter."""
    return hasattr(type(value), "__get__")


def constant(kind: type, name: str) -> Any:
    """A plain value of the class with this name; NOTHING if there is none, or if it is computed."""
    value = held(kind, name)
    return NOTHING if is_computed(value) else value


def cached_property(kind: type, name: str) -> Any:
    """What the class computes once and keeps under `name` on the instance: `functools.cached_property`, or a library's of that name."""
    value = held(kind, name)
    return value if any(base.__name__ == "cached_property" for base in type(value).__mro__) else None
