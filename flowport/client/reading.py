"""What the client raises where a store cannot be read: exceptions of Metaflow's, which users of its client catch."""

from __future__ import annotations

from contextlib import contextmanager
from functools import wraps
from types import GeneratorType

from flowport.runtime.names.exceptions import MetaflowDataMissing, MetaflowException
from flowport.runtime.protocol import NonRetryable, VersionError
from flowport.runtime.store.errors import Corrupt, Missing, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    Kind = TypeVar("Kind", bound=type)

SPECIAL = ("__init__", "__iter__", "__getitem__", "__contains__")


def reads_store(kind: Kind) -> Kind:
    """Let the public members of a class raise MetaflowDataMissing and MetaflowException instead of the errors of a store."""
    for name, member in list(vars(kind).items()):
        if name.startswith("_") and name not in SPECIAL:
            continue
        if isinstance(member, property):
            setattr(kind, name, property(_reading(member.fget), doc=member.__doc__))
        elif hasattr(member, "__code__"):
            setattr(kind, name, _reading(member))
    return kind


def _reading(function: Callable[..., Any] | None) -> Callable[..., Any]:
    assert function is not None

    @wraps(function)
    def read(*arguments: Any, **named: Any) -> Any:
        with _translated():
            found = function(*arguments, **named)
        return _each(found) if isinstance(found, GeneratorType) else found  # no value of a user is one: it has no pickle

    return read


def _each(found: Iterator[Any]) -> Iterator[Any]:
    while True:
        with _translated():
            try:
                one = next(found)
            except StopIteration:
                return
        yield one


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (Corrupt, Missing) as error:
        raise MetaflowDataMissing(str(error)) from error
    except (StoreError, NonRetryable, VersionError) as error:
        raise MetaflowException(str(error)) from error
