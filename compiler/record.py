"""Records: classes whose fields are their annotations, immutable unless said otherwise, equal when their fields are.

They are written and type-checked like data classes (PEP 681). `dataclasses` compiles up to six methods for each class: with it
`flowport compile` takes half as long again, and misses its goal. bench/README.md has the measurement, also of attrs and msgspec.
"""

from __future__ import annotations

from collections.abc import Callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar, overload

    from typing_extensions import dataclass_transform

    Kind = TypeVar("Kind")
else:

    def dataclass_transform(**_):
        return lambda function: function

    def overload(function):
        return function


class Field:
    """What `field` says about one field."""

    def __init__(self, default: Any, default_factory: Callable[[], Any] | None, compare: bool, repr: bool) -> None:
        self.default, self.factory, self.compare, self.repr = default, default_factory, compare, repr


class _Required:
    """Stands for a missing default."""


def field(*, default: Any = _Required, default_factory: Any = None, compare: bool = True, repr: bool = True) -> Any:
    """A field with a default factory, or one that is not compared or not part of `repr`."""
    return Field(default, default_factory, compare, repr)


@overload
def record(kind: type[Kind]) -> type[Kind]: ...
@overload
def record(*, frozen: bool = True, eq: bool = True) -> Callable[[type[Kind]], type[Kind]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(kind: type | None = None, *, frozen: bool = True, eq: bool = True) -> Any:
    """Make a class a record; with `frozen=False` its fields can be set, with `eq=False` it is only equal to itself."""
    return (lambda kind: _made(kind, frozen, eq)) if kind is None else _made(kind, frozen, eq)


def replace(old: Kind, **changes: Any) -> Kind:
    """A copy of a record with other values in some of its fields."""
    return type(old)(**{**vars(old), **changes})


def _made(kind: Any, frozen: bool, eq: bool) -> Any:
    fields = {name: _field(kind, name) for name in kind.__annotations__}
    kind.__match_args__ = tuple(fields)  # type: ignore[misc]
    kind.__init__ = _init(kind.__name__, fields)
    kind.__repr__ = _repr([name for name, held in fields.items() if held.repr])
    if eq:
        compared = [name for name, held in fields.items() if held.compare]
        kind.__eq__, kind.__hash__ = _eq(compared), _hash(compared)
    if frozen:
        kind.__setattr__ = kind.__delattr__ = _refuse
    return kind


def _field(kind: type, name: str) -> Field:
    """What a class says about a field; the class keeps no trace of it."""
    value = kind.__dict__.get(name, _Required)
    if value is not _Required:
        delattr(kind, name)
    return value if isinstance(value, Field) else Field(value, None, True, True)


def _init(kind: str, fields: dict[str, Field]) -> Any:
    names = tuple(fields)
    known = frozenset(names)
    defaults = {name: held.default for name, held in fields.items() if held.default is not _Required}
    factories = [(name, held.factory) for name, held in fields.items() if held.factory]

    def __init__(self: Any, *values: Any, **named: Any) -> None:
        given = dict(zip(names, values))
        if len(values) > len(names) or not known.issuperset(named) or not given.keys().isdisjoint(named):
            counted = f"{len(values)} values and {', '.join(named) or 'no names'}"
            raise TypeError(f"{kind} takes {', '.join(names)}, each once; it was given {counted}")
        given.update(named)
        for name, factory in factories:
            if name not in given:
                given[name] = factory()
        held = {**defaults, **given}
        if len(held) != len(names):
            raise TypeError(f"{kind} lacks {', '.join(name for name in names if name not in held)}")
        self.__dict__.update(held)

    return __init__


def _repr(names: list[str]) -> Any:
    return lambda self: f"{type(self).__qualname__}({', '.join([f'{name}={getattr(self, name)!r}' for name in names])})"


def _eq(names: list[str]) -> Any:
    def __eq__(self: Any, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        mine, theirs = self.__dict__, other.__dict__
        return all([mine[name] == theirs[name] for name in names])

    return __eq__


def _hash(names: list[str]) -> Any:
    return lambda self: hash(tuple([getattr(self, name) for name in names]))


def _refuse(self: object, name: str, value: object = None) -> None:
    raise AttributeError(f"{type(self).__name__} is immutable: `{name}` cannot change")
