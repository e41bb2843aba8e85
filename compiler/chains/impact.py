"""What follows when a flow runs: the flows that it starts, those that they start, and so on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flowport.compiler.chains.graph import STARTS, FlowGraph, Node
from flowport.compiler.record import record


@record
class Follower:
    """A flow that runs afterwards.

    `depth` is how many flows after the first it comes, and `way` the shortest way to it, from the first flow to itself, events included.
    `needs` are flows and events that it waits for as well, and that do not follow from the first flow.
    """

    flow: str
    depth: int
    way: tuple[str, ...]
    needs: tuple[str, ...] = ()


def impact(graph: FlowGraph, flow: str) -> tuple[Follower, ...]:
    """All flows that follow when `flow` runs, the nearest first; the flow itself if a circle leads back to it. Raises KeyError."""
    following, nodes = graph.following(), graph.by_id
    ways: dict[str, tuple[str, ...]] = {}
    waiting: list[tuple[str, ...]] = [(flow,)]
    for way in waiting:  # it grows meanwhile
        for further in _onward(way, following, nodes):
            if further[-1] not in ways:
                ways[further[-1]] = further
                waiting.append(further)
    reached = {nodes[one].deployment for one in (flow, *(one for way in ways.values() for one in way))}
    starts: dict[str, list[str]] = {name: [] for name in nodes}
    for edge in graph.edges:
        if edge.kind in STARTS and nodes[edge.source].deployment not in reached:
            starts[edge.target].append(edge.source)
    return tuple(Follower(name, sum(nodes[one].is_flow for one in way) - 1, way, tuple(starts[name])) for name, way in ways.items())


def _onward(way: tuple[str, ...], following: Mapping[str, Sequence[str]], nodes: Mapping[str, Node]) -> Iterator[tuple[str, ...]]:
    """The way, longer by one flow, and by the event between where there is one."""
    for target in following[way[-1]]:
        if nodes[target].is_flow:
            yield (*way, target)
        else:
            yield from ((*way, target, flow) for flow in following[target])
