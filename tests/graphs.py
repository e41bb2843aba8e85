"""Flows written as graphs, a line for each step.

    start: a & b          a branch            pick: x | y | x       a switch, with a case for each
    start: each a         a foreach           join*: end            a step that takes inputs
    a: b                  on to one step      end:                  the last step

Plans are written in a line:

    start {a | b} join    branches            h(h s; again s; out s>m)    a loop
    start [a] join        a foreach           pick <pick>x: x; x>y: y>    a choice with its arms
"""

from __future__ import annotations

from flowport.compiler.ir import Branch, Case, End, Flow, Foreach, Next, Step, Switch, Transition
from flowport.compiler.ir.plan import Block, Choice, Edge, Loop, Map, Node, Parallel, Task


def flow(graph: str) -> Flow:
    """The flow of a graph; `start` and `end` are its first and last step, and `end` may be left out."""
    lines = [line.strip() for line in graph.strip().splitlines()]
    if not any(line.startswith("end:") for line in lines):
        lines.append("end:")
    made = tuple(_step(line) for line in lines)
    return Flow(name="Graph", class_name="Graph", file="graph.py", steps=made, start="start", end="end")


def _step(line: str) -> Step:
    name, _, ways = line.partition(":")
    return Step(name.rstrip("*"), _transition(ways.strip()), join=name.endswith("*"), digest=name)


def _transition(ways: str) -> Transition:
    if not ways:
        return End()
    if ways.startswith("each "):
        return Foreach(ways.removeprefix("each ").strip(), "items")
    if "|" in ways:
        return Switch("way", tuple(Case(str(number), way.strip()) for number, way in enumerate(ways.split("|"))))
    names = tuple(name.strip() for name in ways.split("&"))
    return Branch(names) if len(names) > 1 else Next(names[0])


def line(block: Block) -> str:
    """A plan in a line."""
    return " ".join(_node(node) for node in block)


def _node(node: Node) -> str:
    match node:
        case Task(step):
            return step
        case Parallel(branches=branches):
            return "{" + " | ".join(map(line, branches)) + "}"
        case Map(body=body):
            return f"[{line(body)}]"
        case Choice(arms=arms):
            return "<" + "; ".join(f"{_edges(arm.edges)}: {line(arm.body)}" for arm in arms) + ">"
        case Loop(header, body, again, exits):
            return f"{header}({line(body)}; again {' '.join(again)}; out {_edges(exits)})"


def _edges(edges: tuple[Edge, ...]) -> str:
    return ", ".join(f"{edge.source}>{edge.target}" for edge in edges)
