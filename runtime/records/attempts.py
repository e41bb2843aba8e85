"""The documents of attempts: what a failed attempt finished, for the next attempt, and its errors, for readers.

`<slice>.attempt/<epoch>-<n>` contains the items that began, those that are done with references to their outcomes, and errors. Only the
attempt itself writes its document, and replaces it while it runs.
"""

from __future__ import annotations

import os
import time
from _pickle import dumps, loads

from flowport.runtime.protocol import RECORDS
from flowport.runtime.records.slices import is_number
from flowport.runtime.records.validation import attempt_problem
from flowport.runtime.store import documents, row_ranges
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.keys import ATTEMPT, NODES, names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from flowport.runtime.records.outcome import Failure, Outcome
    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys

PERIOD = 1.0
"""Seconds between two flushes: a kill repeats what was finished since."""


NO_ATTEMPT = (-1, -1)
"""The epoch and number of a key that no task gives."""


class Attempts:
    """The attempts of one task in one epoch: its own, and the earlier ones if they count.

    `prefix` is what their keys begin with (`Keys.attempts`). The engine grants `granted` attempts after the first.
    """

    def __init__(self, store: Store, prefix: str, digest: str, key: str, granted: int, counted: bool) -> None:
        self.store, self.prefix = store, prefix
        self.before = earlier(store, self.prefix) if counted else []
        self.number = len(self.before)
        self.begun: dict[int, int] = {}
        self.finished: dict[int, Outcome] = {}
        self.errors: dict[int, Failure] = {}
        for doc in self.before:
            for row in row_ranges.iterate(doc["began"]):
                self.begun[row] = self.begun.get(row, 0) + 1
            self.errors.update({int(row): error for row, error in doc["errors"].items()})
            if doc["key"] == key:
                self.finished.update(outcomes(store, doc))
        self._doc: dict[str, Any] = {
            "v": RECORDS,
            "nonce": os.urandom(8).hex(),
            "started": round(time.time(), 3),
            "updated": 0.0,
            "last": self.number >= granted,
            "digest": digest,
            "key": key,
            "began": [],
            "done": [],
            "packs": [],
            "errors": {},
        }
        self._began: list[int] = []
        self._done: list[Outcome] = []
        self._flushed = time.monotonic()
        self.made = False

    @property
    def is_last(self) -> bool:
        """Whether no other attempt follows when this one fails."""
        return bool(self._doc["last"])

    def begin(self, row: int, at_once: bool) -> None:
        """Record that an item begins; with `at_once`, before it does."""
        self._began.append(row)
        if at_once:
            self.flush()

    def done(self, outcome: Outcome) -> None:
        """An item has finished or failed."""
        if "error" in outcome:
            self._doc["errors"][str(outcome["row"])] = outcome["error"]
        else:
            self._done.append(outcome)
        if time.monotonic() - self._flushed > PERIOD:
            self.flush()

    def close(self, is_final: bool = False) -> None:
        """The attempt has failed; `is_final` says that no other one can succeed."""
        self._doc["last"] = self._doc["last"] or is_final
        self.flush()

    def flush(self) -> None:
        """Say in the store what is known so far."""
        if self._done:
            self._doc["packs"].append(list(self.store.put_blob([dumps(self._done, 5)])))
            self._doc["done"] = row_ranges.union(self._doc["done"], row_ranges.from_rows(sorted(outcome["row"] for outcome in self._done)))
            self._done = []
        self._doc["began"] = row_ranges.union(self._doc["began"], row_ranges.from_rows(sorted(self._began)))
        self._began = []
        self._doc["updated"] = round(time.time(), 3)
        data = documents.dump(self._doc)
        if self.made:
            self.store.replace(self.prefix + str(self.number), data)
        while not self.made:
            self.made = self.store.create(self.prefix + str(self.number), data) or self._mine()
            self.number += not self.made
        self._flushed = time.monotonic()

    def _mine(self) -> bool:
        """Whether the existing document is that of this attempt, whose create succeeded although its response was lost."""
        return bool(documents.load(self.store.read(self.prefix + str(self.number)))["nonce"] == self._doc["nonce"])


def earlier(store: Store, prefix: str) -> list[dict[str, Any]]:
    """The documents of the attempts of one epoch, in order. A damaged document is replaced by an empty one."""
    return [_document(store.read(prefix + str(number))) for number in range(store.count(prefix, ""))]


def documents_of(store: Store, folder: str) -> dict[tuple[int, int], dict[str, Any] | None]:
    """The documents of the attempts of a task by epoch and number, in order; None for one that cannot be read."""
    found: dict[tuple[int, int], dict[str, Any] | None] = {}
    for place, key in places(store, folder).items():
        document = _document(store.read(key))
        found[place] = document if document["key"] else None
    return found


def document_of(store: Store, key: str) -> dict[str, Any]:
    """The document of an attempt; an empty one for a damaged one."""
    return _document(store.read(key))


def places(store: Store, folder: str) -> dict[tuple[int, int], str]:
    """The keys in a folder of attempts or of logs by epoch and number, in order; without those that no task gives."""
    return {place: key for place, key in sorted((written(key), key) for key in store.names(folder)) if place != NO_ATTEMPT}


def logs_of_nodes(store: Store, log: str) -> list[str]:
    """The keys of what the other nodes of a gang printed, in their order, where each has a container of its own; `log` is node 0's."""
    return sorted(store.names(log + NODES), key=lambda key: (len(key), key))


def _document(data: bytes) -> dict[str, Any]:
    try:
        doc: dict[str, Any] = documents.load(data)
    except ValueError:
        doc = {}
    return {"last": False, "digest": "", "key": "", "began": [], "done": [], "packs": [], "errors": {}} if attempt_problem(doc) else doc


def outcomes(store: Store, doc: dict[str, Any], load: Callable[..., Any] = loads) -> dict[int, Outcome]:
    """The finished items of an attempt, by row; those whose pack is gone or damaged are run again. `load` makes values of pickles."""
    found: dict[int, Outcome] = {}
    for sha, size in doc["packs"]:
        try:
            found.update({outcome["row"]: outcome for outcome in load(store.blob(sha, size))})
        except (Missing, Corrupt):
            continue
    return found


def failures(store: Store, keys: Keys, report: Callable[[str], None] = lambda key: None) -> list[dict[str, Any]]:
    """What failed in a run: step, slice, item, type, message and traceback of the newest failure of each item that has no manifest.

    `last` says that the engine does not try the task again.

    `report` is called with each folder or document of the run that flowport did not write.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    folders = store.folders(keys.steps)
    for name in names(folders)[1]:
        report(keys.steps + name)
    for step in names(folders)[0]:
        folder = keys.step(step)
        for slice in [place[: -len(ATTEMPT)] for place in store.folders(folder) if place.endswith(ATTEMPT)]:
            if store.count(keys.series(step, slice), ".json"):
                continue
            for key in sorted(store.names(f"{folder}{slice}{ATTEMPT}/"), key=written):
                document = _document(store.read(key))
                if not document["key"]:
                    report(key)
                for error in document["errors"].values():
                    found[step, error["item"]] = {"step": step, "slice": slice, "last": document["last"], **error}
    return list(found.values())


def written(key: str) -> tuple[int, int]:
    """Epoch and number of an attempt or of its log, by which they are sorted; those that no task names come first."""
    epoch, _, number = key.rpartition("/")[2].partition("-")
    return (int(epoch), int(number)) if is_number(epoch) and is_number(number) else NO_ATTEMPT
