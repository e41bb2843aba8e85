"""Variables of a step whose value is known in the task only: `@environment(vars={"URL": f"https://{os.environ['HOST']}/"})`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from flowport.compiler.record import record


@record
class Read:
    """A variable that a task reads from its environment.

    Where it is not set, `default` stands for it; without one, None, the task fails. With `or_empty` the default also stands for a variable
    that is set to an empty text.
    """

    name: str
    default: Template | None = None
    or_empty: bool = False


Template: TypeAlias = "tuple[str | Read, ...]"
"""A text that contains what is read, part after part."""

Forwards: TypeAlias = "tuple[tuple[str, Template], ...]"
"""Variables of a step, by name."""


def reads(template: Template) -> Iterator[Read]:
    """Every read of a template, those in defaults included."""
    for part in template:
        if isinstance(part, Read):
            yield part
            yield from reads(part.default or ())


def read_names(forwards: Iterable[tuple[str, Template]]) -> dict[str, bool]:
    """The variables that are read, sorted by name, and whether a read of one has no default."""
    every = sorted((read.name, read.default is None) for _, template in forwards for read in reads(template))
    return dict(every)
