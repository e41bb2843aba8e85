"""The graph of flows as text: below each line, indented, what it starts.

schedule 0 6 * * * UTC
  FeaturesFlow        features.py
    TrainFlow         train.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flowport.compiler.chains.graph import STARTS, FlowGraph, Node
from flowport.compiler.chains.impact import Follower

INDENT = "  "


def lines(graph: FlowGraph) -> Iterator[str]:
    """The whole graph: trees from what nothing starts, each flow once with what it starts, and the flows without an edge."""
    following, nodes = graph.following(), graph.by_id
    entered = {edge.target for edge in graph.edges}
    roots = [node.id for node in graph.nodes if node.id not in entered and following[node.id]]
    alone = [node for node in graph.nodes if node.id not in entered and not following[node.id]]
    unread = [node for node in alone if node.kind == "unread"]
    rows: list[tuple[str, str]] = []
    shown: set[str] = set()
    # What no root leads to is in a circle, or behind one.
    for root in (*sorted(roots, key=lambda id: nodes[id].is_flow), *(node.id for node in graph.nodes if node.id in entered)):
        if root not in shown:
            rows += [("", ""), *_tree(graph, root, shown)]
    yield _counts(graph)
    yield from _aligned(rows)
    yield from _listed("neither started by anything here nor starting anything:", [node for node in alone if node.kind != "unread"])
    yield from _listed("with errors:", unread)


def _listed(heading: str, nodes: Sequence[Node]) -> Iterator[str]:
    if nodes:
        yield from ("", heading)
        yield from _aligned([(INDENT + _name(node), _about(node, [])) for node in nodes])


def _counts(graph: FlowGraph) -> str:
    kinds = ["flow" if node.is_flow else node.kind for node in graph.nodes]
    return ", ".join(
        f"{kinds.count(kind)} {kind}{'s' * (kinds.count(kind) != 1)}" for kind in ("flow", "schedule", "event") if kind in kinds
    )


def _tree(graph: FlowGraph, root: str, shown: set[str]) -> Iterator[tuple[str, str]]:
    following, nodes = graph.following(), graph.by_id
    starts: dict[str, list[str]] = {node.id: [] for node in graph.nodes}
    for edge in graph.edges:
        if edge.kind in STARTS:
            starts[edge.target].append(edge.source)
    waiting = [(root, "", 0)]
    while waiting:
        id, before, depth = waiting.pop()
        node = nodes[id]
        if id in shown and following[id]:
            yield INDENT * depth + _name(node), "see above"
            continue
        shown.add(id)
        others = [nodes[one] for one in starts[id] if nodes[one].deployment != nodes[before].deployment] if before in starts[id] else []
        yield INDENT * depth + _name(node), _about(node, [other.label for other in others])
        waiting += [(target, id, depth + 1) for target in reversed(following[id])]


def _name(node: Node) -> str:
    return f"{node.label} {node.note}" if node.kind == "schedule" else node.deployment if node.is_flow else node.label


def _about(node: Node, others: Sequence[str]) -> str:
    """Where a flow is, and what it waits for besides what it stands below."""
    where = node.span.file if node.span and node.is_flow else ""
    state = {"elsewhere": "not in these files", "unread": "has errors"}.get(node.kind, "")
    twin = "another flow has the same name" if node.is_twin else ""
    also = f"waits for {' and '.join(others)} too" if others else ""
    return ", ".join(filter(None, [where, state, twin, also]))


def _aligned(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max([len(first) for first, _ in rows], default=0)
    for first, second in rows:
        yield f"{first:{width}}  {second}".rstrip()


def impact_lines(graph: FlowGraph, first: str, followers: Sequence[Follower]) -> Iterator[str]:
    """What follows when a flow runs: each flow, how far behind it comes, and the way there."""
    nodes = graph.by_id
    if not followers:
        yield f"nothing follows {first}"
        return
    yield f"{len(followers)} flow{'s' * (len(followers) != 1)} {'follows' if len(followers) == 1 else 'follow'} {first}"
    yield ""
    rows = [("DEPTH", "FLOW", "WAY")]
    for one in followers:
        way = " -> ".join(nodes[name].label for name in one.way)
        needs = f"; waits for {' and '.join(nodes[name].label for name in one.needs)} too" if one.needs else ""
        rows.append((str(one.depth), one.flow, way + needs))
    width = max(len(flow) for _, flow, _ in rows)
    yield from (f"{depth:5}  {flow:{width}}  {way}" for depth, flow, way in rows)
