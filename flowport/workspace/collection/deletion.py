"""Deletes runs so that no other run can begin to need them meanwhile.

A document in its folder says first that a run is to be deleted. Then this looks for runs that began since: a run that resumes another one
looks for that document after it has written its own, and does not begin if there is one. So either it sees that the other run is about to
go, or this sees that it is needed, and leaves it. The document of the run is deleted first, so that nobody finds the run any more, and the
one that announced it last, so that another collection can finish what was cut off.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from flowport.runtime.protocol import GATE, RECORDS
from flowport.runtime.records.life import Heartbeat
from flowport.runtime.store import documents
from flowport.runtime.store.errors import Missing
from flowport.runtime.store.keys import FLOWS, Keys, flow_folder, names
from flowport.runtime.store.writes import DAY
from flowport.workspace.collection.retention import needed
from flowport.workspace.collection.stored_runs import FOLDERS, StoredRun, reachable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from flowport.runtime.store.interface import Store
    from flowport.workspace.collection.stored_runs import Each

PROMPT = DAY / 4
"""Seconds in which a run is deleted once this is announced. What was announced a day ago, nobody is at work on any more."""

DEAD = 60.0
"""Seconds after which that also holds for what a process of this machine has announced which is not there any more."""

BATCH = 1000
"""Runs that are announced together."""


class Deletion:
    """Deletes some of the `runs` of their flows. `kept` are those that it does not delete because another run needs them, with that run.

    `left` are those that another collection is deleting.
    """

    def __init__(self, store: Store, runs: list[StoredRun], each: Each, report: Callable[[str], None]) -> None:
        self.store, self.runs, self._each, self._report = store, runs, each, report
        self.kept: dict[StoredRun, StoredRun] = {}
        self.left: set[StoredRun] = set()

    def delete(self, chosen: Iterable[StoredRun]) -> None:
        """Delete runs. A run goes before those that it resumes, which stay if it turns out that it has to stay."""
        waiting = sorted(chosen, key=lambda run: (run.started, run.keys.id), reverse=True)
        while waiting:
            announced = time.time()
            own = [run for run, is_own in zip(waiting, self._each(self._claim, waiting[:BATCH])) if is_own]
            self.left.update(run for run in waiting[:BATCH] if run not in own)
            self.runs += self._new_runs()
            self.kept.update(needed(self.runs, [run for run in waiting if run not in self.left]))
            for run in own:
                if run in self.kept:
                    self.store.delete(run.keys.deleting())
            gone = [run for run in own if run not in self.kept]
            self._delete_announced(gone, announced)
            self.runs = [run for run in self.runs if run not in gone]
            waiting = [run for run in waiting[BATCH:] if run not in self.kept]

    def finish(self, runs: Collection[StoredRun]) -> None:
        """Delete what earlier deletions have left of runs."""
        self._delete_announced(runs, time.time())

    def remove_not_begun(self, runs: Collection[StoredRun]) -> None:
        """Delete what is left of runs that did not begin. What says that they did not goes last, so that it can be finished if cut off."""
        listed = [(run.keys.route(GATE, "s", 0), entry.key) for run in runs for entry in self.store.entries(run.keys.root)]
        self.store.delete_all([key for last, key in listed if key != last])
        self.store.delete_all([run.keys.route(GATE, "s", 0) for run in runs])

    def take_back(self, chosen: Collection[StoredRun]) -> None:
        """Let runs be that a collection has announced and did not come to delete, unless they are chosen again."""
        for run in self.runs:
            if {"deleting.json", "run.json"} <= run.names and not run.is_linked and run not in chosen and self._claim(run):
                self.store.delete(run.keys.deleting())

    def _claim(self, run: StoredRun) -> bool:
        """Announce that a run is to be deleted; False if another collection has done so, and may be at work."""
        key, here = run.keys.deleting(), {"host": os.uname().nodename, "process": os.getpid()}
        data = documents.dump({"v": RECORDS, "nonce": os.urandom(8).hex(), "time": round(time.time(), 3), **here})
        if self.store.create(key, data):
            return True
        try:
            found = self.store.entry(key)
            patience = DEAD if self._is_dead(key) else DAY
        except Missing:
            return False
        return time.time() - found.modified > patience and self.store.replace_if(key, data, found.version)

    def _is_dead(self, key: str) -> bool:
        """Whether a process of this machine announced a deletion and is not there any more; of a damaged document nobody can tell."""
        try:
            announced = documents.load(self.store.read(key))
        except ValueError:
            announced = None
        if not isinstance(announced, dict) or "time" not in announced:
            self._report(f"`{key}` in {self.store.url} is damaged: its run is left alone until a day after this was written")
            return False
        return Heartbeat(announced).process_is_alive is False

    def _new_runs(self) -> list[StoredRun]:
        """The runs of all flows that have begun since their documents were listed."""
        known = {run.keys.root for run in self.runs if run.record}
        found = []
        for flow in names(reachable(self.store, FLOWS))[0]:
            for kind in FOLDERS:
                there = [Keys(flow, name) for name in names(reachable(self.store, f"{flow_folder(flow)}{kind}"))[0]]
                found += [StoredRun(self.store, keys) for keys in there if keys.root not in known]
        return [run for run in self._each(StoredRun.read, found) if run.record]

    def _delete_announced(self, runs: Collection[StoredRun], announced: float) -> None:
        """Delete runs together, which takes fewer requests. What is not finished keeps its announcement."""
        if time.time() - announced > PROMPT:
            self.left.update(runs)
            return
        self.store.delete_all([run.keys.run() for run in runs])
        finished = [run for run, is_done in zip(runs, self._each(lambda run: self._delete(run, announced), runs)) if is_done]
        self.store.delete_all([run.keys.input() for run in finished])
        self.store.delete_all([run.keys.deleting() for run in finished])

    def _delete(self, run: StoredRun, announced: float) -> bool:
        """Delete most documents of a run; False if the machine has slept, because by now there may be another run of this name."""
        if time.time() - announced > PROMPT:
            return False
        last = (run.keys.input(), run.keys.deleting())
        self.store.delete_all([entry.key for entry in self.store.entries(run.keys.root) if entry.key not in last])
        return True
