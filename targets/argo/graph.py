"""Plan -> the tasks of the DAG templates of a workflow: who runs when, for what, and how often.

    Task(start) Map(start, [Task(train)]) Task(join)

becomes the tasks `start`, `train` once for every slice that `start` made, and `join`, which waits for `train` or for its absence. The body
of a foreach that has several steps is a DAG of its own; branches and arms stand in the DAG around them.

The plan has no loops: `fuse` has put a task in the place of each.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.ir import Switch, targets
from flowport.compiler.plan import Arm, Block, Choice, Edge, Loop, Map, Parallel, Plan, Task
from flowport.compiler.record import record


@record
class After:
    """A step that a task waits for: it succeeded, or one of the steps `unless` was skipped, which begin the arms that it is in.

    With `each` it is the foreach of that step, which is skipped when it has no items.
    """

    step: str
    unless: tuple[str, ...] = ()
    each: bool = False


@record
class Job:
    """A task for one step. Where `ways` are given it is skipped unless items took one of them; `unsure` switches may not have run."""

    step: str
    after: tuple[After, ...]
    ways: tuple[Edge, ...] = ()
    unsure: frozenset[str] = frozenset()


@record
class Each:
    """The foreach of step `origin` over the artifact `over`: its members for every slice."""

    origin: str
    over: str
    members: tuple[Member, ...]


Member = Job | Each


def graph(plan: Plan) -> tuple[Member, ...]:
    """What a workflow consists of, in the order of execution."""
    return tuple(_Graph(plan).members(plan.body))


def jobs(members: tuple[Member, ...]) -> Iterator[Job]:
    """All tasks, those of foreaches too."""
    for member in members:
        if isinstance(member, Job):
            yield member
        else:
            yield from jobs(member.members)


class _Graph:
    def __init__(self, plan: Plan) -> None:
        self._step = {step.name: step for step in plan.flow.steps}
        self._arms: dict[str, tuple[Arm, ...]] = {}
        self._level: dict[str, str] = {}
        self._opened: dict[str, str] = {}
        self._before: dict[str, list[str]] = {}
        self._place(plan.body, "", ())
        for step in plan.flow.steps:
            for target in targets(step.transition):
                self._before.setdefault(target, []).append(step.name)

    def _place(self, block: Block, level: str, arms: tuple[Arm, ...]) -> None:
        """Note for every step the foreach and the arms that it is in, and for a join the foreach that it closes."""
        opened = ""
        for node in block:
            match node:
                case Task(step):
                    self._level[step], self._arms[step] = level, arms
                    if opened and self._step[step].join:
                        self._opened[step] = opened
                    opened = ""
                case Parallel(branches=branches):
                    for branch in branches:
                        self._place(branch, level, arms)
                case Map(origin=origin, body=body):
                    self._place(body, origin, ())
                    opened = origin
                case Choice(arms=inner):
                    for arm in inner:
                        self._place(arm.body, level, (*arms, arm))
                case Loop(header=header):
                    raise AssertionError(f"the loop of {header} is not fused")

    def members(self, block: Block) -> Iterator[Member]:
        """The tasks of a block, with the foreaches between them."""
        for node in block:
            match node:
                case Task(step):
                    yield self._job(step)
                case Parallel(branches=branches):
                    for branch in branches:
                        yield from self.members(branch)
                case Map(origin=origin, over=over, body=body):
                    yield Each(origin, over, tuple(self.members(body)))
                case Choice(arms=arms):
                    for arm in arms:
                        yield from self.members(arm.body)
                case Loop():
                    pass

    def _job(self, name: str) -> Job:
        arms = self._arms[name]
        after = tuple(self._after(name))
        if not arms or _first(arms[-1]) != name:
            return Job(name, after)
        ways = tuple(dict.fromkeys(way for edge in arms[-1].edges for way in self._taken(edge)))
        around = arms[:-1]
        unsure = frozenset(way.source for way in ways if self._arms[way.source] != around[: len(self._arms[way.source])])
        return Job(name, after, ways, unsure)

    def _after(self, name: str) -> Iterator[After]:
        if name in self._opened:
            yield After(self._opened[name], each=True)
            return
        for other in self._before.get(name, ()):
            if self._level[other] == self._level[name]:
                mine, others = self._arms[name], self._arms[other]
                shared = next(
                    (number for number, pair in enumerate(zip(mine, others)) if pair[0] is not pair[1]), min(len(mine), len(others))
                )
                yield After(other, tuple(_first(arm) for arm in others[shared:]))

    def _taken(self, edge: Edge) -> Iterator[Edge]:
        """The ways out of switches, one of which an item went when it took the edge: a step that is no switch sends on all that it gets."""
        if isinstance(self._step[edge.source].transition, Switch):
            yield edge
        else:
            for before in self._arms[edge.source][-1].edges:
                yield from self._taken(before)


def _first(arm: Arm) -> str:
    """The step that an arm begins with."""
    first = arm.body[0]
    assert isinstance(first, Task)
    return first.step
