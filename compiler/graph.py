"""Facts about a flow's graph that nesting needs: an order, the loops, and where the ways out of a step meet again.

All of it is linear in the edges, but for loops inside loops, and without recursion: a flow may have 10,000 steps in a row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from flowport.compiler.ir import Flow, targets
from flowport.compiler.record import record

LEAVES = ""
"""Stands for everything outside a region, where post-dominators are asked for; no step has this name."""


@record
class Ring:
    """A loop of the graph: its header, its steps (the header included) and the steps that go back to the header."""

    header: str
    steps: frozenset[str]
    again: tuple[str, ...]


@record
class Graph:
    """The reachable steps in topological order (edges back to a loop's header aside), their edges and their loops."""

    order: Mapping[str, int]
    after: Mapping[str, tuple[str, ...]]
    before: Mapping[str, tuple[str, ...]]
    rings: Mapping[str, Ring]

    def ahead(self, step: str) -> Iterable[str]:
        """Where a step goes, without the edges back."""
        return (target for target in self.after[step] if self.order[target] > self.order[step])


def graph(flow: Flow) -> Graph:
    """The graph of the steps that can be reached from the start; every target must be a step of the flow."""
    after = {step.name: targets(step.transition) for step in flow.steps}
    order, back = _visit(flow.start, after)
    before: dict[str, list[str]] = {name: [] for name in order}
    for name in order:
        for target in after[name]:
            before[target].append(name)
    rings = {}
    for header in dict.fromkeys(target for _, target in back):
        sources = tuple(sorted((source for source, target in back if target == header), key=order.__getitem__))
        rings[header] = Ring(header, _natural(header, sources, before), sources)
    return Graph(order, {name: after[name] for name in order}, {name: tuple(names) for name, names in before.items()}, rings)


def _visit(start: str, after: Mapping[str, tuple[str, ...]]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Depth first: the topological order, and the edges that lead back to a step on the way."""
    finished: list[str] = []
    back: list[tuple[str, str]] = []
    open_steps: set[str] = {start}
    seen: set[str] = {start}
    stack = [(start, iter(reversed(after[start])))]
    while stack:
        name, rest = stack[-1]
        target = next(rest, None)
        if target is None:
            stack.pop()
            open_steps.discard(name)
            finished.append(name)
        elif target in open_steps:
            back.append((name, target))
        elif target not in seen:
            seen.add(target)
            open_steps.add(target)
            stack.append((target, iter(reversed(after[target]))))
    return {name: place for place, name in enumerate(reversed(finished))}, back


def _natural(header: str, sources: Collection[str], before: Mapping[str, list[str]]) -> frozenset[str]:
    """The steps from which the header can be reached again without passing it."""
    found = {header}
    waiting = list(sources)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += before[name]
    return frozenset(found)


def meeting_points(graph: Graph, region: Iterable[str], inside: Callable[[str], bool], header: str | None) -> dict[str, str]:
    """For each step of a region the nearest step that every way out of it passes (its immediate post-dominator).

    LEAVES where the ways meet only outside: edges that leave the region, or go back to its `header`, lead there. A way that goes round a
    loop inside the region says nothing, as the loop is left by another one; a step that has only such ways has no meeting point.
    Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm", on the reversed graph.
    """
    meets = {LEAVES: LEAVES}
    for name in sorted(region, key=graph.order.__getitem__, reverse=True):
        ends = [
            target if inside(target) and target != header else LEAVES
            for target in graph.after[name]
            if target in meets or not inside(target) or target == header
        ]
        if ends or not graph.after[name]:
            meets[name] = meeting_point(graph, meets, ends)
    return meets


def meeting_point(graph: Graph, meets: Mapping[str, str], ways: Sequence[str]) -> str:
    """The first step that all the ways pass, given the meeting points of the steps behind them."""
    outside = len(graph.order)
    point = ways[0] if ways else LEAVES
    for other in ways[1:]:
        while point != other:
            if graph.order.get(point, outside) < graph.order.get(other, outside):
                point = meets[point]
            else:
                other = meets[other]
    return point
