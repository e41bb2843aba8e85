"""The output of the tasks of a run as it grows, line by line: `flowport logs -f`.

Each look takes one listing of the logs and one of the signs (a request for 1,000 of them), and reads only
what is new. An attempt whose sign is read goes on with its log when that is there, at the same byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flowport.runtime.live.documents import Documents
from flowport.runtime.live.life import Life
from flowport.runtime.live.logs import LogReader
from flowport.runtime.records.attempts import written
from flowport.runtime.records.signs import places
from flowport.runtime.records.slices import pieces
from flowport.runtime.run.labels import Labels
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.keys import LOG, unpart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowport.runtime.live.logs import LogPart
    from flowport.runtime.records.signs import Place, Sign
    from flowport.runtime.run.reader import Run
    from flowport.runtime.store.entry import Entry

LONGEST = 1 << 16
"""Bytes that are kept back until their line is complete."""


class Line(NamedTuple):
    """A line that a task printed. `task` is its name, `train/r.3`, and `attempt` counts from 1."""

    step: str
    task: str
    attempt: int
    text: str


class _Stream:
    """The output of one attempt, as far as it was read. `seen` is by what it was read last."""

    __slots__ = ("attempt", "held", "offset", "seen", "slice", "step")

    def __init__(self, step: str, slice: str, attempt: int) -> None:
        self.step, self.slice, self.attempt = step, slice, attempt
        self.offset, self.held, self.seen = 0, b"", ""


class Follower:
    """Follows the tasks of a run, of one step, or of one slice of it."""

    def __init__(self, run: Run, step: str = "", slice: str = "") -> None:
        self.run, self._step, self._slice = run, step, slice
        self.documents = Documents(run.store, run.keys)
        self._labels = Labels(run.plan["body"], self.documents)
        self._reader = LogReader(run.store, run.keys)
        self._streams: dict[str, _Stream] = {}
        self._attempts: dict[tuple[str, str], int] = {}
        self._is_local = False
        self.is_running = True
        """Whether an attempt was running at the last look, as far as its sign says."""

    def look(self) -> Iterator[Line]:
        """The lines that were printed since the last look. May raise StoreError."""
        life, logs = Life(self.run), self._listed()
        self._is_local = life.is_alive_here
        signs = [place for place in places(self.run.store, self.run.keys.signs(self._step, self._slice)) if self._is_wanted(place)]
        self.is_running = False
        held: dict[tuple[str, str], float] = {}
        of_logs: dict[str, Sign] = {}
        for place in signs:
            try:
                sign = self.documents.sign(place)
            except (Corrupt, Missing):
                continue
            runs = sign.ended is None and life.runs(place)
            self.is_running |= runs
            if sign.log:
                log = self.run.keys.logs(place.step, place.slice) + sign.log
                of_logs[log] = sign
                if place.key in self._streams:
                    self._streams[log] = self._streams.pop(place.key)
                continue
            if runs:
                # A log that is newer than the beginning of an attempt may be its own, which its next sign says.
                held[place.step, place.slice] = min(place.started, held.get((place.step, place.slice), place.started))
            yield from self._news(place.key, place.step, place.slice, place.version, sign)
        for (step, slice), entry in logs:
            if entry.key in of_logs or entry.modified < held.get((step, slice), entry.modified + 1):
                yield from self._news(entry.key, step, slice, f"{entry.size} {entry.key in of_logs}", of_logs.get(entry.key))

    def rest(self) -> Iterator[Line]:
        """At the end, the lines that did not end."""
        for stream in self._streams.values():
            if stream.held:
                yield self._line(stream, stream.held)
                stream.held = b""

    def _is_wanted(self, place: Place) -> bool:
        return not self._slice or place.slice == self._slice

    def _listed(self) -> list[tuple[tuple[str, str], Entry]]:
        """The logs of the tasks that are followed, in the order of their steps and attempts."""
        keys, found = self.run.keys, []
        prefix = keys.steps if not self._step else keys.step(self._step) + (f"{self._slice}{LOG}/" if self._slice else "")
        for entry in self.run.store.entries(prefix):
            step, _, rest = entry.key[len(keys.steps) :].partition("/")
            folder, slash, _ = rest.partition("/")
            slice = folder[: -len(LOG)]
            if slash and folder.endswith(LOG) and pieces(slice, "s") is not None:
                try:
                    found.append(((unpart(step), slice), entry))
                except ValueError:  # flowport did not write it
                    continue
        return sorted(found, key=lambda one: (one[1].modified, written(one[1].key)))

    def _news(self, key: str, step: str, slice: str, seen: str, sign: Sign | None) -> Iterator[Line]:
        """The new lines of an attempt, whose log or sign has changed if it is not as it was `seen`."""
        stream = self._streams.get(key)
        if stream is None:
            number = self._attempts[step, slice] = self._attempts.get((step, slice), 0) + (0 if ".nodes/" in key else 1)
            stream = self._streams[key] = _Stream(step, slice, number)
        if stream.seen == seen:
            return
        while True:
            try:
                part = self._part(key, stream, sign)
            except Missing:  # it was deleted meanwhile
                return
            stream.offset = part.offset
            *lines, stream.held = (stream.held + part.data).split(b"\n")
            if len(stream.held) > LONGEST:
                lines.append(stream.held)
                stream.held = b""
            yield from (self._line(stream, line) for line in lines)
            if part.is_over or not part.data:
                break
        stream.seen = seen
        # Of a local run a log without a sign may still grow.
        if stream.held and part.is_over and (sign is not None or not self._is_local):
            yield self._line(stream, stream.held)
            stream.held = b""

    def _part(self, key: str, stream: _Stream, sign: Sign | None) -> LogPart:
        return self._reader.of_sign(sign, stream.offset) if sign is not None else self._reader.stored(key, stream.offset)

    def _line(self, stream: _Stream, data: bytes) -> Line:
        text = data.decode(errors="replace").rstrip().rpartition("\r")[2]
        return Line(stream.step, self._labels.label(stream.step, stream.slice), stream.attempt, text)
