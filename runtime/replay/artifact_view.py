"""The artifacts of the items of a slice: the column and row that has each of them, and its stored entry."""

from __future__ import annotations

from _pickle import loads

from flowport.runtime.store import codec, digests, packs, row_ranges
from flowport.runtime.store.errors import Corrupt, Missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from flowport.runtime.replay.lineage import Classes, Column, Frame, Lineage
    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.row_ranges import RowRanges


ATOMS = frozenset([int, float, str, bytes, bool, complex, type(None)])
"""The types whose values can be shared between items."""


class ColumnCache:
    """The columns that a task has read, each read and verified once. `load` makes values of pickles."""

    def __init__(self, store: Store, load: Callable[..., Any] = loads) -> None:
        self.store, self._load = store, load
        self._entries: dict[tuple[str, int, int, int], list[bytes]] = {}
        self._elements: dict[tuple[str, int], Column] = {}

    def entries(self, column: Column) -> list[bytes]:
        """Everything in a column, in the order of its rows."""
        # Equal entries are stored once, so slices of different sizes can share a place in one pack.
        place = (column["pack"], column["at"], column["size"], column["n"])
        if place not in self._entries:
            self._entries[place] = packs.entries(self.store, column)
        return self._entries[place]

    def entry(self, column: Column, row: int) -> bytes:
        """What a column has for one of its rows."""
        return self.entries(column)[row_ranges.rank(column["items"], row)]

    def value(self, entry: bytes) -> Any:
        """The value of an entry, a new one each time; raises as `codec.decode` does."""
        return codec.decode(entry, self.store, self._load)

    def element(self, frame: Frame, row: int) -> bytes:
        """What the foreach of a frame went over, at one row of its slice."""
        key = (frame.split.sha, frame.number)
        if key not in self._elements:
            self._elements[key] = packs.indexed(self.store, frame.split.doc["fan"]["values"], frame.number)
        return self.entry(self._elements[key], row)


class ArtifactView:
    """The artifacts of the rows of one slice: `own` columns first, then what the rows' classes inherit."""

    def __init__(self, columns: ColumnCache, lineage: Lineage, step: str, own: dict[str, Column], classes: Classes) -> None:
        self.columns, self.lineage, self.step, self.own, self.classes = columns, lineage, step, own, classes
        self._plain: dict[str, list[Any] | None] = {}

    def entry(self, name: str, row: int) -> bytes | None:
        """The stored form of an artifact, None where the item has none; raises Corrupt with the artifact's name and address."""
        try:
            column = self.own.get(name)
            if column is not None and row_ranges.contains(column["items"], row):
                return self.columns.entry(column, row)
            if name == "input" and self.lineage.frames:
                return self.columns.element(self.lineage.frames[-1], row)
            for column, ancestor in self._inherited(name, row):
                return self.columns.entry(column, ancestor)
        except (Missing, Corrupt) as error:
            raise self._broken(name, row, error) from None
        return None

    def _inherited(self, name: str, row: int) -> Iterator[tuple[Column, int]]:
        """The columns that have an artifact which the item of a row inherits, each with the row there."""
        for group in self.classes:
            if row_ranges.contains(group["items"], row):
                for column, up in group["names"].get(name, []):
                    ancestor = self.lineage.ancestor(row, up)
                    if row_ranges.contains(column["items"], ancestor):
                        yield column, ancestor

    def column(self, name: str, row: int) -> tuple[Column, int] | None:
        """The column that has an artifact of the item of a row, and its row there; None where the item has none."""
        own = self.own.get(name)
        if own is not None and row_ranges.contains(own["items"], row):
            return own, row
        return next(self._inherited(name, row), None)

    def names(self, row: int) -> list[str]:
        """The artifacts that the item of a row has, sorted."""
        found = {name for name, column in self.own.items() if row_ranges.contains(column["items"], row)}
        for group in self.classes:
            if row_ranges.contains(group["items"], row):
                found.update(name for name in group["names"] if self.some(name, [[row, row + 1]]))
        return sorted(found)

    def some(self, name: str, rows: RowRanges) -> bool:
        """Whether one of these rows inherits an artifact."""
        return any(True for row in row_ranges.iterate(rows) for _ in self._inherited(name, row))

    def value(self, name: str, row: int, entry: bytes) -> Any:
        """The value of an entry; a new one each time."""
        try:
            return self.columns.value(entry)
        except (Missing, Corrupt) as error:
            raise self._broken(name, row, error) from None

    def plain(self, name: str) -> list[Any] | None:
        """The values of an own column when all of them are of immutable built-in types, in the order of its rows."""
        if name not in self._plain:
            values = codec.decode_inline(self.stored(name, keep=False))
            self._plain[name] = values if values is not None and ATOMS.issuperset(map(type, values)) else None
        return self._plain[name]

    def stored(self, name: str, keep: bool) -> list[bytes]:
        """Everything in an own column, in the order of its rows; `keep` it for further reads."""
        column = self.own[name]
        try:
            return self.columns.entries(column) if keep else packs.entries(self.columns.store, column)
        except (Missing, Corrupt) as error:
            raise self._broken(name, column["items"][0][0], error) from None

    def shared(self, name: str, rows: RowRanges) -> tuple[bytes] | None:
        """The one entry that all of `rows` inherit, when that can be seen without looking at every row."""
        for group in self.classes:
            if not row_ranges.subtract(rows, group["items"]):
                found = group["names"].get(name, [])
                if len(found) != 1:
                    continue
                column, up = found[0]
                if (column["n"] == 1 or "same" in column) and self._covered(column, up, rows):
                    entry = self.entry(name, rows[0][0])
                    return None if entry is None else (entry,)
        return None

    def _covered(self, column: Column, up: int, rows: RowRanges) -> bool:
        """Whether a column has what all of `rows` descend from, `up` foreaches further out; ancestors are in the order of the rows."""
        if up:
            rows = [[self.lineage.ancestor(rows[0][0], up), self.lineage.ancestor(rows[-1][1] - 1, up) + 1]]
        return not row_ranges.subtract(rows, column["items"])

    def _broken(self, name: str, row: int, error: Exception) -> Corrupt:
        what = "is missing" if isinstance(error, Missing) else "is corrupt"
        return Corrupt(f"artifact `{name}` of {self.step}/{self.lineage.address(row)} {what}: {error}")


def mark(entry: bytes) -> str:
    """The digest of an entry, by which resuming knows what was read."""
    return digests.of(entry)[:32]
