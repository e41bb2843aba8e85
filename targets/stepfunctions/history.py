"""The history of an execution, predicted: how many events a plan makes, and so how many turns a loop may take.

An execution fails at 25,000 events, and so does each child of a distributed map, which has a history of its own. Nothing on
this machine can show that, so it is counted here, at the worst: every retry, every arm.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from flowport.compiler.ir.plan import Block, Choice, Loop, Map, Node, Parallel, Plan, Task
from flowport.compiler.record import replace
from flowport.targets.stepfunctions.routes import Routes

LONGEST = 25_000
"""Events after which Step Functions fails an execution (its quotas page)."""

BUDGET = 20_000
"""Events that the loops of a history may fill, with what stands around them; the rest is for throttled calls."""

# What a state writes: entered and exited, and between them scheduled, started, submitted and succeeded, as far as it has them.
TASK, CALL, PASS, CHOICE, PARALLEL, MAP, EXECUTION = 6, 5, 2, 2, 4, 6, 2
FAILED = TASK + CHOICE + 3
"""A job that is tried again: the job and the choice that follows it, a Fail entered, and the Parallel around them failed and started."""
BEGIN = EXECUTION + CALL + PASS


def histories(block: Block) -> Iterator[Block]:
    """The block and the bodies of all foreaches in it: each has a history of its own."""
    yield block
    for node in _own(block, through_loops=True):
        if isinstance(node, Map):
            yield from histories(node.body)


class History:
    """Counts the events of a plan's blocks, with every retry that is granted or with none."""

    def __init__(self, plan: Plan, retries: bool = True, arrays: Collection[str] = ()) -> None:
        """`arrays` are the steps from which foreaches start that are array jobs."""
        self._read = Routes(plan).read
        self._granted = {step.name: step.settings.retries for step in plan.flow.steps}
        self._retries, self._arrays = retries, arrays

    def events(self, block: Block) -> int:
        """The most events that a block adds to the history that it runs in; loops count with their caps."""
        return sum(self._node(node) for node in block)

    def turn(self, body: Block) -> int:
        """The events of one turn of a loop."""
        return PASS + CHOICE + self.events(body)

    def _node(self, node: Node) -> int:
        match node:
            case Task(step):
                return self._task(self._granted[step]) + (CALL if step in self._read else 0)
            case Parallel(branches=branches):
                return PARALLEL + sum(self.events(branch) for branch in branches)
            case Map(origin):
                return CALL + CHOICE + TASK if origin in self._arrays else MAP
            case Choice(arms=arms):
                return sum(CHOICE + self.events(arm.body) for arm in arms)
            case Loop(body=body, cap=cap):
                return (cap or 0) * self.turn(body) + PASS + TASK + CALL

    def _task(self, granted: int) -> int:
        """A job, and what is around one that is tried again (`states.tried_again`)."""
        return TASK + (PARALLEL + FAILED * granted * self._retries if granted else 0)


def capped(plan: Plan, arrays: Collection[str] = ()) -> Plan:
    """The plan with a cap on each loop: after so many turns one fused task does the rest.

        Loop(header) -> Loop(header, cap=20_000 // events of a turn)

    Loops beside each other in one history get equal parts of its budget; of loops inside each other every one gets a root of it.
    """
    return replace(plan, body=_capped(plan.body, History(plan, arrays=arrays), BUDGET))


def _capped(block: Block, history: History, budget: int) -> Block:
    """A block whose loops share what the rest of it leaves of the budget."""
    loops = sum(isinstance(node, Loop) for node in _own(block))
    share = max(0, budget - history.events(_without_loops(block))) // max(1, loops)
    return tuple(_node(node, history, share) for node in block)


def _node(node: Node, history: History, share: int) -> Node:
    match node:
        case Task():
            return node
        case Parallel(branches=branches):
            return replace(node, branches=tuple(_shared(branch, history, share) for branch in branches))
        case Map(body=body):
            return replace(node, body=_capped(body, history, BUDGET))
        case Choice(arms=arms):
            return replace(node, arms=tuple(replace(arm, body=_shared(arm.body, history, share)) for arm in arms))
        case Loop(body=body):
            turns = share / history.turn(_without_loops(body))
            cap = int(turns ** (1 / _depth(body)))
            return replace(node, body=_capped(body, history, share // max(1, cap) - PASS - CHOICE), cap=cap)


def _shared(block: Block, history: History, share: int) -> Block:
    return tuple(_node(node, history, share) for node in block)


def _depth(body: Block) -> int:
    """How deep loops stand inside each other in one history, from the one with this body."""
    return 1 + max((_depth(node.body) for node in _own(body) if isinstance(node, Loop)), default=0)


def _own(block: Block, through_loops: bool = False) -> Iterator[Node]:
    """The nodes that run in the history of the block; optionally with those inside its loops."""
    for node in block:
        yield node
        match node:
            case Task() | Map():
                pass
            case Parallel(branches=branches):
                for branch in branches:
                    yield from _own(branch, through_loops)
            case Choice(arms=arms):
                for arm in arms:
                    yield from _own(arm.body, through_loops)
            case Loop(body=body):
                if through_loops:
                    yield from _own(body, through_loops)


def _without_loops(block: Block) -> Block:
    kept: list[Node] = []
    for node in block:
        match node:
            case Task() | Map():
                kept.append(node)
            case Parallel(branches=branches):
                kept.append(replace(node, branches=tuple(map(_without_loops, branches))))
            case Choice(arms=arms):
                kept.append(replace(node, arms=tuple(replace(arm, body=_without_loops(arm.body)) for arm in arms)))
            case Loop():
                pass
    return tuple(kept)
