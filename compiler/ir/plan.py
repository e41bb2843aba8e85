"""The structure of a flow: its steps in nested blocks.

    start -> (foreach) train -> join -> end

becomes

    Task(start) Map(start, [Task(train)]) Task(join) Task(end)

A block is a sequence. A `Parallel`, `Map`, `Choice` or `Loop` follows the task that it starts from, and the task after it, if there is
one, is where its paths meet. Every step has one task in the plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from flowport.compiler.ir import Flow
from flowport.compiler.record import record


@record
class Task:
    """One step, on one slice."""

    step: str


@record
class Parallel:
    """The branches of step `origin`, all at once, on the same slice."""

    origin: str
    branches: tuple[Block, ...]


@record
class Map:
    """`body` once for every slice that step `origin` made of its foreach; `over` is "" for a gang, whose nodes are one slice."""

    origin: str
    over: str
    body: Block


@record
class Edge:
    """Step `source` sends items to step `target`."""

    source: str
    target: str


@record
class Arm:
    """A block that runs when an item took one of `edges`; they come from the switch or from an arm before this one."""

    edges: tuple[Edge, ...]
    body: Block


@record
class Choice:
    """The arms of the switch `origin` (or the ways out of the loop with the header `origin`), one after the other in topological order."""

    origin: str
    arms: tuple[Arm, ...]


@record
class Loop:
    """`body`, which begins with `header`, again while one of the steps `again` sends an item back to it.

    `exits` are the edges out of the loop. After `cap` turns (None: no limit) one fused task runs the rest.
    """

    header: str
    body: Block
    again: tuple[str, ...]
    exits: tuple[Edge, ...]
    cap: int | None = None


Node: TypeAlias = Task | Parallel | Map | Choice | Loop
Block: TypeAlias = tuple[Node, ...]


@record
class Plan:
    """A flow and its structure."""

    flow: Flow
    body: Block


def blocks(node: Node) -> tuple[Block, ...]:
    """The blocks directly inside a node."""
    match node:
        case Task():
            return ()
        case Parallel(branches=branches):
            return branches
        case Map(body=body) | Loop(body=body):
            return (body,)
        case Choice(arms=arms):
            return tuple(arm.body for arm in arms)


def walk(block: Block) -> Iterator[Node]:
    """Every node of a block, outermost first, in the order of execution."""
    for node in block:
        yield node
        for inner in blocks(node):
            yield from walk(inner)


def steps(block: Block) -> tuple[str, ...]:
    """The steps of a block, in the order of execution."""
    return tuple(node.step for node in walk(block) if isinstance(node, Task))
