"""The graph of a flow: its topological order, its loops, and where the paths from a step meet again.

The effort is linear in the edges, except for nested loops, and there is no recursion: a flow may have 10,000 steps in a row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from flowport.compiler.ir import Flow, targets
from flowport.compiler.record import record

LEAVES = ""
"""Stands for everything outside a region, when post-dominators are computed; no step has this name."""


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

    def back(self, source: str, target: str) -> bool:
        """Whether an edge goes back to a step that comes first."""
        return self.order[target] <= self.order[source]


def graph(flow: Flow) -> Graph:
    """The graph of the steps that can be reached from the start; every target must be a step of the flow."""
    after = {step.name: targets(step.transition) for step in flow.steps}
    order, back = _visit(flow.start, after)
    before: dict[str, list[str]] = {name: [] for name in order}
    for name in order:
        for target in after[name]:
            before[target].append(name)
    again: dict[str, list[str]] = {}
    for source, header in back:
        again.setdefault(header, []).append(source)
    rings = {
        header: Ring(header, _circle(header, sources, before, after), tuple(sorted(sources, key=order.__getitem__)))
        for header, sources in again.items()
    }
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


def _circle(
    header: str, sources: Collection[str], before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]
) -> frozenset[str]:
    """The steps that lie on a way from the header back to it.

    Of a loop that is entered at its header alone these are the steps from which the header can be reached without passing it.
    """
    leading = _reached(sources, before, {header})
    return frozenset(_reached([header], {name: [each for each in after[name] if each in leading] for name in leading}, set()))


def _reached(names: Iterable[str], edges: Mapping[str, Sequence[str]], found: set[str]) -> set[str]:
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += edges[name]
    return found


def meeting_points(names: Sequence[str], ahead: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """For each step the nearest step that every way out of it passes (its immediate post-dominator); LEAVES where there is none.

    `names` is in topological order; `ahead` has the ways of each step, LEAVES for those that lead outside.
    Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm", on the reversed graph.
    """
    place = {name: number for number, name in enumerate(names)}
    place[LEAVES] = len(place)
    meets = {LEAVES: LEAVES}
    for name in reversed(names):
        point, *others = ahead[name]
        for other in others:
            while point != other:
                if place[point] < place[other]:
                    point = meets[point]
                else:
                    other = meets[other]
        meets[name] = point
    return meets
