"""A plan as text: the steps for users of the flow, or all nodes of the plan."""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.ir import Step, Switch
from flowport.compiler.ir.plan import Arm, Block, Choice, Loop, Map, Node, Parallel, Plan, Task

INDENT = "  "


def outline(plan: Plan, docs: bool = True) -> str:
    """The steps in the order in which they run, indented inside branches, foreaches and loops; with `docs`, beside their docstrings.

    start        what its docstring begins with
      foreach items
        train
    join
    """
    steps = {step.name: step for step in plan.flow.steps}
    rows = list(_outlined(plan.body, steps, ""))
    if not docs:
        return "\n".join(first for first, _ in rows)
    rows = [(plan.flow.name, plan.flow.doc.partition("\n")[0]), ("", ""), *rows]
    width = max(len(first) for first, _ in rows)
    return "\n".join(f"{first:{width}}  {second}".rstrip() for first, second in rows)


def _outlined(block: Block, steps: dict[str, Step], indent: str) -> Iterator[tuple[str, str]]:
    for node in block:
        if isinstance(node, Task):
            step = steps[node.step]
            yield indent + step.name, step.doc.partition("\n")[0]
        for heading, inner in _parts(node, steps):
            yield indent + INDENT + heading, ""
            yield from _outlined(inner, steps, indent + 2 * INDENT)


def _parts(node: Node, steps: dict[str, Step]) -> Iterator[tuple[str, Block]]:
    """The blocks inside a node, each with its heading."""
    match node:
        case Task():
            return
        case Parallel(branches=branches):
            for number, branch in enumerate(branches, 1):
                yield f"branch {number}", branch
        case Map(over=over, body=body):
            yield f"foreach {over}" if over else "on several nodes at once", body
        case Choice(arms=arms):
            for arm in arms:
                yield _when(arm, steps), arm.body
        case Loop(body=body, again=again):
            yield f"loop, again after {' or '.join(again)}", body


def _when(arm: Arm, steps: dict[str, Step]) -> str:
    """The cases of switches, or the steps, that lead into an arm."""
    words = []
    for edge in arm.edges:
        values = cases(steps[edge.source], edge.target)
        transition = steps[edge.source].transition
        words.append(f"{transition.condition} is {values}" if isinstance(transition, Switch) else f"after {edge.source}")
    return "when " + ", or ".join(dict.fromkeys(words))


def cases(step: Step, target: str) -> str:
    """The values for which a switch goes to `target`, as text; empty for a step without a switch."""
    if not isinstance(step.transition, Switch):
        return ""
    return ", ".join(str(case.value) for case in step.transition.cases if case.target == target)


def nodes(block: Block, indent: str = "") -> Iterator[str]:
    """The plan itself, a line for each node and each of its blocks."""
    for node in block:
        match node:
            case Task(step):
                yield f"{indent}task {step}"
            case Parallel(origin, branches):
                yield f"{indent}parallel {origin}"
                for branch in branches:
                    yield f"{indent}{INDENT}branch"
                    yield from nodes(branch, indent + 2 * INDENT)
            case Map(origin, over, body):
                yield f"{indent}map {origin} over {over or 'nodes'}"
                yield from nodes(body, indent + INDENT)
            case Choice(origin, arms):
                yield f"{indent}choice {origin}"
                for arm in arms:
                    yield f"{indent}{INDENT}arm " + ", ".join(f"{edge.source} > {edge.target}" for edge in arm.edges)
                    yield from nodes(arm.body, indent + 2 * INDENT)
            case Loop(header, body, again, exits, cap):
                ways = ", ".join(f"{edge.source} > {edge.target}" for edge in exits)
                yield f"{indent}loop {header}, again {', '.join(again)}, exits {ways}" + (f", cap {cap}" if cap is not None else "")
                yield from nodes(body, indent + INDENT)
