"""Cells in columns -> in which order each column has them, and how far down each is: so that few edges cross, and edges are short.

Each is found by sweeps: from left to right the cells follow their neighbours in the column before, and from right to left those behind.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

Cell: TypeAlias = "str | tuple[str, str, int]"
"""What stands in a column: a box, or the lane of an edge there."""

GAP = 14.0
"""Room between two cells of a column."""

SWEEPS = 12


class Neighbours(NamedTuple):
    """The cells that edges connect each cell with, in the column before it and in the one behind."""

    before: Mapping[Cell, Sequence[Cell]]
    after: Mapping[Cell, Sequence[Cell]]


def in_order(columns: Sequence[Sequence[Cell]], near: Neighbours) -> list[list[Cell]]:
    """The columns, each ordered by where the neighbours are on average; of all sweeps the order in which fewest edges cross."""
    current = [list(column) for column in columns]
    best, fewest = [list(column) for column in current], _crossings(current, near.after)
    for sweep in range(SWEEPS):
        neighbours, path = (near.before, current) if sweep % 2 == 0 else (near.after, current[::-1])
        for beside, column in pairwise(path):
            place = {cell: index for index, cell in enumerate(beside)}
            own = {cell: index for index, cell in enumerate(column)}
            column.sort(key=lambda cell: _mean([place[one] for one in neighbours[cell]], own[cell]))
        if (count := _crossings(current, near.after)) < fewest:
            best, fewest = [list(column) for column in current], count
    return best


def middles(columns: Sequence[Sequence[Cell]], heights: Mapping[Cell, float], near: Neighbours) -> dict[Cell, float]:
    """How far down the middle of each cell is: near its neighbours, in the order of its column, and without overlaps."""
    found: dict[Cell, float] = {}
    for column in columns:
        y = 0.0
        for cell in column:
            found[cell] = y + heights[cell] / 2
            y += heights[cell] + GAP
    for sweep in range(SWEEPS):
        neighbours, path = (near.before, columns) if sweep % 2 == 0 else (near.after, columns[::-1])
        for column in path:
            wanted = [_mean([found[one] for one in neighbours[cell]], found[cell]) for cell in column]
            apart = [(heights[one] + heights[other]) / 2 + GAP for one, other in pairwise(column)]
            found.update(zip(column, _spread(wanted, apart), strict=True))
    return found


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _crossings(columns: Sequence[Sequence[Cell]], after: Mapping[Cell, Sequence[Cell]]) -> int:
    """How many pairs of edges cross: pairs in the wrong order, counted while a list is kept sorted."""
    count = 0
    for column, beside in pairwise(columns):
        place = {cell: index for index, cell in enumerate(beside)}
        seen: list[int] = []
        for cell in column:
            ends = sorted(place[one] for one in after[cell])
            count += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return count


def _spread(wanted: Sequence[float], apart: Sequence[float]) -> list[float]:
    """The values nearest to those that are wanted which are at least so far apart (isotonic regression, by pooling neighbours)."""
    offsets = [0.0]
    for gap in apart:
        offsets.append(offsets[-1] + gap)
    pools: list[list[float]] = []  # the sum and the number of values that are the same, but for their offsets
    for value, offset in zip(wanted, offsets, strict=True):
        pools.append([value - offset, 1])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] >= pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1] = [pools[-1][0] + total, pools[-1][1] + count]
    flat = [total / count for total, count in pools for _ in range(int(count))]
    return [value + offset for value, offset in zip(flat, offsets, strict=True)]
