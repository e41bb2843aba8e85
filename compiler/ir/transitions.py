"""Where a step goes next. `parse` reads them from calls of `self.next`."""

from __future__ import annotations

from typing import TypeAlias

from flowport.compiler.record import field, record


@record
class Next:
    """`self.next(self.target)`"""

    target: str


@record
class Branch:
    """`self.next(self.a, self.b)`: every target runs, and a join brings them together."""

    targets: tuple[str, ...]


@record
class Foreach:
    """`self.next(self.target, foreach="over", batch=1, workers=1)`

    `batch` is the number of items per task if that gives at most `width` tasks, `workers` the number of processes that share them.
    `max_parallel` is how many items a step may work on at once, in all tasks and processes together; None if there is no limit.
    `items` is the number of items if the source shows it; a hint, because the flow may change the list.

    With `gang` it is `self.next(self.target, num_parallel=items)`: the items are the nodes of a gang, numbered from 0, which run at once
    and in one task. `over` is then "".
    """

    target: str
    over: str
    batch: int = 1
    workers: int = 1
    items: int | None = field(default=None, compare=False, repr=False)
    gang: bool = False
    max_parallel: int | None = None


@record
class Case:
    """One entry of a switch: the artifact's value and the step that it leads to."""

    value: str | int | float | bool | None
    target: str


@record
class Switch:
    """`self.next({"value": self.target, ...}, condition="artifact")`"""

    condition: str
    cases: tuple[Case, ...]

    @property
    def targets(self) -> tuple[str, ...]:
        """The steps that the cases lead to, each once, in the order of the cases."""
        return tuple(dict.fromkeys(case.target for case in self.cases))


@record
class End:
    """The last step: it goes nowhere."""


Transition: TypeAlias = Next | Branch | Foreach | Switch | End


def targets(transition: Transition) -> tuple[str, ...]:
    """The steps that a transition leads to, each once, in the order of the source."""
    match transition:
        case Next(target) | Foreach(target=target):
            return (target,)
        case Branch(names):
            return tuple(dict.fromkeys(names))
        case Switch():
            return transition.targets
        case End():
            return ()
