"""The inputs of a join as ranges of rows, a record of what was read of them, and its digests."""

from __future__ import annotations

import struct

from flowport.runtime.package.class_attributes import NOTHING
from flowport.runtime.replay.artifact_view import ATOMS
from flowport.runtime.store import codec, digests, row_ranges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from flowport.runtime.replay.artifact_view import ArtifactView
    from flowport.runtime.store.row_ranges import RowRanges

MERGED = "*"
"""Stands among what was read for the names of all artifacts, which `merge_artifacts` looks at; no artifact has this name."""


class InputRange:
    """Consecutive rows of one manifest that are inputs of one item of a join."""

    def __init__(self, view: ArtifactView, first: int, count: int) -> None:
        self.view, self.first, self.count = view, first, count
        self.values: dict[str, list[Any] | None] = {}
        """Artifacts whose values are plain in every row, decoded; None for the others."""
        self.used: dict[str, bytearray] = {}
        """For each artifact, one byte for each row: 1 if the step has read it."""

    @property
    def rows(self) -> RowRanges:
        return [[self.first, self.first + self.count]]

    def use(self, name: str) -> bytearray:
        """The marks of the rows in which an artifact was read."""
        if name not in self.used:
            self.values[name] = self._plain(name)
            self.used[name] = bytearray(self.count)
        return self.used[name]

    def value(self, name: str, row: int) -> Any:
        """The artifact of one row; NOTHING if it has none."""
        self.use(name)[row - self.first] = 1
        values = self.values[name]
        if values is not None:
            return values[row - self.first]
        entry = self.view.entry(name, row)
        return NOTHING if entry is None else self.view.value(name, row, entry)

    def _plain(self, name: str) -> list[Any] | None:
        column = self.view.own.get(name)
        if column is None:
            entry = self.view.shared(name, self.rows)
            if entry is None or codec.is_reference(entry[0]):
                return None
            value = self.view.value(name, self.first, entry[0])
            return [value] * self.count if type(value) in ATOMS else None
        if row_ranges.subtract(self.rows, column["items"]):
            return None
        values = self.view.plain(name)
        start = row_ranges.rank(column["items"], self.first)
        return values if values is None or (start == 0 and self.count == len(values)) else values[start : start + self.count]

    def entries(self, name: str) -> list[bytes | None]:
        """The entry of each row, or None."""
        column = self.view.own.get(name)
        if column is not None and not row_ranges.subtract(self.rows, column["items"]):
            found = self.view.stored(name, keep=column["n"] > self.count)
            start = row_ranges.rank(column["items"], self.first)
            return list(found if len(found) == self.count else found[start : start + self.count])
        return [self.view.entry(name, row) for row in range(self.first, self.first + self.count)]

    def distinct(self, name: str) -> list[bytes | None]:
        """The entries that the rows have, each once."""
        column = self.view.own.get(name)
        if column is None:
            shared = self.view.shared(name, self.rows)
            if shared is not None:
                return list(shared)
        elif "same" in column and not row_ranges.subtract(self.rows, column["items"]):
            return [self.view.entry(name, self.first)]
        return list(dict.fromkeys(self.entries(name)))

    def names(self) -> set[str]:
        """Every artifact that one of these rows has, whatever else is in their slice."""
        found = {name for name, column in self.view.own.items() if row_ranges.intersect(column["items"], self.rows)}
        for group in self.view.classes:
            rows = row_ranges.intersect(group["items"], self.rows)
            found.update(name for name in group["names"] if name not in found and self.view.some(name, rows))
        return found


class InputRanges:
    """All inputs of one item of a join, in their order, and a record of what was read of them."""

    def __init__(self, ranges: list[InputRange]) -> None:
        self.ranges = ranges
        self.merged = False
        """Whether `merge_artifacts` has looked at the names of all artifacts."""

    def __len__(self) -> int:
        return sum([each.count for each in self.ranges])

    @property
    def steps(self) -> list[str]:
        """The steps that inputs came from, sorted."""
        return sorted({each.view.step for each in self.ranges})

    def names_digest(self) -> str:
        """One digest over the names of all artifacts that the inputs have."""
        return digests.of("\n".join(_names(self.ranges)).encode("utf-8", "surrogatepass"))[:32]

    def marks(self) -> dict[str, Any]:
        """What was read of the inputs: their number, and for each artifact the inputs that were asked and one digest over it."""
        found: dict[str, Any] = {"inputs": len(self)}
        if self.merged:
            found["inputs." + MERGED] = self.names_digest()
        names = sorted({name for each in self.ranges for name in each.used})
        for name in names:
            wanted: RowRanges = []
            before = 0
            for each in self.ranges:
                used = each.used.get(name, b"")
                rows = row_ranges.full(len(used)) if 0 not in used else row_ranges.from_rows([row for row in range(len(used)) if used[row]])
                if rows and wanted and wanted[-1][1] == before + rows[0][0]:
                    wanted[-1][1] = before + rows.pop(0)[1]
                wanted += [[before + start, before + stop] for start, stop in rows]
                before += each.count
            found["inputs." + name] = [wanted, self.digest(name, wanted)]
        return found

    def digest(self, name: str, wanted: list[list[int]]) -> str:
        """One digest over an artifact of some of the inputs, however they are cut into slices."""
        number, before = row_ranges.count(wanted), 0
        sizes, data = digests.new(8 * number), digests.new(8 * number)
        for each in self.ranges:
            rows = [[start - before, stop - before] for start, stop in row_ranges.intersect(wanted, [[before, before + each.count]])]
            before += each.count
            if not rows:
                continue
            stored = each.entries(name)
            if rows != [[0, each.count]]:
                stored = [entry for start, stop in rows for entry in stored[start:stop]]
            entries: list[Any] = [entry or b"" for entry in stored] if None in stored else stored
            sizes.update(struct.pack(f"<{len(entries)}Q", *map(len, entries)))
            data.update(b"".join(entries))
        return digests.of((sizes.hexdigest() + data.hexdigest()).encode())[:32]


def _names(ranges: list[InputRange]) -> list[str]:
    return sorted(set().union(*[each.names() for each in ranges]))


def differing(
    ranges: list[InputRange], wanted: Callable[[str], bool], otherwise: Callable[[str], bytes | None]
) -> tuple[dict[str, bytes], list[str]]:
    """The artifacts in which all rows that have them agree, and the names of those in which they do not."""
    found: dict[str, bytes] = {}
    unequal: list[str] = []
    for name in _names(ranges):
        if not wanted(name):
            continue
        entries: set[bytes | None] = set()
        for each in ranges:
            entries.update(each.distinct(name))
            each.use(name)[:] = b"\1" * each.count
        if None in entries:
            entries = (entries | {otherwise(name)}) - {None}
        if len(entries) == 1:
            found[name] = entries.pop()  # type: ignore[assignment]
        elif entries:
            unequal.append(name)
    return found, unequal
