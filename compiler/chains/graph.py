"""Several flows -> a graph of what starts them: flows, events and schedules, and an edge from each to what it starts or sends.

schedule 0 6 * * *  ->  FeaturesFlow  ->  TrainFlow  ->  event drift  ->  AlertFlow

A flow is named as its deployment: its name, or `project.branch.Flow`. Flows of the same name are told apart by their files.
`problems` says what is wrong with the graph.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from flowport.compiler.chains.sent_events import SentEvent
from flowport.compiler.ir import Flow, OnFinish, Schedule, Span
from flowport.compiler.record import field, record, replace

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
    project and branch, the name of the event, or the cron expression. `note` is the project and branch, or the time zone. With `is_twin`
    another flow has the same name, and the id is `FILE:ClassName`.
    """

    id: str
    kind: NodeKind
    title: str
    note: str = ""
    span: Span | None = field(default=None, compare=False)
    is_twin: bool = False

    @property
    def is_flow(self) -> bool:
        """Whether it is a flow, known or not."""
        return self.kind not in ("event", "schedule")

    @property
    def deployment(self) -> str:
        """The id, and of flows with the same name this name."""
        return self.id if not self.is_twin else f"{self.note}.{self.title}" if self.note else self.title

    @property
    def state(self) -> str:
        """Why little is known of a flow, in words; "" where that is not so."""
        return {"elsewhere": "not in these files", "unread": "has errors"}.get(self.kind, "")

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
    def read(self) -> tuple[Flow, ...]:
        """The flows without errors."""
        return tuple(known.flow for known in self.flows if known.flow is not None)

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


def source_name(flow: Flow, source: OnFinish, names: Iterable[str]) -> str:
    """The name of the flow that a trigger names: its deployment, or one of `names`, those of flows with errors."""
    deployment = flow.deployment_of(source)
    return source.flow if not source.project and source.flow in names else deployment


def graph_of(flows: Sequence[KnownFlow]) -> FlowGraph:
    """The graph of some flows."""
    count = Counter(known.name for known in flows)
    nodes = [_flow_node(known, count[known.name] > 1) for known in flows]
    namesakes: dict[str, list[str]] = {}
    for node in nodes:
        namesakes.setdefault(node.deployment, []).append(node.id)
    unread = {node.deployment for node in nodes if node.kind == "unread"}
    further: dict[str, Node] = {}
    edges: dict[Edge, None] = {}
    for known, own in zip(flows, nodes, strict=True):
        for node, edge in _edges(known, own.id, unread):
            if node.id not in namesakes:
                further.setdefault(node.id, node)
            for source in namesakes.get(edge.source, [edge.source]):
                edges.setdefault(replace(edge, source=source))
    others = sorted(further.values(), key=lambda node: (node.kind, node.id))
    return FlowGraph(tuple(flows), (*nodes, *others), tuple(edges))


def _flow_node(known: KnownFlow, is_twin: bool) -> Node:
    if known.flow is None:
        node, class_name = Node(known.name, "unread", known.name, span=known.span), known.name
    else:
        node, class_name = _named(known.name, "flow", known.flow.name, known.span), known.flow.class_name
    return replace(node, id=f"{known.span.file}:{class_name}", is_twin=True) if is_twin else node


def _named(id: str, kind: NodeKind, name: str, span: Span | None = None) -> Node:
    return Node(id, kind, name, id.removesuffix(name).rstrip("."), span)


def _edges(known: KnownFlow, own: str, unread: Iterable[str]) -> list[tuple[Node, Edge]]:
    """What starts a flow, whose id is `own`, and what it sends: each with the edge between them."""
    if known.flow is None:
        return []
    found = []
    for trigger in known.flow.triggers:
        if isinstance(trigger, Schedule):
            node = Node(schedule_id(trigger), "schedule", trigger.cron, trigger.timezone or "UTC", trigger.span)
            found.append((node, Edge(node.id, own, "schedule", trigger.span)))
        elif isinstance(trigger, OnFinish):
            node = _named(source_name(known.flow, trigger, unread), "elsewhere", trigger.flow)
            found.append((node, Edge(node.id, own, "finish", trigger.span)))
        else:
            node = Node(event_id(trigger.name), "event", trigger.name)
            found.append((node, Edge(node.id, own, "event", trigger.span)))
    for sent in known.sends:
        node = Node(event_id(sent.name), "event", sent.name)
        found.append((node, Edge(own, node.id, "sends", sent.span)))
    return found
