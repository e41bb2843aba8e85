"""Reads what an attempt prints while it runs, from its sign and the documents before it, and afterwards from its log."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flowport.runtime.records.signs import LONGEST

if TYPE_CHECKING:
    from flowport.runtime.records.signs import Sign
    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys

CHUNK = 1 << 20
"""The most bytes of a log that are returned at a time, unless more are asked for."""


class LogPart(NamedTuple):
    """A part of a log. `offset` is where the next one begins; `is_over` says that there is none, and none will come."""

    data: bytes
    offset: int
    is_over: bool


class LogReader:
    """The logs of a run. Bytes are counted from the beginning of the output, also where its middle is not kept."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._store, self._keys = store, keys

    def of_sign(self, sign: Sign, offset: int = 0, limit: int = CHUNK) -> LogPart:
        """The same of the attempt that a sign is of."""
        keys, place = self._keys, sign.place
        if sign.log:
            part = self.stored(keys.logs(place.step, place.slice) + sign.log, offset, limit, sign.size)
            return part._replace(is_over=part.is_over and sign.ended is not None)
        data = self._before(keys.live_log(place.step, place.slice, place.id), offset, min(sign.start, offset + limit))
        at = offset + len(data)
        if len(data) < limit and (at >= sign.start or not data):
            at = max(at, sign.start)  # what is between is not kept
            more = sign.tail[at - sign.start :][: limit - len(data)]
            data, at = data + more, at + len(more)
        return LogPart(data, at, sign.ended is not None and at >= sign.size)

    def _before(self, folder: str, start: int, stop: int) -> bytes:
        """What the documents of a log hold from one byte to another, up to the first that is not kept."""
        if start >= stop:
            return b""
        found = b""
        for entry in self._store.entries(folder):
            name = entry.key.rpartition("/")[2]
            begin = int(name) if name.isdecimal() else stop
            at = start + len(found)
            if begin <= at < begin + entry.size and at < stop:
                found += self._store.part(entry.key, at - begin, min(stop, begin + entry.size) - at)
        return found

    def stored(self, key: str, offset: int, limit: int = CHUNK, printed: int = 0) -> LogPart:
        """A part of a log that is stored as a whole, or grows. Of one with more bytes `printed` than it has, the middle was left out."""
        size = self._store.size(key)
        if printed <= size:
            data = self._store.part(key, offset, max(0, min(limit, size - offset)))
            return LogPart(data, offset + len(data), offset + len(data) >= size)
        note = self._store.part(key, LONGEST, min(64, size - LONGEST)).split(b"\n")[1] + b"\n"
        skipped = printed - (size - len(note) - 1)
        if offset < LONGEST:
            data = self._store.part(key, offset, min(limit, LONGEST - offset))
            return LogPart(data, offset + len(data), False)
        if offset < LONGEST + skipped:
            return LogPart(b"\n" + note, LONGEST + skipped, False)
        at = offset - skipped + len(note) + 1
        data = self._store.part(key, at, max(0, min(limit, size - at)))
        return LogPart(data, offset + len(data), at + len(data) >= size)
