"""Plan -> the tasks and groups of a DAG, in which no foreach stands inside another one.

    start [region [station] region_done] report

becomes the groups

    start  each(regions: region)  list(region)  each(stations: station)  each(regions: region_done)  report

Airflow maps a group over a list and cannot map one inside it. So a body is cut at each foreach in it, wherever that stands, and each
piece is a group of its own. All pieces of a body are mapped over one list: instance 3 of each works on the same slice, and what a
switch said on a slice is found under the same index. The slices of an inner foreach are listed by a small task.

The plan has no loops: `fuse` has put a task in the place of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from flowport.compiler.ir import Step, Switch, targets
from flowport.compiler.ir.plan import Arm, Block, Choice, Edge, Loop, Map, Parallel, Plan, Task
from flowport.compiler.record import record


@record
class Job:
    """A task of the DAG, for one step: it waits for the steps `after`.

    `anyway` says that some of these may have been skipped. Where `ways` are given, it is skipped itself unless items took one of them.
    """

    step: str
    after: tuple[str, ...]
    anyway: bool = False
    ways: tuple[Edge, ...] = ()


@record
class Listing:
    """The task that lists the slices of all instances of the split `origin`."""

    origin: str


@record
class Branch:
    """The tasks of one branch, for people to fold up."""

    first: str
    members: tuple[Member, ...]


@record
class Each:
    """Piece `number`, counted from 1, of the body of a foreach: its tasks for every slice that step `origin` made of `over`."""

    origin: str
    over: str
    number: int
    members: tuple[Member, ...]
    nested: bool


Member: TypeAlias = Job | Listing | Branch | Each

Level: TypeAlias = tuple[str, ...]
"""The splits of the foreaches around a step, outermost first."""


def groups(plan: Plan) -> tuple[Member, ...]:
    """What a DAG consists of, in the order of execution."""
    return tuple(_Cut(plan).members(plan.body, 0))


def inside(members: tuple[Member, ...]) -> Iterator[Member]:
    """All members, those in branches and groups too."""
    for member in members:
        yield member
        if isinstance(member, Branch | Each):
            yield from inside(member.members)


def jobs(members: tuple[Member, ...]) -> Iterator[Job]:
    """All tasks that stand for steps."""
    yield from (member for member in inside(members) if isinstance(member, Job))


class _Cut:
    def __init__(self, plan: Plan) -> None:
        self.step = {step.name: step for step in plan.flow.steps}
        self.level: dict[str, Level] = {}
        self.arms: dict[str, tuple[Arm, ...]] = {}
        self.before: dict[str, list[str]] = {}
        self.opened: dict[str, str] = {}
        self.cuts: dict[str, int] = {}
        """How many foreaches inside its own one lie before a step: the piece that it is in."""
        self._place(plan.body, (), ())
        for step in plan.flow.steps:
            for target in targets(step.transition):
                self.before.setdefault(target, []).append(step.name)
        for name in self.level:
            self.cuts[name] = self._cut(name)

    def _place(self, block: Block, level: Level, arms: tuple[Arm, ...]) -> None:
        opened: str | None = None
        for node in block:
            match node:
                case Task(step):
                    self.level[step], self.arms[step] = level, arms
                    if opened is not None and self.step[step].join:
                        self.before[step] = [opened]
                        self.opened[step] = opened
                    opened = None
                case Parallel(branches=branches):
                    for branch in branches:
                        self._place(branch, level, arms)
                case Map(origin=origin, body=body):
                    self._place(body, (*level, origin), ())
                    opened = origin
                case Choice(arms=inner):
                    for arm in inner:
                        self._place(arm.body, level, (*arms, arm))
                case Loop(header=header):
                    raise AssertionError(f"the loop of {header} is not fused")

    def _cut(self, name: str) -> int:
        if not self.level[name]:
            return 0
        beside = [self.cuts[other] for other in self.before[name] if self.level[other] == self.level[name]]
        return max([0, *beside, *([self.cuts[self.opened[name]] + 1] if name in self.opened else [])])

    def members(self, block: Block, piece: int) -> Iterator[Member]:
        """The tasks of a block that are in one piece; outside all foreaches there is but one, and the bodies stand between its tasks."""
        for node in block:
            match node:
                case Task(step):
                    if self.cuts[step] == piece:
                        yield self._job(step)
                case Parallel(branches=branches):
                    for branch in branches:
                        inner = tuple(self.members(branch, piece))
                        several = len(list(jobs(inner))) > 1
                        yield from (Branch(next(jobs(inner)).step, inner),) if several else inner
                case Map(origin=origin):
                    if not self.level[origin]:
                        yield from self._body(node)
                case Choice(arms=arms):
                    for arm in arms:
                        yield from self.members(arm.body, piece)
                case Loop():
                    pass

    def _body(self, node: Map) -> Iterator[Member]:
        """The pieces of a foreach's body, and behind each the bodies of the foreaches that begin in it."""
        inner = list(_maps(node.body))
        nested = bool(self.level[node.origin])
        for piece in range(1 + max((self.cuts[each.origin] + 1 for each in inner), default=0)):
            if members := tuple(self.members(node.body, piece)):
                yield Each(node.origin, node.over, piece + 1, members, nested)
            for each in inner:
                if self.cuts[each.origin] == piece:
                    yield Listing(each.origin)
                    yield from self._body(each)

    def _job(self, name: str) -> Job:
        after = self.before.get(name, [])
        anyway = any(not self._sure(other, name) for other in after)
        arms = self.arms[name]
        # Airflow lets every task of a mapped group wait for the split too: what it waits for is never skipped as a whole.
        decides = bool(arms) and (_first(arms[-1]) == name or (anyway and bool(self.level[name])))
        ways = tuple(dict.fromkeys(way for edge in arms[-1].edges for way in self._taken(edge))) if decides else ()
        return Job(name, tuple(after), anyway, ways)

    def _sure(self, other: str, name: str) -> bool:
        """Whether `other`, which `name` waits for, runs whenever `name` does."""
        if self.level[name][:-1] == self.level[other] and self.level[name][-1:] == (other,):
            return True
        return self._beside(other, name) and self.arms[name][: len(self.arms[other])] == self.arms[other]

    def _beside(self, other: str, name: str) -> bool:
        """Whether two steps are in one piece, so that an instance of one waits for the same instance of the other and for no more."""
        return self.level[other] == self.level[name] and self.cuts[other] == self.cuts[name]

    def _taken(self, edge: Edge) -> Iterator[Edge]:
        """The ways out of switches, one of which an item went when it took the edge: a step that is no switch sends on all that it gets."""
        if isinstance(self._transition(edge.source), Switch):
            yield edge
        else:
            for before in self.arms[edge.source][-1].edges:
                yield from self._taken(before)

    def _transition(self, name: str) -> object:
        step: Step = self.step[name]
        return step.transition


def _first(arm: Arm) -> str:
    """The step that an arm begins with."""
    first = arm.body[0]
    assert isinstance(first, Task)
    return first.step


def _maps(block: Block) -> Iterator[Map]:
    """The foreaches of a block that are in no other one."""
    for node in block:
        match node:
            case Map():
                yield node
            case Parallel(branches=branches):
                for branch in branches:
                    yield from _maps(branch)
            case Choice(arms=arms):
                for arm in arms:
                    yield from _maps(arm.body)
            case Task() | Loop():
                pass
