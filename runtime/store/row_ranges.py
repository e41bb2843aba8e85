"""Sets of rows as half-open ranges, `[[0, 3], [5, 6]]`: the items of a slice that a manifest refers to.

Ranges are sorted, not empty, and do not touch. They are plain lists, as in JSON. No function changes its arguments.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    RowRanges = list[list[int]]


def full(count: int) -> RowRanges:
    """The rows 0 to `count` - 1."""
    return [[0, count]] if count else []


def from_rows(rows: Iterable[int]) -> RowRanges:
    """The ranges of `rows`, which are sorted and named once."""
    found: RowRanges = []
    for row in rows:
        if found and found[-1][1] == row:
            found[-1][1] = row + 1
        else:
            found.append([row, row + 1])
    return found


def iterate(ranges: RowRanges) -> Iterator[int]:
    """Every row, in order."""
    for start, stop in ranges:
        yield from range(start, stop)


def count(ranges: RowRanges) -> int:
    """The number of rows."""
    return sum([stop - start for start, stop in ranges])


def _before(ranges: RowRanges, row: int) -> int:
    """How many of the ranges begin at or before `row`."""
    low, high = 0, len(ranges)
    while low < high:
        middle = (low + high) // 2
        if ranges[middle][0] <= row:
            low = middle + 1
        else:
            high = middle
    return low


def contains(ranges: RowRanges, row: int) -> bool:
    """Whether `row` is in the set."""
    near = _before(ranges, row)
    return near > 0 and row < ranges[near - 1][1]


def rank(ranges: RowRanges, row: int) -> int:
    """How many rows of the set are below `row`: for a member, its place among them."""
    if len(ranges) == 1:
        start, stop = ranges[0]
        return max(start, min(row, stop)) - start
    near = _before(ranges, row)
    return sum([min(stop, row) - start for start, stop in ranges[:near]])


def union(left: RowRanges, right: RowRanges) -> RowRanges:
    """The rows of either."""
    found: RowRanges = []
    for start, stop in sorted(left + right):
        if found and start <= found[-1][1]:
            found[-1][1] = max(found[-1][1], stop)
        else:
            found.append([start, stop])
    return found


def intersect(left: RowRanges, right: RowRanges) -> RowRanges:
    """The rows of both."""
    found: RowRanges = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, stop = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < stop:
            found.append([start, stop])
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return found


def subtract(left: RowRanges, right: RowRanges) -> RowRanges:
    """The rows of `left` that are not in `right`."""
    found: RowRanges = []
    j = 0
    for start, stop in left:
        while j < len(right) and right[j][1] <= start:
            j += 1
        k = j
        while k < len(right) and right[k][0] < stop:
            if start < right[k][0]:
                found.append([start, right[k][0]])
            start = right[k][1]
            k += 1
        if start < stop:
            found.append([start, stop])
    return found
