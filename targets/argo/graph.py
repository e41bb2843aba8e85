"""Plan -> the tasks of the DAG templates of a workflow: their order, conditions and slices.

    Task(start) Map(start, [Task(train)]) Task(join)

becomes the tasks `start`, `train` once for every slice that `start` made, and `join`, which waits for `train` or for its absence. The body
of a foreach that has several steps is a DAG of its own, and so is a turn of a loop; branches and arms stand in the DAG around them.

A loop whose cap is 0 is a task like any other. One with turns is in no foreach and in no other loop, so a single item goes round, and
leaves by one way.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.ir import ExecutionSpec, Foreach, Switch, targets
from flowport.compiler.ir.plan import Arm, Block, Choice, Edge, Loop, Map, Parallel, Plan, Task, steps, walk
from flowport.compiler.lower.fuse import cap_loops, differing_steps, fuse_loops
from flowport.compiler.record import record, replace


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
    """The foreach of step `origin` over the artifact `over`: its members for every slice. That of a `gang` has one slice at most."""

    origin: str
    over: str
    members: tuple[Member, ...]
    gang: bool = False


@record
class Turns:
    """A loop: `job` stands for it in the DAG around it, `members` are one turn, and `again` says when there is another one.

    After `cap` turns a pod does the `rest`, where one can. `ways_out` are the steps that an item may leave from, the last one first; there
    are none where all of them lead to one step.
    """

    job: Job
    members: tuple[Member, ...]
    again: Job
    cap: int
    rest: bool
    ways_out: tuple[str, ...]


Member = Job | Each | Turns


def graph(plan: Plan) -> tuple[Member, ...]:
    """What a workflow consists of, in the order of execution."""
    around, turning = fuse_loops(cap_loops(plan, 0)), fuse_loops(plan)
    loops = {node.header: node for node in walk(turning.body) if isinstance(node, Loop)}
    members = _Graph(around).members(around.body)
    return tuple(
        _turns(turning, member, loops[member.step]) if isinstance(member, Job) and member.step in loops else member for member in members
    )


def _turns(plan: Plan, job: Job, loop: Loop) -> Turns:
    inside = steps(loop.body)
    turn = replace(plan.flow, steps=tuple(step for step in plan.flow.steps if step.name in inside), start=loop.header)
    graph = _Graph(Plan(turn, loop.body))
    several = len({edge.target for edge in loop.exits}) > 1
    leaving = {edge.source for edge in loop.exits} if several else set()
    ways_out = tuple(step for step in reversed(inside) if step in leaving)
    rest = differing_steps(plan, loop, ExecutionSpec.for_pod) is None
    return Turns(job, tuple(graph.members(loop.body)), graph.again(loop), loop.cap or 0, rest, ways_out)


def jobs(members: tuple[Member, ...]) -> Iterator[Job]:
    """All tasks, those of foreaches too."""
    for member in members:
        match member:
            case Job():
                yield member
            case Each(members=inside) | Turns(members=inside):
                yield from jobs(inside)


def repeated(members: tuple[Member, ...]) -> Iterator[Job]:
    """The tasks in foreaches, which run for every slice."""
    for member in members:
        match member:
            case Job():
                pass
            case Each(members=inside, gang=gang):
                yield from repeated(inside) if gang else jobs(inside)
            case Turns(members=inside):
                yield from repeated(inside)


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
        # What goes back to where a turn begins is in the turn before.
        self._before.pop(plan.flow.start, None)

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
                    raise AssertionError(f"the loop of {header} is in a graph of its own")

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
                    transition = self._step[origin].transition
                    yield Each(origin, over, tuple(self.members(body)), gang=isinstance(transition, Foreach) and transition.gang)
                case Choice(arms=arms):
                    for arm in arms:
                        yield from self.members(arm.body)
                case Loop():
                    pass

    def _job(self, name: str) -> Job:
        arms, after = self._arms[name], tuple(self._after(name))
        return self._gate(name, after, arms[-1].edges, arms[:-1]) if arms and _first(arms[-1]) == name else Job(name, after)

    def again(self, loop: Loop) -> Job:
        """What another turn waits for."""
        after = tuple(After(step, tuple(map(_first, self._arms[step]))) for step in loop.again)
        return self._gate(loop.header, after, tuple(Edge(step, loop.header) for step in loop.again), ())

    def _gate(self, name: str, after: tuple[After, ...], edges: tuple[Edge, ...], around: tuple[Arm, ...]) -> Job:
        """A task that is skipped unless an item took one of the edges; it stands in the arms `around`."""
        ways = tuple(dict.fromkeys(way for edge in edges for way in self._taken(edge)))
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
