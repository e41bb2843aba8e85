"""What a deployment changes at an engine, as values: they can be shown before they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, TypeAlias

from flowport.compiler.record import field, record


class DeployError(Exception):
    """A deployment is not possible; the message says why, further lines what to do."""


class CutOffError(DeployError):
    """Changes that came to an end on their way: `made` are those before the one that could not be made."""

    def __init__(self, reason: str, made: Sequence[Change]) -> None:
        super().__init__(reason)
        self.made = tuple(made)


Becomes: TypeAlias = Literal["new", "changed", "deleted", "unchanged"]


@record
class Change:
    """A file or an object that a deployment is about, what becomes of it, and the difference as a unified diff where it is text.

    `make` does it.
    """

    name: str
    becomes: Becomes
    difference: str = ""
    make: Callable[[], object] = field(default=lambda: None, repr=False, compare=False)


@record
class Changes:
    """What a deployment would change, in the order in which it is done; `notes` say what could not be checked."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()


def apply(changes: Changes) -> Iterator[Change]:
    """Make changes that can be made one after the other; what is unchanged is left alone."""
    for change in changes.changes:
        if change.becomes != "unchanged":
            change.make()
        yield change
