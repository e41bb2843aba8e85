"""A pack: one blob with the small values of a slice, column by column, so that a manifest names columns and not values.

    column: width (1) of a size: 0, 1, 2, 4 or 8;  width 0: one size (8) for all entries;  else a size per entry;  then the entries
    index:  a row of ROW bytes per inner slice of a foreach: at (8), size (8), number of entries (8), same (8), SHA-256 (32)

Numbers are little-endian. A column is read as one range of its pack, and checked against its own digest.
"""

from __future__ import annotations

import struct
from itertools import accumulate, pairwise

from flowport.runtime.store import codec, digests, row_ranges
from flowport.runtime.store.errors import Corrupt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.row_ranges import RowRanges

    Col = dict[str, Any]

MAGIC = b"flowpack"
ROW = struct.Struct("<QQQQ32s")
FORMATS = {1: "B", 2: "H", 4: "I", 8: "Q"}


class Packer:
    """Collects columns and puts them as one blob."""

    def __init__(self) -> None:
        self._parts: list[bytes] = [MAGIC]
        self._end = len(MAGIC)
        self._places: dict[str, int] = {}
        self._given: list[Col] = []

    def add(self, entries: Sequence[bytes], items: RowRanges) -> Col:
        """A column of one entry for each row in `items`; its `pack` is filled in by `close`."""
        same = len(entries) > 1 and entries.count(entries[0]) == len(entries)
        col = self._place(_column(entries[:1] if same else entries), {"n": len(entries), "items": items})
        if same:
            col["same"] = True
        return col

    def index(self, cols: Sequence[Col]) -> Col:
        """One entry for many columns of this pack, so that a manifest does not grow with the number of slices."""
        rows = [ROW.pack(col["at"], col["size"], col["n"], "same" in col, bytes.fromhex(col["sha"])) for col in cols]
        return self._place(b"".join(rows), {"k": len(cols)})

    def close(self, store: Store) -> None:
        """Put the pack, when there is anything in it, and name it in every column."""
        if not self._given:
            return
        sha, _ = store.put_blob(self._parts)
        for col in self._given:
            col["pack"] = sha

    def _place(self, data: bytes, rest: Col) -> Col:
        """A column of these bytes; columns of equal bytes share them."""
        sha = digests.of(data)
        at = self._places.setdefault(sha, self._end)
        if at == self._end:
            self._parts.append(data)
            self._end += len(data)
        col: Col = {"pack": "", "at": at, "size": len(data), "sha": sha, **rest}
        self._given.append(col)
        return col


def of_row(store: Store, found: dict[str, bytes], row: int) -> dict[str, Col]:
    """A column of one row for each of these entries, in a pack that is stored."""
    packer = Packer()
    columns = {name: packer.add([entry], [[row, row + 1]]) for name, entry in found.items()}
    packer.close(store)
    return columns


def entries(store: Store, col: Col) -> list[bytes]:
    """The entries of a column, in the order of its rows; raises Missing and Corrupt."""
    found = _split(_range(store, col), 1 if "same" in col else col["n"])
    return found * col["n"] if "same" in col else found


def values(store: Store, col: Col) -> list[object]:
    """The values of a column, in the order of its rows; each its own, or shared where it is immutable."""
    found = _split(_range(store, col), 1 if "same" in col else col["n"])
    if "same" not in col:
        return codec.decode_all(found, store)
    first = codec.decode(found[0], store)
    if codec.frozen(first):
        return [first] * col["n"]
    return [first, *[codec.decode(found[0], store) for _ in range(col["n"] - 1)]]


def entry(store: Store, col: Col, row: int) -> bytes:
    """The entry of one row, which the column has."""
    if not row_ranges.contains(col["items"], row):
        raise LookupError(f"row {row} is not in the column")
    place = 0 if "same" in col else row_ranges.rank(col["items"], row)
    return _split(_range(store, col), 1 if "same" in col else col["n"])[place]


def indexed(store: Store, index: Col, k: int) -> Col:
    """The column number `k` of an index; its rows are counted from 0."""
    at, size, n, same, sha = ROW.unpack_from(_range(store, index), k * ROW.size)
    col: Col = {"pack": index["pack"], "at": at, "size": size, "sha": sha.hex(), "n": n, "items": row_ranges.full(n)}
    if same:
        col["same"] = True
    return col


def around(store: Store, columns: Sequence[Col], limit: int) -> Store:
    """What to read these columns of one pack from: the bytes around all of them, read at once, unless that is more than `limit`."""
    first, stop = min(col["at"] for col in columns), max(col["at"] + col["size"] for col in columns)
    if stop - first > limit:
        return store
    found: Any = _Span(store.blob_part(columns[0]["pack"], first, stop - first), first)
    return found  # type: ignore[no-any-return]


class _Span:
    """Some bytes of a pack, read as a store reads them."""

    def __init__(self, data: bytes, first: int) -> None:
        self._data, self._first = data, first

    def blob_part(self, sha: str, start: int, size: int) -> bytes:
        return self._data[start - self._first : start - self._first + size]


def _column(found: Sequence[bytes]) -> bytes:
    sizes = [len(entry) for entry in found]
    longest = max(sizes, default=0)
    if min(sizes, default=0) == longest:
        table = b"\0" + longest.to_bytes(8, "little")
    else:
        width = next(width for width in FORMATS if longest >> (8 * width) == 0)
        table = bytes([width]) + struct.pack(f"<{len(sizes)}{FORMATS[width]}", *sizes)
    return b"".join([table, *found])


def _range(store: Store, col: Col) -> bytes:
    data = store.blob_part(col["pack"], col["at"], col["size"])
    if digests.of(data) != col["sha"]:
        raise Corrupt(f"blob `{col['pack']}` does not match the digest of its column at {col['at']}")
    return data


def _split(data: bytes, n: int) -> list[bytes]:
    """The `n` entries of a column; raises Corrupt where it has another number of them."""
    width = data[0] if data else -1
    if width == 0:
        size = int.from_bytes(data[1:9], "little")
        ends: Sequence[int] = range(9, 10 + n * size, size) if size else [9] * (n + 1)
    elif width in FORMATS and len(data) > n * width:
        ends = list(accumulate(struct.unpack_from(f"<{n}{FORMATS[width]}", data, 1), initial=1 + n * width))
    else:
        ends = [-1]
    if ends[-1] != len(data):
        raise Corrupt(f"a column of {len(data)} bytes does not have {n} entries")
    return [data[at:end] for at, end in pairwise(ends)]
