"""Signs of life: what an attempt of a task says in the store while it runs, so that readers tell a running task from a lost one.

A sign is one document of an attempt, `step-live/signs/<step>/<slice>/<id>`: a line of JSON, and behind it the end of the log. It is
written again in every interval, and a last time when the attempt has ended. What no longer fits into it was written before, in documents
that are never written again: a log is never written whole. The `id` is unique, so attempts that run at the same time do not mix. It says
when the attempt began and how often it gives a sign, so that a listing of signs is enough to tell which attempts run.
"""

from __future__ import annotations

import os
import time

from flowport.runtime.protocol import OLDEST_RECORDS, RECORDS, version_problem
from flowport.runtime.store import documents
from flowport.runtime.store.errors import Corrupt
from flowport.runtime.store.keys import unpart

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Protocol

    from flowport.runtime.store.entry import Entry
    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys

    class LogSource(Protocol):
        """What an attempt has printed so far."""

        @property
        def size(self) -> int:
            """How many bytes."""

        def read(self, start: int, stop: int) -> bytes:
            """The bytes from `start` to `stop`."""


PART = 1 << 16
"""Bytes from which the end of a log gets a document of its own."""

LONGEST = 8 << 20
"""Bytes of the beginning of a log that are kept while the task runs. Of what comes after it only the last `WINDOW` bytes are."""

WINDOW = 1 << 18


class SignWriter:
    """The sign and the log of one attempt. Nothing is written before `write`.

    `place` is the step and the slice. `started` is in seconds since 1970 and `every` the seconds between two signs. `fixed` is what all
    signs of the attempt say: `epoch`, and `node` of another node of a gang; or `log`, the name of a log that readers see as it grows,
    which is not written a second time.
    """

    def __init__(self, keys: Keys, place: tuple[str, str], started: float, every: float, fixed: Mapping[str, Any]) -> None:
        self._is_shown = "log" in fixed
        self._said: dict[str, Any] = {"v": RECORDS, "started": round(started, 3), **fixed}
        id = f"{int(started * 1000):014}-{every:g}-{os.urandom(6).hex()}"
        self.key = f"{keys.signs(*place)}{id}"
        self._folder = keys.live_log(*place, id)
        self._at = 0

    def take(self, log: LogSource) -> Pending:
        """What the next sign has of the log. It is taken apart from `write`, which may take long and run beside what fills the log."""
        size, at = log.size, self._at
        if self._is_shown:
            return Pending(size, at, b"", size, b"")
        whole = b""
        if size - at >= PART and at < LONGEST:
            whole = log.read(at, min(size, LONGEST))
        start = at + len(whole)
        if start >= LONGEST:
            start = max(start, size - WINDOW)
        return Pending(size, at, whole, start, log.read(start, size))

    def write(self, store: Store, found: Pending, items: tuple[int, int] | None = None, **end: Any) -> None:
        """Write a sign; raises StoreError. `items` are those that are done and all of the task; `end` says how the attempt ended."""
        if found.whole:
            store.create(f"{self._folder}{found.at:012}", found.whole)
            self._at = found.at + len(found.whole)
        said = {**self._said, "time": round(time.time(), 3), "size": found.size, "at": found.start, **end}
        if items is not None:
            said.update(items=items[0], of=items[1])
        store.replace(self.key, documents.dump(said) + b"\n" + found.tail)


class Pending:
    """What a sign has of a log of `size` bytes: `tail`, from byte `start` on; and before it a document `whole` from byte `at` on."""

    __slots__ = ("at", "size", "start", "tail", "whole")

    def __init__(self, size: int, at: int, whole: bytes, start: int, tail: bytes) -> None:
        self.size, self.at, self.whole, self.start, self.tail = size, at, whole, start, tail

    def leave_out(self) -> None:
        """Leave out the log, which stands as a whole elsewhere."""
        self.whole = self.tail = b""


class Place:
    """What the key of a sign says, and when it was written last (`seen`), by the clock of the store; raises ValueError for other keys.

    The attempt `started` at this time, in seconds since 1970, and gives a sign `every` so many seconds.
    """

    def __init__(self, entry: Entry) -> None:
        self.key, self.seen, self.version = entry.key, entry.modified, entry.version
        step, self.slice, self.id = entry.key.split("/")[-3:]
        self.step = unpart(step)
        started, every, _ = self.id.split("-")
        self.started, self.every = int(started) / 1000, float(every)

    @property
    def silence(self) -> float:
        """Seconds without a sign after which the attempt is lost: a slow store or machine may leave some out."""
        return max(10.0, 5 * self.every)


class Sign:
    """The last sign of an attempt. Raises Corrupt.

    `items` of `of` are done, both None for a task of one item. `ended`, in seconds since 1970, and `code` are None as long as the attempt
    runs. `log` is the name of its log, such as `0-1`, "" before it has one. `tail` are the last bytes of the log, from byte `start` on,
    and `size` is how many it has. `node` is the number of a node of a gang that has a container of its own.
    """

    def __init__(self, place: Place, data: bytes) -> None:
        self.place = place
        head, _, self.tail = data.partition(b"\n")
        try:
            found = documents.load(head)
            problem = "it is not a JSON object" if not isinstance(found, dict) else version_problem(found.get("v"), RECORDS, OLDEST_RECORDS)
            if problem:
                raise Corrupt(f"`{place.key}` cannot be read: {problem}")
            self.size, self.start = int(found["size"]), int(found["at"])
            self.epoch, self.node = int(found.get("epoch", 0)), int(found.get("node", 0))
            is_of_many, is_over = "of" in found, "ended" in found
            self.items = int(found["items"]) if is_of_many else None
            self.of = int(found["of"]) if is_of_many else None
            self.ended = float(found["ended"]) if is_over else None
            self.code = int(found["code"]) if is_over else None
            self.log = str(found.get("log", ""))
        except (ValueError, TypeError, LookupError, UnicodeDecodeError) as error:
            raise Corrupt(f"`{place.key}` is damaged: {type(error).__name__}: {error}") from None


def places(store: Store, prefix: str) -> list[Place]:
    """The signs whose keys begin with `prefix` (`Keys.signs`), sorted by task and by the time when their attempts began: one listing."""
    found = []
    for entry in store.entries(prefix):
        try:
            found.append(Place(entry))
        except ValueError:  # flowport did not write it
            continue
    return found


def read_sign(store: Store, place: Place) -> Sign:
    """The last sign of an attempt. Raises Corrupt."""
    return Sign(place, store.read(place.key))
