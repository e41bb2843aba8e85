"""Plan -> what is wrong with it. A plan that a pass made is checked here in tests and by `flowport show --plan`; users never cause these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from flowport.compiler.ir import Branch, Foreach, Step, targets
from flowport.compiler.plan import Block, Choice, Loop, Map, Node, Parallel, Plan, Task, steps


def verify(plan: Plan) -> tuple[str, ...]:
    """One sentence for each rule that the plan breaks; empty when it is well formed."""
    return tuple(_problems(plan))


def _problems(plan: Plan) -> Iterator[str]:
    placed = Counter(steps(plan.body))
    named = {step.name: step for step in plan.flow.steps}
    for step in plan.flow.steps:
        if placed[step.name] != 1:
            yield f"step `{step.name}` has {placed[step.name]} tasks"
    yield from (f"task `{name}` is not a step" for name in placed.keys() - named.keys())
    yield from _block(named, plan.body)


def _block(named: Mapping[str, Step], block: Block) -> Iterator[str]:
    before: Node | None = None
    for node in block:
        yield from _node(named, before, node)
        before = node


def _node(named: Mapping[str, Step], before: Node | None, node: Node) -> Iterator[str]:
    match node:
        case Task(step):
            if named[step].join != isinstance(before, Parallel | Map):
                yield f"task `{step}` is a join, or stands behind a split, but not both"
        case Parallel(origin, branches):
            yield from _follows(before, Task(origin))
            transition = named[origin].transition
            if not isinstance(transition, Branch) or len(branches) != len(transition.targets):
                yield f"the branches of `{origin}` are not those of its step"
            for branch in branches:
                yield from _block(named, branch)
        case Map(origin, over, body):
            yield from _follows(before, Task(origin))
            transition = named[origin].transition
            if not isinstance(transition, Foreach) or transition.over != over or not body or steps(body)[0] != transition.target:
                yield f"the body of `{origin}` is not that of its foreach"
            yield from _block(named, body)
        case Choice(origin, arms):
            if before != Task(origin) and not (isinstance(before, Loop) and before.header == origin):
                yield f"the choice of `{origin}` stands behind another step"
            for arm in arms:
                missing = [edge for edge in arm.edges if edge.target not in targets(named[edge.source].transition)]
                yield from (f"`{edge.source}` does not go to `{edge.target}`" for edge in missing)
                yield from _block(named, arm.body)
        case Loop(header, body, again, exits):
            inside = steps(body)
            if not inside or inside[0] != header:
                yield f"the loop of `{header}` begins with another step"
            ends = (*again, *(edge.source for edge in exits))
            yield from (f"`{name}` is outside the loop of `{header}`" for name in ends if name not in inside)
            yield from _block(named, body)


def _follows(before: Node | None, task: Task) -> Iterator[str]:
    if before != task:
        yield f"what `{task.step}` opens stands behind another step"
