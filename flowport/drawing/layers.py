"""A graph -> places on paper, in columns from left to right: each box stands to the right of those that lead to it.

Parts that no edge connects stand below each other, and boxes without edges in rows at the end. An edge over several columns has a lane of
its own in each column between, so no edge crosses a box. An edge that goes back, in a circle, is one of `back`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

from flowport.compiler.record import field, record
from flowport.drawing.layout import Point

GAP, ASIDE, LANE, PARTS = 14.0, 64.0, 10.0, 34.0
"""Room between boxes of a column, between columns, for an edge in a column, and between parts."""

SWEEPS = 12
"""How often the columns are put in order, and moved to where their neighbours are."""

PER_ROW = 4
"""Boxes without edges in a row, unless the rest is wider."""

Way: TypeAlias = tuple[str, str]
Cell: TypeAlias = "str | tuple[str, str, int]"
"""What stands in a column: a box, or the lane of an edge there."""


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


def columns(sizes: Mapping[str, tuple[float, float]], edges: Iterable[Way]) -> Columns:
    """Places for boxes of these sizes; an edge from a box to itself is left to the caller."""
    following: dict[str, list[str]] = {name: [] for name in sizes}
    for source, target in dict.fromkeys(edges):
        if source != target:
            following[source].append(target)
    parts = _parts(following)
    drawn = [_Part(sizes, {name: following[name] for name in part}).drawn() for part in parts if len(part) > 1]
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
    return [[name for name in following if part_of[name] == number] for number in dict.fromkeys(part_of[name] for name in following)]


def _rows(names: Sequence[str], sizes: Mapping[str, tuple[float, float]], width: float) -> list[Columns]:
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


class _Part:
    """Boxes that edges connect."""

    def __init__(self, sizes: Mapping[str, tuple[float, float]], following: Mapping[str, Sequence[str]]) -> None:
        self.sizes, self.following = sizes, following
        self.back = _back(following)
        self.forward = {name: [one for one in targets if (name, one) not in self.back] for name, targets in following.items()}
        self.column = _column_of(self.forward)
        self.cells: list[list[Cell]] = [[] for _ in range(1 + max(self.column.values()))]
        self.links: list[tuple[Cell, Cell]] = []
        self.lanes: dict[Way, list[Cell]] = {}

    def drawn(self) -> Columns:
        for name, column in self.column.items():
            self.cells[column].append(name)
        for source, targets in self.following.items():
            for target in targets:
                self._add_edge(source, target)
        before, after = self._neighbours()
        _put_in_order(self.cells, before, after)
        middles = _middles(self.cells, self._height, before, after)
        return self._placed(middles)

    def _add_edge(self, source: str, target: str) -> None:
        """Lanes in the columns between; an edge that goes back has them in the same order, and is turned around in the end."""
        left, right = (target, source) if (source, target) in self.back else (source, target)
        lanes: list[Cell] = [(source, target, column) for column in range(self.column[left] + 1, self.column[right])]
        for column, lane in enumerate(lanes, self.column[left] + 1):
            self.cells[column].append(lane)
        self.links += pairwise([left, *lanes, right])
        self.lanes[source, target] = lanes

    def _neighbours(self) -> tuple[dict[Cell, list[Cell]], dict[Cell, list[Cell]]]:
        before: dict[Cell, list[Cell]] = {cell: [] for column in self.cells for cell in column}
        after: dict[Cell, list[Cell]] = {cell: [] for column in self.cells for cell in column}
        for left, right in self.links:
            before[right].append(left)
            after[left].append(right)
        return before, after

    def _height(self, cell: Cell) -> float:
        return self.sizes[cell][1] if isinstance(cell, str) else LANE

    def _placed(self, middles: Mapping[Cell, float]) -> Columns:
        widths = [max(self.sizes[cell][0] for cell in column if isinstance(cell, str)) for column in self.cells]
        starts = [sum(widths[:number]) + number * ASIDE for number in range(len(widths))]
        top = min(middles[cell] - self._height(cell) / 2 for cell in middles)
        places = {
            cell: Place(starts[number], middles[cell] - self._height(cell) / 2 - top, widths[number], self._height(cell))
            for number, column in enumerate(self.cells)
            for cell in column
            if isinstance(cell, str)
        }
        ways = {}
        for (source, target), lanes in self.lanes.items():
            is_back = (source, target) in self.back
            left, right = (places[target], places[source]) if is_back else (places[source], places[target])
            points: list[Point] = [(left.x + left.width, left.y + left.height / 2)]
            for number, lane in enumerate(lanes, self.column[target if is_back else source] + 1):
                points += [(starts[number], middles[lane] - top), (starts[number] + widths[number], middles[lane] - top)]
            points.append((right.x, right.y + right.height / 2))
            ways[source, target] = tuple(reversed(points)) if is_back else tuple(points)
        height = max(place.y + place.height for place in places.values())
        lowest = max([height, *(y + LANE / 2 for points in ways.values() for _, y in points)])
        return Columns(starts[-1] + widths[-1], lowest, places, ways, self.back)


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


def _put_in_order(cells: list[list[Cell]], before: Mapping[Cell, list[Cell]], after: Mapping[Cell, list[Cell]]) -> None:
    """Order each column so that few edges cross: by where the neighbours are on average, to and fro. The best order stays."""
    best, fewest = [list(column) for column in cells], _crossings(cells, after)
    for sweep in range(SWEEPS):
        numbers = range(1, len(cells)) if sweep % 2 == 0 else range(len(cells) - 2, -1, -1)
        for number in numbers:
            near = before if sweep % 2 == 0 else after
            beside = cells[number - 1 if sweep % 2 == 0 else number + 1]
            place = {cell: float(index) for index, cell in enumerate(beside)}
            own = {cell: float(index) for index, cell in enumerate(cells[number])}
            cells[number].sort(key=lambda cell: _mean([place[one] for one in near[cell]], own[cell]))
        if (count := _crossings(cells, after)) < fewest:
            best, fewest = [list(column) for column in cells], count
    cells[:] = best


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _crossings(cells: Sequence[Sequence[Cell]], after: Mapping[Cell, list[Cell]]) -> int:
    """How many pairs of edges cross: pairs in the wrong order, counted while a list is kept sorted."""
    from bisect import bisect_right, insort

    count = 0
    for column, beside in pairwise(cells):
        place = {cell: index for index, cell in enumerate(beside)}
        seen: list[int] = []
        for cell in column:
            ends = sorted(place[one] for one in after[cell])
            count += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return count


def _middles(
    cells: Sequence[Sequence[Cell]], height: Callable[[Cell], float], before: Mapping[Cell, list[Cell]], after: Mapping[Cell, list[Cell]]
) -> dict[Cell, float]:
    """How far down the middle of each cell is: near its neighbours, in the order of its column, and without overlaps."""
    middles: dict[Cell, float] = {}
    for column in cells:
        y = 0.0
        for cell in column:
            middles[cell] = y + height(cell) / 2
            y += height(cell) + GAP
    for sweep in range(SWEEPS):
        near = before if sweep % 2 == 0 else after
        for column in cells if sweep % 2 == 0 else reversed(cells):
            wanted = [_mean([middles[one] for one in near[cell]], middles[cell]) for cell in column]
            apart = [(height(one) + height(other)) / 2 + GAP for one, other in pairwise(column)]
            middles.update(zip(column, _spread(wanted, apart), strict=True))
    return middles


def _spread(wanted: Sequence[float], apart: Sequence[float]) -> list[float]:
    """The values nearest to those that are wanted which are at least so far apart (isotonic regression, by pooling neighbours)."""
    offsets = [0.0]
    for gap in apart:
        offsets.append(offsets[-1] + gap)
    pools: list[list[float]] = []
    for value, offset in zip(wanted, offsets, strict=True):
        pools.append([value - offset, 1])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] >= pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1] = [pools[-1][0] + total, pools[-1][1] + count]
    flat = [total / count for total, count in pools for _ in range(int(count))]
    return [value + offset for value, offset in zip(flat, offsets, strict=True)]
