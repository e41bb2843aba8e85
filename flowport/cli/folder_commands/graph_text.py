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
    following = graph.following()
    entered = {edge.target for edge in graph.edges}
    roots = [node for node in graph.nodes if node.id not in entered and following[node.id]]
    alone = [node for node in graph.nodes if node.id not in entered and not following[node.id]]
    trees, rows = _Trees(graph), list[tuple[str, str]]()
    # What no root leads to is in a circle, or behind one.
    for root in (*sorted(roots, key=lambda node: node.is_flow), *(node for node in graph.nodes if node.id in entered)):
        if root.id not in trees.shown:
            rows += [("", ""), *trees.rows(root.id)]
    yield _counts(graph)
    yield from _aligned(rows)
    yield from _listed("neither started by anything here nor starting anything:", [node for node in alone if node.kind != "unread"])
    yield from _listed("with errors:", [node for node in alone if node.kind == "unread"])


def _counts(graph: FlowGraph) -> str:
    kinds = ["flow" if node.is_flow else node.kind for node in graph.nodes]
    return ", ".join(
        f"{kinds.count(kind)} {kind}{'s' * (kinds.count(kind) != 1)}" for kind in ("flow", "schedule", "event") if kind in kinds
    )


class _Trees:
    """Draws trees, in which each node stands with what it starts once; `shown` are those that have been drawn."""

    def __init__(self, graph: FlowGraph) -> None:
        self.nodes, self.following = graph.by_id, graph.following()
        self.shown: set[str] = set()
        self.starts: dict[str, list[str]] = {node.id: [] for node in graph.nodes}
        for edge in graph.edges:
            if edge.kind in STARTS:
                self.starts[edge.target].append(edge.source)

    def rows(self, root: str) -> Iterator[tuple[str, str]]:
        """The names from one node on, indented, and what there is to say about each."""
        waiting = [(root, "", 0)]
        while waiting:
            id, above, depth = waiting.pop()
            name = INDENT * depth + _name(self.nodes[id])
            if id in self.shown and self.following[id]:
                yield name, "see above"
                continue
            self.shown.add(id)
            yield name, _about(self.nodes[id], self._others(id, above))
            waiting += [(target, id, depth + 1) for target in reversed(self.following[id])]

    def _others(self, id: str, above: str) -> list[str]:
        """What a flow waits for besides what it stands below. Of flows of the same name it waits for one."""
        if above not in self.starts[id]:
            return []
        sources = [self.nodes[one] for one in self.starts[id]]
        return [one.label for one in sources if one.deployment != self.nodes[above].deployment]


def _name(node: Node) -> str:
    if node.kind == "schedule":
        return f"{node.label} {node.note}"
    return node.deployment if node.is_flow else node.label


def _about(node: Node, others: Sequence[str]) -> str:
    """Where a flow is, its state, and what it waits for too."""
    where = node.span.file if node.span and node.is_flow else ""
    twin = "another flow has the same name" if node.is_twin else ""
    also = f"waits for {' and '.join(others)} too" if others else ""
    return ", ".join(filter(None, [where, node.state, twin, also]))


def _listed(heading: str, nodes: Sequence[Node]) -> Iterator[str]:
    if nodes:
        yield from ("", heading)
        yield from _aligned([(INDENT + _name(node), _about(node, [])) for node in nodes])


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
