"""The runs that pages have been asked for, each with what was read of it.

Manifests are never overwritten, so what was read of a run that is going on is kept, and a page that is shown again asks only for what is
new. A run that is over is read again after a while, as it may go on.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.runtime.live.tasks import LiveRun
from flowport.runtime.records.run_record import document
from flowport.runtime.run.reader import find
from flowport.runtime.run.tags import read_tags
from flowport.runtime.store.errors import Missing
from flowport.runtime.store.keys import Keys
from flowport.runtime.table.table import RunTable
from flowport.workspace.runs import status

if TYPE_CHECKING:
    from flowport.runtime.run.reader import Run
    from flowport.runtime.run.status import RunStatus
    from flowport.runtime.store.interface import Store

KEPT_READERS, KEPT_RUNS = 20, 5000
FRESH, OVER = 0.5, 30.0
"""Seconds for which a run is not read again: while it is going on, and when it is over."""


class RunInfo(NamedTuple):
    """What a list says of a run; `status` is None where its documents cannot be read, which `damage` says."""

    document: dict[str, Any]
    tags: tuple[str, ...]
    status: RunStatus | None
    damage: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """The status as a word."""
        return self.status.status if self.status else "damaged"

    @property
    def is_over(self) -> bool:
        """Whether nothing more is expected of the run."""
        return self.status is None or self.status.is_over

    @property
    def seconds(self) -> float | None:
        """How long it took, or has taken so far."""
        return self.status.seconds(self.document["started"]) if self.status else None


class Readers:
    """Reads runs of one store, and keeps what was read. Its methods may be called by several threads."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._lock = Lock()
        self._readers: OrderedDict[tuple[str, str], tuple[float, Run, list[str], bool]] = OrderedDict()
        self._live: OrderedDict[tuple[str, str], LiveRun] = OrderedDict()
        self._runs: OrderedDict[tuple[str, str], tuple[float, RunInfo]] = OrderedDict()
        self._tables: dict[str, tuple[RunTable, list[str]]] = {}

    def info(self, flow: str, run: str) -> RunInfo:
        """What a list says of a run; raises Missing and Corrupt."""
        with self._lock:
            held = self._runs.get((flow, run))
        if held is not None and time.monotonic() - held[0] < (OVER if held[1].is_over else FRESH):
            return held[1]
        damage: list[str] = []
        keys = Keys(flow, run)
        try:
            begun = document(self.store, keys)
        except Missing:
            raise Missing(f"{self.store.url} has no run `{run}` of {flow}") from None
        state = status(self.store, begun, damage.append)
        found = RunInfo(begun, tuple(read_tags(self.store, keys, begun)), state, tuple(damage))
        with self._lock:
            self._runs[flow, run] = time.monotonic(), found
            self._runs.move_to_end((flow, run))
            while len(self._runs) > KEPT_RUNS:
                self._runs.popitem(last=False)
        return found

    def table(self, flow: str) -> tuple[list[dict[str, Any]], list[str]]:
        """The rows of the table of a flow's runs, the latest first, and what of it is damaged; raises Corrupt."""
        with self._lock:
            if flow not in self._tables:
                damage: list[str] = []
                self._tables[flow] = RunTable(self.store, flow, damage.append), damage
            table, damage = self._tables[flow]
        damage.clear()
        return [{**row, "flow": flow} for row in table.rows()], [*damage]

    def live(self, flow: str, run: str) -> LiveRun:
        """The tasks of a run as they are now; raises Missing and Corrupt."""
        with self._lock:
            held = self._live.get((flow, run))
        found = held or LiveRun(self.run(flow, run)[0])
        with self._lock:
            self._live[flow, run] = found
            self._live.move_to_end((flow, run))
            while len(self._live) > KEPT_READERS:
                self._live.popitem(last=False)
        return found

    def run(self, flow: str, run: str) -> tuple[Run, list[str]]:
        """A reader of a run, and what it has found to be damaged; raises Missing and Corrupt."""
        with self._lock:
            held = self._readers.get((flow, run))
        # Whether it was over when it was read: what happened since is not in it.
        if held is not None and time.monotonic() - held[0] < (OVER if held[3] else FRESH):
            return held[1], held[2]
        is_over = self.info(flow, run).is_over
        damage: list[str] = []
        found = find(self.store, flow, run, damage.append)
        if held is not None:
            found.manifests.take_over(held[1].manifests)
        with self._lock:
            self._readers[flow, run] = time.monotonic(), found, damage, is_over
            self._readers.move_to_end((flow, run))
            while len(self._readers) > KEPT_READERS:
                self._readers.popitem(last=False)
        return found, damage
