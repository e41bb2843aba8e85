"""A graph -> places on paper, in columns from left to right: each box stands to the right of those that lead to it.

Parts that no edge connects stand below each other, and boxes without edges in rows at the end. An edge over several columns has a lane of
its own in each column between, so no edge crosses a box. An edge that goes back, in a circle, is one of `back`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

from flowport.compiler.record import field, record
from flowport.drawing.column_order import GAP, Cell, Neighbours, in_order, middles
from flowport.drawing.layout import Point

ASIDE, LANE, PARTS = 64.0, 10.0, 34.0
"""Room between columns, for an edge in a column, and between parts."""

PER_ROW = 4
"""Boxes without edges in a row, unless the rest is wider."""

Way: TypeAlias = tuple[str, str]
Sizes: TypeAlias = "Mapping[str, tuple[float, float]]"
"""The width and the height of each box."""


@record
class Place:
    """Where a box stands: its upper left corner, and its size."""

    x: float
    y: float
    width: float
    height: float


@record
class Columns:
    """The places of boxes by name, and for each edge the points that it passes, from box to box. It is level where two points are."""

    width: float = 0
    height: float = 0
    places: dict[str, Place] = field(default_factory=dict)
    ways: dict[Way, tuple[Point, ...]] = field(default_factory=dict)
    back: frozenset[Way] = frozenset()


def columns(sizes: Sizes, edges: Iterable[Way]) -> Columns:
    """Places for boxes of these sizes; an edge from a box to itself is left to the caller."""
    following: dict[str, list[str]] = {name: [] for name in sizes}
    for source, target in dict.fromkeys(edges):
        if source != target:
            following[source].append(target)
    parts = _parts(following)
    drawn = [_drawn(sizes, {name: following[name] for name in part}) for part in parts if len(part) > 1]
    single = [part[0] for part in parts if len(part) == 1]
    return _stacked([*drawn, *_rows(single, sizes, max([part.width for part in drawn], default=0))])


def _parts(following: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """The names that are connected, in their order."""
    near: dict[str, list[str]] = {name: list(targets) for name, targets in following.items()}
    for source, targets in following.items():
        for target in targets:
            near[target].append(source)
    part_of: dict[str, int] = {}
    for number, name in enumerate(following):
        waiting = [name] if name not in part_of else []
        for one in waiting:
            if one not in part_of:
                part_of[one] = number
                waiting += near[one]
    parts: dict[int, list[str]] = {}
    for name in following:
        parts.setdefault(part_of[name], []).append(name)
    return list(parts.values())


def _rows(names: Sequence[str], sizes: Sizes, width: float) -> list[Columns]:
    """Boxes without edges, side by side as far as the rest is wide."""
    if not names:
        return []
    widest = max(sizes[name][0] for name in names)
    count = max(PER_ROW, int((width + ASIDE) // (widest + ASIDE)))
    rows = [names[first : first + count] for first in range(0, len(names), count)]
    places, y = {}, 0.0
    for row in rows:
        for place, name in enumerate(row):
            places[name] = Place(place * (widest + ASIDE), y, *sizes[name])
        y += max(sizes[name][1] for name in row) + GAP
    return [Columns(min(count, len(names)) * (widest + ASIDE) - ASIDE, y - GAP, places)]


def _stacked(parts: Sequence[Columns]) -> Columns:
    places: dict[str, Place] = {}
    ways: dict[Way, tuple[Point, ...]] = {}
    y = 0.0
    for part in parts:
        places |= {name: Place(one.x, one.y + y, one.width, one.height) for name, one in part.places.items()}
        ways |= {way: tuple((px, py + y) for px, py in points) for way, points in part.ways.items()}
        y += part.height + PARTS
    width = max([part.width for part in parts], default=0)
    return Columns(width, max(0.0, y - PARTS), places, ways, frozenset(way for part in parts for way in part.back))


def _drawn(sizes: Sizes, following: Mapping[str, Sequence[str]]) -> Columns:
    """Boxes that edges connect."""
    back = _back(following)
    column_of = _column_of({name: [one for one in targets if (name, one) not in back] for name, targets in following.items()})
    columns, chains = _cells(following, column_of, back)
    near = _neighbours(columns, chains)
    heights = {cell: sizes[cell][1] if isinstance(cell, str) else LANE for column in columns for cell in column}
    ordered = in_order(columns, near)
    return _routed(_cell_places(ordered, sizes, heights, middles(ordered, heights, near)), chains, back)


def _cells(
    following: Mapping[str, Sequence[str]], column_of: Mapping[str, int], back: frozenset[Way]
) -> tuple[list[list[Cell]], dict[Way, list[Cell]]]:
    """What stands in each column, and what each edge passes from left to right: its boxes, and between them a lane in every column."""
    columns: list[list[Cell]] = [[] for _ in range(1 + max(column_of.values()))]
    for name in following:
        columns[column_of[name]].append(name)
    chains: dict[Way, list[Cell]] = {}
    for source, targets in following.items():
        for target in targets:
            left, right = (target, source) if (source, target) in back else (source, target)
            between = range(column_of[left] + 1, column_of[right])
            chains[source, target] = [left, *((source, target, number) for number in between), right]
            for number in between:
                columns[number].append((source, target, number))
    return columns, chains


def _neighbours(columns: Iterable[Iterable[Cell]], chains: Mapping[Way, Sequence[Cell]]) -> Neighbours:
    before: dict[Cell, list[Cell]] = {cell: [] for column in columns for cell in column}
    after: dict[Cell, list[Cell]] = {cell: [] for column in columns for cell in column}
    for chain in chains.values():
        for left, right in pairwise(chain):
            before[right].append(left)
            after[left].append(right)
    return Neighbours(before, after)


def _cell_places(
    columns: Sequence[Sequence[Cell]], sizes: Sizes, heights: Mapping[Cell, float], down: Mapping[Cell, float]
) -> dict[Cell, Place]:
    """The places of boxes and lanes: each as wide as the widest box of its column."""
    top = min(down[cell] - heights[cell] / 2 for cell in down)
    found: dict[Cell, Place] = {}
    x = 0.0
    for column in columns:
        width = max(sizes[cell][0] for cell in column if isinstance(cell, str))
        found |= {cell: Place(x, down[cell] - heights[cell] / 2 - top, width, heights[cell]) for cell in column}
        x += width + ASIDE
    return found


def _routed(places: Mapping[Cell, Place], chains: Mapping[Way, Sequence[Cell]], back: frozenset[Way]) -> Columns:
    """What is drawn: each edge from the right side of a box, through its lanes, to the left side of another; or back."""
    ways = {}
    for way, chain in chains.items():
        points = [point for cell in chain for point in _sides(places[cell])][1:-1]
        ways[way] = tuple(reversed(points)) if way in back else tuple(points)
    width, height = max(place.x + place.width for place in places.values()), max(place.y + place.height for place in places.values())
    return Columns(width, height, {name: place for name, place in places.items() if isinstance(name, str)}, ways, back)


def _sides(place: Place) -> tuple[Point, Point]:
    """The middles of the left and of the right side."""
    y = place.y + place.height / 2
    return (place.x, y), (place.x + place.width, y)


def _back(following: Mapping[str, Sequence[str]]) -> frozenset[Way]:
    """Edges without which there is no circle: those that lead back to where a walk came from; it starts where nothing leads to."""
    entered = {target for targets in following.values() for target in targets}
    found = set()
    done: set[str] = set()
    for first in sorted(following, key=lambda name: name in entered):
        walk = [(first, iter(following[first]))] if first not in done else []
        done.add(first)
        open_ones = {name for name, _ in walk}
        while walk:
            name, rest = walk[-1]
            target = next(rest, None)
            if target is None:
                walk.pop()
                open_ones.discard(name)
            elif target in open_ones:
                found.add((name, target))
            elif target not in done:
                done.add(target)
                open_ones.add(target)
                walk.append((target, iter(following[target])))
    return frozenset(found)


def _column_of(forward: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The column of each box: right of all that lead to it. What nothing leads to stands just left of the first that it leads to."""
    missing = dict.fromkeys(forward, 0)
    for targets in forward.values():
        for target in targets:
            missing[target] += 1
    first = [name for name, count in missing.items() if not count]
    column = dict.fromkeys(first, 0)
    for name in (ready := list(first)):
        for target in forward[name]:
            column[target] = max(column.get(target, 0), column[name] + 1)
            missing[target] -= 1
            if not missing[target]:
                ready.append(target)
    near = {name: min([column[target] for target in forward[name]], default=1) - 1 for name in first}
    return {name: near.get(name, column[name]) for name in forward}
