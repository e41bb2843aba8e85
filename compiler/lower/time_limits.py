"""How long an engine lets a task run whose step has `@timeout`, so that it ends one whose process hangs.

The runtime times each item, and is exact. The engine times a whole task, so it gets a limit only where that has one item: outside of
foreaches, and in those whose items the flow lists.

    start [@timeout(seconds=60)]                                      360 seconds
    self.regions = ["north", "south"]  ->  region [@timeout(60)]      360 seconds
    self.rows = read()                 ->  row [@timeout(60)]         none: a task may have any number of rows
    num_parallel=4                     ->  train [@timeout(60)]       360 seconds: the nodes of a task run at once
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowport.compiler.ir import Foreach
from flowport.compiler.ir.plan import Block, Map, Plan, Task, blocks

SLACK = 300
"""Seconds that a task gets beyond `@timeout`: to start, to load, to be stopped by the runtime, and to store what the step left."""


def time_limits(plan: Plan, width: int, total: int) -> Mapping[str, int]:
    """The limits by step, in seconds; `width` and `total` are those that the runtime cuts foreaches by."""
    alone = set(_alone(plan, plan.body, width, total))
    asked = {step.name: step.settings.timeout for step in plan.flow.steps}
    return {step: timeout + SLACK for step, timeout in asked.items() if timeout is not None and step in alone}


def _alone(plan: Plan, block: Block, width: int, total: int) -> Iterator[str]:
    """The steps whose tasks have one item each; `total` is how many tasks a foreach in the block may make."""
    for node in block:
        match node:
            case Task(step):
                yield step
            case Map(origin=origin, body=body):
                transition = plan.flow.step(origin).transition
                assert isinstance(transition, Foreach)
                items = 1 if transition.gang else transition.items
                shared = transition.batch > 1 or transition.max_parallel is not None
                if items is not None and not shared and items <= min(width, total):
                    yield from _alone(plan, body, width, max(1, total // max(1, items)))
            case _:
                for inner in blocks(node):
                    yield from _alone(plan, inner, width, total)
