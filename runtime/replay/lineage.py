"""The rows of a slice and the rows that they descend from, one foreach after the other, and what a step inherits.

A slice of a foreach is a range of the concatenated lists of all items that arrived at its split. So the parent of a row, its index and
the number of its siblings follow from the split's `fan` by prefix sums.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from flowport.runtime.records.slices import ROOT
from flowport.runtime.replay.replay import slice_size
from flowport.runtime.store import row_ranges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol, TypeAlias

    from flowport.runtime.records.manifest import Manifest
    from flowport.runtime.replay.replay import Sent
    from flowport.runtime.store.row_ranges import RowRanges

    Column: TypeAlias = dict[str, Any]
    Names: TypeAlias = dict[str, list[tuple[Column, int]]]
    """For each artifact the columns that may have it, the first one that has the row wins; how many foreaches further out each is."""

    class Splits(Protocol):
        """Has the manifests of the splits around a slice."""

        def need(self, step: str, slice: str) -> Manifest: ...

    Classes: TypeAlias = list[dict[str, Any]]


class Frame:
    """One slice of a foreach, seen from its split."""

    __slots__ = ("split", "number", "first", "size", "counts", "starts", "parents")

    def __init__(self, split: Manifest, number: int) -> None:
        fan = split.doc["fan"]
        self.split, self.number = split, number
        self.first, self.size = number * fan["g"], slice_size(fan, number)
        self.counts: list[int] = [count for count, times in fan["counts"] for _ in range(times)]
        self.starts = [0, *accumulate(self.counts)]
        self.parents = list(row_ranges.iterate(split.arrived))

    def up(self, row: int) -> tuple[int, int, int]:
        """The parent's row, the index among its items, and their number."""
        position = self.first + row
        parent = bisect_right(self.starts, position) - 1
        return self.parents[parent], position - self.starts[parent], self.counts[parent]

    def count_shown(self, count: int) -> int | None:
        """The number of items as `foreach_stack` shows it: Metaflow shows none for the nodes of a gang."""
        return None if "gang" in self.split.doc["fan"] else count

    def below(self, parents: RowRanges) -> RowRanges:
        """The rows of this slice that descend from `parents`."""
        found: RowRanges = []
        for parent, start, count in zip(self.parents, self.starts, self.counts):
            low, high = max(start - self.first, 0), min(start + count - self.first, self.size)
            if low < high and row_ranges.contains(parents, parent):
                found = row_ranges.union(found, [[low, high]])
        return found


class Lineage:
    """The frames of a slice, outermost first, with the turns between them."""

    def __init__(self, manifests: Splits, scopes: list[list[str]], slice: str) -> None:
        self.frames: list[Frame] = []
        self.parts: list[str | None] = []
        reference = ROOT
        for (kind, origin), name in zip(scopes, slice.split(".")[1:]):
            if kind == "foreach":
                self.frames.append(Frame(manifests.need(origin, reference), int(name)))
                self.parts.append(None)
            else:
                self.parts.append(name)
            reference = f"{reference}.{name}"

    def ancestor(self, row: int, up: int) -> int:
        """The row that `row` descends from, `up` foreaches further out."""
        for frame in self.frames[::-1][:up]:
            row = frame.up(row)[0]
        return row

    def indexes(self, row: int) -> list[tuple[Frame, int, int, int]]:
        """For every foreach, outermost first: the frame, the row in its slice, the index and the number of items."""
        found = []
        for frame in reversed(self.frames):
            parent, index, count = frame.up(row)
            found.append((frame, row, index, count))
            row = parent
        return found[::-1]

    def path(self, row: int) -> list[int | str]:
        """The parts of the item's address: its index in every foreach, `t2` for a turn."""
        indexes = iter(self.indexes(row))
        return [next(indexes)[2] if name is None else name for name in self.parts]

    def address(self, row: int) -> str:
        """The item's address, `r.3.t2.0`."""
        return ".".join(["r", *map(str, self.path(row))])

    def span(self) -> str:
        """The addresses of the slice's items: `r.3`, or `r.30..r.39` for several."""
        first, last = self.address(0), self.address(self.frames[-1].size - 1 if self.frames else 0)
        return first if first == last else f"{first}..{last}"


def locate(scopes: list[list[str]], path: list[int | str], frame: Callable[[str, str], Frame | None]) -> tuple[str, int] | None:
    """The slice of an item and its row there, by what the splits around it were cut into; None if there is no such item.

    `path` has the parts of its address (`slices.pieces`); `frame` gives slice 0 of a split on a slice, None where that has not happened.
    """
    if len(path) != len(scopes):
        return None
    reference, row = ROOT, 0
    for (kind, origin), piece in zip(scopes, path):
        if (kind == "loop") is isinstance(piece, int):
            return None
        if isinstance(piece, int):
            found = _below(frame(origin, reference), row, piece)
            if found is None:
                return None
            piece, row = found
        reference += f".{piece}"
    return reference, row


def _below(frame: Frame | None, row: int, index: int) -> tuple[int, int] | None:
    """The number of the slice, and the row there, of one of the items that an item was split into."""
    if frame is None or not row_ranges.contains(frame.split.arrived, row):
        return None
    parent = row_ranges.rank(frame.split.arrived, row)
    if index >= frame.counts[parent]:
        return None
    return divmod(frame.starts[parent] + index, int(frame.split.doc["fan"]["g"]))


def inherited(sent: Sent, frame: Frame | None) -> Classes:
    """What items inherit from the manifests that sent them: for each class of rows its artifacts.

    `frame` is the slice that the rows belong to when the one manifest is that of its split.
    """
    found: Classes = []
    for manifest, rows in sent:
        own = manifest.doc["own"]
        for group in manifest.doc["classes"]:
            items = row_ranges.intersect(group["items"], manifest.arrived if frame else rows)
            if not items:
                continue
            names = _overlaid(own, group["names"], items)
            if frame is not None:
                items = frame.below(items)
                names = {name: [[column, up + 1] for column, up in columns] for name, columns in names.items()}
            if items:
                _add(found, items, names)
    return found


def _overlaid(own: dict[str, Column], before: dict[str, Any], items: RowRanges) -> dict[str, Any]:
    names = dict(before)
    for name, column in own.items():
        whole = not row_ranges.subtract(items, column["items"])
        names[name] = [[column, 0]] if whole else [[column, 0], *before.get(name, [])]
    return names


def _add(classes: Classes, items: RowRanges, names: dict[str, Any]) -> None:
    for group in classes:
        if group["names"] == names:
            group["items"] = row_ranges.union(group["items"], items)
            return
    classes.append({"items": items, "names": names})
