"""Plan -> Plan: a loop that an engine takes no turn of becomes one task, which goes round in one container.

    Loop(h, [Task(h) Task(s)], out s>end, cap=0) Task(end)            Task(h) Task(end)

The step of that task has the name of the loop's header and asks for what all the steps in the loop ask for. Where the loop is left to
several steps it is a switch. What is in the loop is the runtime's business: the plan in the code package still has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce

from flowport.compiler.ir import Case, Next, Resources, Retry, Settings, Step, Switch, Transition
from flowport.compiler.ir.plan import Block, Choice, Edge, Loop, Map, Node, Parallel, Plan, Task, blocks, steps
from flowport.compiler.record import replace


def fused(plan: Plan) -> Plan:
    """The plan with a task in the place of every loop whose cap is 0."""
    found = loops(plan)
    if not found:
        return plan
    inside = {step: loop.header for loop in found.values() for step in steps(loop.body)}
    made = tuple(_step(plan, step, found.get(step.name)) for step in plan.flow.steps if inside.get(step.name, step.name) == step.name)
    return Plan(replace(plan.flow, steps=made), _block(plan.body, inside))


def capped(plan: Plan, turns: int, inner: int | None = None) -> Plan:
    """The plan with no loop that an engine takes more than so many turns of; `inner` is for those in a foreach or in another loop."""
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


def together(settings: Iterable[Settings]) -> Settings:
    """What is enough for several steps in one container, one after the other; each of them looks after its own `@catch` and `@timeout`.

    The container has the variables that all of them ask for; the runtime gives each step its own. Of what one pod can have only once it
    is that of the first step: see `unlike`.
    """
    held = list(settings)
    times = max(asked.granted for asked in held)
    return Settings(
        retry=Retry(times, max(asked.minutes for asked in held)) if times else None,
        resources=reduce(Resources.beside, (asked.resources or Resources() for asked in held))
        if any(asked.resources for asked in held)
        else None,
        environment=tuple(pair for pair in held[0].environment if all(pair in asked.environment for asked in held)),
        kubernetes=held[0].kubernetes,
    )


def unlike(plan: Plan, loop: Loop) -> tuple[str, str] | None:
    """Two steps of a loop that ask for other pods, so that no container does for both."""
    pods = {step.name: step.settings.kubernetes for step in plan.flow.steps}
    return next(((loop.header, step) for step in steps(loop.body) if pods[step] != pods[loop.header]), None)


def _step(plan: Plan, step: Step, loop: Loop | None) -> Step:
    """The step itself, or that of the task which stands for a loop."""
    if loop is None:
        return step
    inside = steps(loop.body)
    settings = together(other.settings for other in plan.flow.steps if other.name in inside)
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
