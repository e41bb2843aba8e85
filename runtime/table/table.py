"""The table of a flow's runs, which a store keeps in few documents.

    table/changes/<number>/<run>       the row of a run that has ended, or new tags of it; the latest first
    table/chunks/<first>-<last>.json   the rows that readers have collected, in their order; a later row of a run replaces an earlier one

A reader reads the chunks, and then only what came since: changes, and entries of the index of runs. What it finds, it writes as the next
chunk once there is enough of it. A chunk is created and never overwritten: of two readers that write the same number, one has written it,
and the other goes on without. A chunk `00000000-00000015` has all that those of these numbers have. A reader that may not write reads
more; nothing depends on chunks, which can be deleted and are made again.

Clocks of machines differ: what is entered up to an hour late is found.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from flowport.runtime.protocol import OLDEST_RECORDS, RECORDS, version_problem
from flowport.runtime.run.history import History
from flowport.runtime.store import documents
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.store.keys import END_OF_TIME, Keys, names, runs_folder, table_folder
from flowport.runtime.table.rows import damaged_row, live_row, whole_row, wrong_field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from flowport.runtime.store.interface import Store
    from flowport.runtime.table.rows import Row

LATE = 3_600_000
"""Milliseconds that a clock may be behind: the lists are read again from so long before what was seen."""

SETTLED = {"done": 0.0, "stopped": 0.0, "damaged": 0.0, "failed": 3_600.0, "lost": 86_400.0}
"""Seconds after which a run in this state is not looked at again; if it goes on after that, its end is a change."""

ENOUGH = 100
"""Rows that are worth a chunk."""

LARGEST = 5_000
"""Rows of a chunk that is written, and four times as many of one that others were merged into."""

CHUNKS = 16
"""So many chunks are merged into one."""

READERS = 16
"""Documents that are read at the same time."""

MANY = 50
"""Runs from which on it is cheaper to list the folders of all runs than to ask whether each is there."""


class RunTable:
    """The rows of a flow. What was read is kept, so asking again costs what came since. Several threads may ask."""

    def __init__(self, store: Store, flow: str, report: Callable[[str], None] = lambda text: None) -> None:
        self.store, self.flow, self.report = store, flow, report
        self._folder = table_folder(flow)
        self._lock = Lock()
        self._rows: dict[str, Row] = {}
        self._fresh: set[str] = set()
        """The runs whose rows are in no chunk."""
        self._open: dict[str, str] = {}
        """The runs that may change, with their numbers in the index."""
        self._next = 0
        self._begun = self._changed = ""
        """The numbers of the latest entries that were seen: of runs that began, and of changes."""

    def rows(self) -> list[Row]:
        """All runs, the latest first: those that are going on as they are now."""
        with self._lock, ThreadPoolExecutor(READERS) as pool:
            is_whole = self._read_chunks(pool)
            begun, new = self._new_runs()
            changed, changes = self._changes()
            numbers = {**dict.fromkeys(changes, ""), **self._open, **new}
            known = {*names(self.store.folders(runs_folder(self.flow)))[0]} if len(numbers) > MANY else None
            looks = (_Look(run, numbers[run], changes.get(run, []), None if known is None else run in known) for run in numbers)
            found = list(pool.map(self._look, looks))
            self._begun, self._changed = begun, changed
            self._settle(numbers, dict(zip(numbers, found)))
            if is_whole:
                self._write_chunks(pool)
            rows = {**self._rows, **{row["run"]: row for row, _ in found if row is not None}}
        return sorted(rows.values(), key=lambda row: (row["started"], row["run"]), reverse=True)

    def _read_chunks(self, pool: ThreadPoolExecutor) -> bool:
        """Take over what other readers have collected since; False if some of it cannot be read, and has to be collected again."""
        is_whole = True
        for chunk in pool.map(self._chunk, _covering(self._chunks(), self._next)):
            if chunk is None:
                is_whole = False
                break
            for row in chunk["rows"]:
                held = self._rows.get(row["run"])
                if held is None or not held["at"] or (row["at"] and row["at"] <= held["at"]):
                    self._rows[row["run"]] = row
                    self._fresh.discard(row["run"])
            if seen := chunk.get("seen"):
                self._open = {**seen["open"], **self._open}
                self._begun, self._changed = _later(self._begun, seen["begun"]), _later(self._changed, seen["changed"])
            self._next = chunk["last"] + 1
        self._open = {run: number for run, number in self._open.items() if run not in self._rows}
        return is_whole

    def _chunk(self, key: str) -> dict[str, Any] | None:
        """A chunk; None if it cannot be read, which is reported, or was deleted meanwhile."""
        try:
            return read_chunk(self.store, key)
        except Corrupt as error:
            self.report(str(error))
        except Missing:
            pass
        return None

    def _chunks(self) -> list[str]:
        return self.store.names(f"{self._folder}chunks/")

    def _new_runs(self) -> tuple[str, dict[str, str]]:
        """The number of the latest run in the index, and the numbers of the runs that have no row and are not known to be open."""
        latest, found = self._begun, {}
        for number, run in _until(self._begun, History(self.store, self.flow).entries()):
            latest = _later(latest, number)
            if run not in self._rows:
                found[run] = number
        return latest, found

    def _changes(self) -> tuple[str, dict[str, list[str]]]:
        """The number of the latest change, and the keys of those that are in no row yet, by run, the earliest first."""
        prefix = f"{self._folder}changes/"
        latest, found = self._changed, dict[str, list[str]]()
        for number, key in _until(self._changed, ((entry.key[len(prefix) :][:15], entry.key) for entry in self.store.entries(prefix))):
            latest = _later(latest, number)
            run = next(iter(names([key.rpartition("/")[2]])[0]), "")
            held = self._rows.get(run)
            if run and (held is None or not held["at"] or number < held["at"]):
                found.setdefault(run, []).insert(0, key)
        return latest, found

    def _look(self, look: _Look) -> tuple[Row | None, bool]:
        """The row of a run, None if it has not begun, and whether it may be kept."""
        keys, before = Keys(self.flow, look.run), self._rows.get(look.run)
        fields = dict(before or {})
        for key in look.changes:
            fields.update(self._change(key, look.run))
        row = whole_row(fields)
        at = look.changes[-1].split("/")[-2] if look.changes else ""
        try:
            if row is not None and (before is not None or (self.store.exists(keys.run()) if look.is_there is None else look.is_there)):
                return {**row, "at": at or (before or {"at": ""})["at"]}, True
            now = whole_row(live_row(self.store, keys, self.report))
            if now is None:
                raise Corrupt(f"the documents of {self.flow}/{look.run} in {self.store.url} do not have what they must have")
            row = {**now, "at": at}
        except Missing:
            return None, not look.number or _age(look.number) > LATE / 1000
        except Corrupt as error:
            self.report(str(error))
            row = {**damaged_row(keys, max(0.0, time.time() - _age(look.number))), "at": at}
        is_over = row["status"] in SETTLED and row["ended"] is not None
        return row, is_over and time.time() - row["ended"] >= SETTLED[row["status"]]

    def _change(self, key: str, run: str) -> dict[str, Any]:
        """The fields of a run's row that changed; none where that cannot be read, which is reported."""
        try:
            found = documents.load(self.store.read(key))
            wrong = version_problem(found.get("v"), RECORDS, OLDEST_RECORDS)
            if not wrong and found.get("run", run) != run:
                wrong = "it is of another run"
            elif not wrong and (name := wrong_field(found)):
                wrong = f"its `{name}` is not what it must be"
        except Missing:
            return {}
        except (ValueError, AttributeError):
            wrong = "it is not a JSON object"
        if wrong:
            self.report(f"`{key}` in {self.store.url} cannot be read: {wrong}")
            return {}
        return {name: value for name, value in found.items() if name != "v"}

    def _settle(self, numbers: dict[str, str], found: dict[str, tuple[Row | None, bool]]) -> None:
        """Keep the rows that do not change any more, and the names of the other runs."""
        for run, (row, is_settled) in found.items():
            self._open.pop(run, None)
            if not is_settled:
                self._open[run] = numbers[run]
            elif row is not None:
                self._rows[run] = row
                self._fresh.add(run)

    def _write_chunks(self, pool: ThreadPoolExecutor) -> None:
        """Collect the rows that are in no chunk, once there are enough. A store that does not take them is no obstacle."""
        if len(self._fresh) < ENOUGH:
            return
        fresh = sorted(self._fresh)
        try:
            for first in range(0, len(fresh), LARGEST):
                part = fresh[first : first + LARGEST]
                chunk: dict[str, Any] = {"first": self._next, "last": self._next, "rows": [self._rows[run] for run in part]}
                if part[-1] == fresh[-1]:
                    chunk["seen"] = {"begun": self._begun, "changed": self._changed, "open": self._open}
                if not self._create(chunk):
                    return
                self._next += 1
                self._fresh.difference_update(part)
            self._merge(pool)
        except (StoreError, Corrupt, Missing):
            return

    def _merge(self, pool: ThreadPoolExecutor) -> None:
        """Write one chunk with what many small ones have."""
        keys = _covering(self._chunks(), 0)
        if len(keys) < CHUNKS:
            return
        chunks = list(pool.map(lambda key: read_chunk(self.store, key), keys))
        tail: list[dict[str, Any]] = []
        while chunks and sum(len(chunk["rows"]) for chunk in (*tail, chunks[-1])) <= 4 * LARGEST:
            tail.insert(0, chunks.pop())
        if len(tail) >= CHUNKS:
            merged = {name: value for chunk in tail for name, value in chunk.items()}
            rows = {row["run"]: row for chunk in tail for row in chunk["rows"]}
            self._create({**merged, "first": tail[0]["first"], "rows": list(rows.values())})

    def _create(self, chunk: dict[str, Any]) -> bool:
        key = f"{self._folder}chunks/{chunk['first']:08}-{chunk['last']:08}.json"
        return self.store.create(key, documents.dump({"v": RECORDS, **chunk}))


class _Look:
    """A run to look at: its number in the index, its changes, and whether its folder is there; None where that is not known."""

    __slots__ = ("changes", "is_there", "number", "run")

    def __init__(self, run: str, number: str, changes: list[str], is_there: bool | None) -> None:
        self.run, self.number, self.changes, self.is_there = run, number, changes, is_there


def read_chunk(store: Store, key: str) -> dict[str, Any]:
    """A chunk; raises Corrupt, and Missing when it was deleted meanwhile."""
    try:
        found: dict[str, Any] = documents.load(store.read(key))
        wrong = version_problem(found.get("v"), RECORDS, OLDEST_RECORDS)
        is_chunk = bool(wrong) or _is_chunk(found, key)
    except (ValueError, LookupError, TypeError, AttributeError):
        wrong, is_chunk = "", False
    if wrong or not is_chunk:
        why = wrong or "it is not a part of a table"
        raise Corrupt(f"`{key}` in {store.url} cannot be read: {why}; delete this document, which is made again")
    return found


def _is_chunk(found: dict[str, Any], key: str) -> bool:
    seen = found.get("seen", {"begun": "", "changed": "", "open": {}})
    are_numbers = all(map(_is_number, (seen["begun"], seen["changed"], *seen["open"].values())))
    are_rows = all(_is_number(row["at"]) and whole_row(row) for row in found["rows"])
    is_place = isinstance(found["first"], int) and isinstance(found["last"], int)
    return are_numbers and are_rows and is_place and key.endswith(f"/{found['first']:08}-{found['last']:08}.json")


def _is_number(text: object) -> bool:
    """Whether this is the number of an entry, or "" for none."""
    return isinstance(text, str) and (text == "" or (len(text) == 15 and text.isascii() and text.isdecimal()))


def _covering(keys: list[str], first: int) -> list[str]:
    """The fewest chunks that have all from a number on, in their order."""
    last: dict[int, tuple[int, str]] = {}
    for key in keys:
        begin, _, end = key.rpartition("/")[2].removesuffix(".json").partition("-")
        if begin.isdecimal() and end.isdecimal():
            last[int(begin)] = max(last.get(int(begin), (-1, "")), (int(end), key))
    found = []
    while first in last:
        end_of, key = last[first]
        found.append(key)
        first = end_of + 1
    return found


def _until(seen: str, entries: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The entries of a list that are later than the latest that was seen, and those a while before it."""
    limit = f"{int(seen) + LATE:015}" if seen else ""
    for number, rest in entries:
        if not number.isdecimal() or (limit and number > limit):
            return
        yield number, rest


def _later(one: str, other: str) -> str:
    """The number of the later entry: the lower one."""
    return min(filter(None, (one, other)), default="")


def _age(number: str) -> float:
    """How many seconds ago an entry of the index was made; 0 where it has no number."""
    return time.time() - (END_OF_TIME - int(number)) / 1000 if number else 0.0
