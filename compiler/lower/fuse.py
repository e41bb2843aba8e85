"""Plan -> Plan: a loop that the engine cannot run becomes one task, whose container runs all turns.

    Loop(h, [Task(h) Task(s)], out s>end, cap=0) Task(end)            Task(h) Task(end)

The step of that task has the name of the loop's header and the merged settings of all steps in the loop. If the loop has several exits,
the step is a switch. The plan in the code package still has the loop, for the runtime.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce

from flowport.compiler.decorators.registry import STEP_DECORATORS
from flowport.compiler.ir import Case, ExecutionSpec, Next, Settings, Step, Switch, Transition
from flowport.compiler.ir.plan import Block, Choice, Edge, Loop, Map, Node, Parallel, Plan, Task, blocks, steps
from flowport.compiler.record import replace


def fuse_loops(plan: Plan) -> Plan:
    """The plan with one task for every loop whose cap is 0."""
    found = loops(plan)
    if not found:
        return plan
    inside = {step: loop.header for loop in found.values() for step in steps(loop.body)}
    made = tuple(_step(plan, step, found.get(step.name)) for step in plan.flow.steps if inside.get(step.name, step.name) == step.name)
    return Plan(replace(plan.flow, steps=made), _block(plan.body, inside))


def cap_loops(plan: Plan, turns: int, inner: int | None = None) -> Plan:
    """The plan with a cap of `turns` on every loop; `inner` is the cap of loops in a foreach or in another loop."""
    return replace(plan, body=_capped(plan.body, turns, turns if inner is None else inner))


def _capped(block: Block, turns: int, inner: int) -> Block:
    made: list[Node] = []
    for node in block:
        match node:
            case Task():
                made.append(node)
            case Parallel(branches=branches):
                made.append(replace(node, branches=tuple(_capped(branch, turns, inner) for branch in branches)))
            case Map(body=body):
                made.append(replace(node, body=_capped(body, inner, inner)))
            case Choice(arms=arms):
                made.append(replace(node, arms=tuple(replace(arm, body=_capped(arm.body, turns, inner)) for arm in arms)))
            case Loop(body=body, cap=cap):
                made.append(replace(node, body=_capped(body, inner, inner), cap=turns if cap is None else min(cap, turns)))
    return tuple(made)


def loops(plan: Plan) -> Mapping[str, Loop]:
    """The outermost loops whose cap is 0, by their headers."""
    return {loop.header: loop for loop in _loops(plan.body)}


def _loops(block: Block) -> Iterator[Loop]:
    for node in block:
        if isinstance(node, Loop) and node.cap == 0:
            yield node
        else:
            for inner in blocks(node):
                yield from _loops(inner)


def merge_settings(settings: Iterable[Settings]) -> Settings:
    """The settings for several steps in one container, one after the other, as the decorators merge them.

    The execution spec is that of the first step: see `differing_steps`.
    """
    group = list(settings)
    return reduce(lambda so_far, decorator: decorator.merge(group, so_far), STEP_DECORATORS.values(), Settings())


def differing_steps(plan: Plan, loop: Loop, counts: Callable[[ExecutionSpec], object]) -> tuple[str, str] | None:
    """Two steps of a loop whose execution specs differ in what counts where they run, so that they cannot share a container."""
    specs = {step.name: counts(step.settings.execution) for step in plan.flow.steps}
    return next(((loop.header, step) for step in steps(loop.body) if specs[step] != specs[loop.header]), None)


def _step(plan: Plan, step: Step, loop: Loop | None) -> Step:
    """The step itself, or that of the task which stands for a loop."""
    if loop is None:
        return step
    inside = steps(loop.body)
    settings = merge_settings(other.settings for other in plan.flow.steps if other.name in inside)
    return replace(step, transition=_left(loop), settings=settings, doc=f"The loop of {', '.join(inside)}.")


def _left(loop: Loop) -> Transition:
    targets = tuple(dict.fromkeys(edge.target for edge in loop.exits))
    return Next(targets[0]) if len(targets) == 1 else Switch("", tuple(Case(target, target) for target in targets))


def _block(block: Block, inside: Mapping[str, str]) -> Block:
    return tuple(_node(node, inside) for node in block)


def _node(node: Node, inside: Mapping[str, str]) -> Node:
    match node:
        case Task():
            return node
        case Parallel(branches=branches):
            return replace(node, branches=tuple(_block(branch, inside) for branch in branches))
        case Map(body=body):
            return replace(node, body=_block(body, inside))
        case Choice(arms=arms):
            return replace(node, arms=tuple(replace(arm, edges=_edges(arm.edges, inside), body=_block(arm.body, inside)) for arm in arms))
        case Loop(header=header, body=body, again=again, exits=exits, cap=cap):
            if cap == 0:
                return Task(header)
            back = tuple(dict.fromkeys(inside.get(step, step) for step in again))
            return replace(node, body=_block(body, inside), again=back, exits=_edges(exits, inside))


def _edges(edges: tuple[Edge, ...], inside: Mapping[str, str]) -> tuple[Edge, ...]:
    return tuple(dict.fromkeys(Edge(inside.get(edge.source, edge.source), edge.target) for edge in edges))
