"""Circles of a graph: `A -> B -> A`. Each edge that is part of one is in one of those that are found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def circles(following: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Circles, each without its first node again at the end; that one is the first of them in the order of `following`."""
    order = {name: place for place, name in enumerate(following)}
    inside = _on_ways_between_circles(following)
    covered: set[tuple[str, str]] = set()
    found = []
    for source in (name for name in following if name in inside):
        for target in inside[source]:
            if (source, target) in covered:
                continue
            way = shortest_way(inside, target, source)
            if way is None:
                continue
            covered.update(zip(way, (*way[1:], target), strict=True))
            first = min(range(len(way)), key=lambda place: order[way[place]])
            found.append((*way[first:], *way[:first]))
    return found


def _on_ways_between_circles(following: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The graph without what leads into no circle, and what no circle leads to."""
    left = {name: list(dict.fromkeys(targets)) for name, targets in following.items()}
    while True:
        entered = {target for targets in left.values() for target in targets}
        kept = {name for name, targets in left.items() if targets and name in entered}
        if len(kept) == len(left):
            return left
        left = {name: [target for target in targets if target in kept] for name, targets in left.items() if name in kept}


def shortest_way(following: Mapping[str, Sequence[str]], start: str, goal: str) -> tuple[str, ...] | None:
    """The nodes from one to another, both included; None if there is no way."""
    before: dict[str, str] = {start: start}
    waiting = [start]
    for name in waiting:
        if name == goal:
            way = [goal]
            while way[-1] != start:
                way.append(before[way[-1]])
            return tuple(reversed(way))
        for target in following[name]:
            if target not in before:
                before[target] = name
                waiting.append(target)
    return None
