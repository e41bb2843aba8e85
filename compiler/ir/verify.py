"""Plan -> problems. Tests and `flowport show --plan` check the results of passes with it; users cannot cause these problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from flowport.compiler.ir import Branch, Foreach, Next, Step, targets
from flowport.compiler.ir.plan import Arm, Block, Choice, Edge, Loop, Map, Node, Parallel, Plan, Task, steps


def verify(plan: Plan) -> tuple[str, ...]:
    """One sentence for each rule that the plan breaks; empty when it is well formed."""
    return tuple(_problems(plan))


def _problems(plan: Plan) -> Iterator[str]:
    placed = Counter(steps(plan.body))
    named = {step.name: step for step in plan.flow.steps}
    for step in plan.flow.steps:
        if placed[step.name] != 1:
            yield f"step `{step.name}` has {placed[step.name]} tasks"
    unknown = placed.keys() - named.keys()
    yield from (f"task `{name}` is not a step" for name in sorted(unknown))
    if not unknown:
        yield from _block(named, plan.body)


def _block(named: Mapping[str, Step], block: Block) -> Iterator[str]:
    before: Node | None = None
    for node in block:
        yield from _follows(named, before, node)
        yield from _inside(named, node)
        before = node


def _first(node: Node) -> str | None:
    """The step with which a task or a loop begins."""
    match node:
        case Task(step):
            return step
        case Loop(header=header):
            return header
        case Parallel() | Map() | Choice():
            return None


def _follows(named: Mapping[str, Step], before: Node | None, node: Node) -> Iterator[str]:
    """Whether a node may follow another one."""
    match node:
        case Task() | Loop():
            step = named[_first(node) or ""]
            if step.join != isinstance(before, Parallel | Map):
                yield f"task `{step.name}` is a join, or stands behind a split, but not both"
            if isinstance(before, Task) and named[before.step].transition != Next(step.name):
                yield f"task `{step.name}` stands behind `{before.step}`, which does not go there alone"
        case Parallel(origin) | Map(origin):
            if before != Task(origin):
                yield f"what `{origin}` opens stands behind another step"
        case Choice(origin):
            if before != Task(origin) and not (isinstance(before, Loop) and before.header == origin):
                yield f"the choice of `{origin}` stands behind another step"


def _inside(named: Mapping[str, Step], node: Node) -> Iterator[str]:
    """What is wrong inside a node."""
    match node:
        case Task():
            pass
        case Parallel(origin, branches):
            transition = named[origin].transition
            if not isinstance(transition, Branch) or tuple(steps(branch)[:1] for branch in branches) != tuple(
                (name,) for name in transition.targets
            ):
                yield f"the branches of `{origin}` are not those of its step"
            for branch in branches:
                yield from _block(named, branch)
        case Map(origin, over, body):
            transition = named[origin].transition
            if not isinstance(transition, Foreach) or transition.over != over or steps(body)[:1] != (transition.target,):
                yield f"the body of `{origin}` is not that of its foreach"
            yield from _block(named, body)
        case Choice(origin, arms):
            for arm in arms:
                yield from _arm(named, origin, arm)
        case Loop():
            yield from _loop(named, node)
            yield from _block(named, node.body)


def _arm(named: Mapping[str, Step], origin: str, arm: Arm) -> Iterator[str]:
    if not arm.edges:
        yield f"an arm of `{origin}` has no edges"
    first = steps(arm.body)[:1]
    for edge in arm.edges:
        if edge.target not in targets(named[edge.source].transition):
            yield f"`{edge.source}` does not go to `{edge.target}`"
        if first != (edge.target,):
            yield f"an arm for `{edge.target}` begins with " + (f"`{first[0]}`" if first else "nothing")
    yield from _block(named, arm.body)


def _loop(named: Mapping[str, Step], loop: Loop) -> Iterator[str]:
    """Whether a loop has the right steps that go back, and the right exits."""
    inside = dict.fromkeys(steps(loop.body))
    if next(iter(inside), None) != loop.header:
        yield f"the loop of `{loop.header}` begins with another step"
    ends = (*loop.again, *(edge.source for edge in loop.exits))
    yield from (f"`{name}` is outside the loop of `{loop.header}`" for name in dict.fromkeys(ends) if name not in inside)
    for name in inside:
        for target in targets(named[name].transition):
            if target == loop.header and name not in loop.again:
                yield f"`{name}` goes back in the loop of `{loop.header}`, which does not say so"
            if (target not in inside) != (Edge(name, target) in loop.exits):
                yield f"`{name}` goes to `{target}` out of the loop of `{loop.header}`, or the loop says so, but not both"
