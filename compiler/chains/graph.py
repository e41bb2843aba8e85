"""Several flows -> a graph of what starts them: flows, events and schedules, and an edge from each to what it starts or sends.

schedule 0 6 * * *  ->  FeaturesFlow  ->  TrainFlow  ->  event drift  ->  AlertFlow

A flow is named as its deployment: its name, or `project.branch.Flow`. `problems` says what is wrong with the graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from flowport.compiler.chains.sent_events import SentEvent
from flowport.compiler.ir import Flow, OnFinish, Schedule, Span
from flowport.compiler.record import field, record

NodeKind: TypeAlias = Literal["flow", "unread", "elsewhere", "event", "schedule"]
EdgeKind: TypeAlias = Literal["finish", "event", "schedule", "sends"]

STARTS: tuple[EdgeKind, ...] = ("finish", "event")
"""The edges that lead from what starts a flow, other than the clock."""


@record
class KnownFlow:
    """A flow of the folder. `flow` is None where it has errors; its name is then that of its class."""

    name: str
    span: Span
    flow: Flow | None = None
    sends: tuple[SentEvent, ...] = ()


@record
class Node:
    """A flow, an event or a schedule.

    `unread` is a flow with errors, and `elsewhere` one that a trigger names and that is not among the flows. `title` is the name without
    project and branch, the name of the event, or the cron expression. `note` is the project and branch, or the time zone.
    """

    id: str
    kind: NodeKind
    title: str
    note: str = ""
    span: Span | None = field(default=None, compare=False)

    @property
    def is_flow(self) -> bool:
        """Whether it is a flow, known or not."""
        return self.kind not in ("event", "schedule")

    @property
    def label(self) -> str:
        """What it is called in a sentence."""
        return f"{self.kind} {self.title}" if not self.is_flow else self.id


@record
class Edge:
    """`source` starts `target`, or sends it if that is an event. `span` is the decorator or the call that says so."""

    source: str
    target: str
    kind: EdgeKind
    span: Span | None = field(default=None, compare=False)


@record
class FlowGraph:
    """The nodes and edges, flows in the order of their files."""

    flows: tuple[KnownFlow, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @property
    def by_id(self) -> dict[str, Node]:
        """The nodes by their ids."""
        return {node.id: node for node in self.nodes}

    def following(self) -> dict[str, list[str]]:
        """What each node leads to."""
        found: dict[str, list[str]] = {node.id: [] for node in self.nodes}
        for edge in self.edges:
            found[edge.source].append(edge.target)
        return found


def event_id(name: str) -> str:
    """The id of an event; the name of a flow has no slash."""
    return f"event/{name}"


def schedule_id(schedule: Schedule) -> str:
    """The id of a schedule, which flows with the same times share."""
    return f"schedule/{schedule.cron} {schedule.timezone or 'UTC'}"


def source_id(flow: Flow, source: OnFinish, names: Iterable[str]) -> str:
    """The id of the flow that a trigger names: its deployment, or one of `names`, those of flows with errors."""
    deployment = flow.deployment_of(source)
    return source.flow if not source.project and source.flow in names else deployment


def graph_of(flows: Sequence[KnownFlow]) -> FlowGraph:
    """The graph of some flows."""
    nodes = {known.name: _flow_node(known) for known in sorted(flows, key=lambda known: known.flow is None)}
    nodes = {known.name: nodes[known.name] for known in flows}
    unread = {name for name, node in nodes.items() if node.kind == "unread"}
    further: dict[str, Node] = {}
    edges: dict[Edge, None] = {}
    for known in flows:
        for node, edge in _edges(known, unread):
            if node.id not in nodes:
                further.setdefault(node.id, node)
            edges.setdefault(edge)
    others = sorted(further.values(), key=lambda node: (node.kind, node.id))
    return FlowGraph(tuple(flows), (*nodes.values(), *others), tuple(edges))


def _flow_node(known: KnownFlow) -> Node:
    if known.flow is None:
        return Node(known.name, "unread", known.name, span=known.span)
    return _named(known.name, "flow", known.flow.name, known.span)


def _named(id: str, kind: NodeKind, name: str, span: Span | None = None) -> Node:
    return Node(id, kind, name, id.removesuffix(name).rstrip("."), span)


def _edges(known: KnownFlow, unread: Iterable[str]) -> list[tuple[Node, Edge]]:
    """What starts a flow and what it sends: each with the edge between them."""
    if known.flow is None:
        return []
    found = []
    for trigger in known.flow.triggers:
        if isinstance(trigger, Schedule):
            node = Node(schedule_id(trigger), "schedule", trigger.cron, trigger.timezone or "UTC", trigger.span)
            found.append((node, Edge(node.id, known.name, "schedule", trigger.span)))
        elif isinstance(trigger, OnFinish):
            node = _named(source_id(known.flow, trigger, unread), "elsewhere", trigger.flow)
            found.append((node, Edge(node.id, known.name, "finish", trigger.span)))
        else:
            node = Node(event_id(trigger.name), "event", trigger.name)
            found.append((node, Edge(node.id, known.name, "event", trigger.span)))
    for sent in known.sends:
        node = Node(event_id(sent.name), "event", sent.name)
        found.append((node, Edge(known.name, node.id, "sends", sent.span)))
    return found
