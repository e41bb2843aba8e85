"""The graph of a run's flow, from the documents in its code package, so that it can be drawn without its source.

{"task": "start"}, {"map": "start", "body": [{"task": "train"}]}        Task("start"), Map("start", "items", (Task("train"),))
"""

from __future__ import annotations

from typing import Any

from flowport.compiler.ir import Branch, Case, End, Flow, Foreach, Next, Step, Switch, Transition
from flowport.compiler.ir.plan import Arm, Block, Choice, Edge, Loop, Map, Node, Parallel, Plan, Task
from flowport.runtime.package.code_package import CodePackage


def stored_plan(program: CodePackage) -> Plan:
    """The plan of a code package as far as drawing needs it: its steps, where they go, and how they nest. Raises what reading it raises."""
    document = program.plan
    steps = tuple(_step(program.step(name)) for name in document["steps"])
    over = {step.name: step.transition.over for step in steps if isinstance(step.transition, Foreach)}
    flow = Flow(document["flow"], document["class"], document["file"], steps, document["start"], document["end"])
    return Plan(flow, _block(document["body"], over))


def _step(document: dict[str, Any]) -> Step:
    return Step(document["step"], _transition(document["transition"]), document["join"])


def _transition(document: dict[str, Any]) -> Transition:
    match document:
        case {"foreach": target, "gang": _}:
            return Foreach(target, "", gang=True)
        case {"foreach": target, "over": over}:
            return Foreach(target, over)
        case {"branch": names}:
            return Branch(tuple(names))
        case {"switch": condition, "cases": cases}:
            return Switch(condition, tuple(Case(value, target) for value, target in cases))
        case {"next": target}:
            return Next(target)
        case _:
            return End()


def _block(nodes: list[dict[str, Any]], over: dict[str, str]) -> Block:
    return tuple(_node(node, over) for node in nodes)


def _node(node: dict[str, Any], over: dict[str, str]) -> Node:
    match node:
        case {"parallel": origin, "branches": branches}:
            return Parallel(origin, tuple(_block(branch, over) for branch in branches))
        case {"map": origin, "body": body}:
            return Map(origin, over[origin], _block(body, over))
        case {"choice": origin, "arms": arms}:
            return Choice(origin, tuple(Arm(_edges(arm["edges"]), _block(arm["body"], over)) for arm in arms))
        case {"loop": header, "body": body, "again": again, "exits": exits}:
            return Loop(header, _block(body, over), tuple(again), _edges(exits))
        case _:
            return Task(node["task"])


def _edges(pairs: list[list[str]]) -> tuple[Edge, ...]:
    return tuple(Edge(source, target) for source, target in pairs)
