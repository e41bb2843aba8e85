"""The runs of a flow as `flowport gc` sees them: when something was last written of each, and what they need of each other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from flowport.runtime.protocol import GATE
from flowport.runtime.records.life import read_end
from flowport.runtime.records.run_record import document
from flowport.runtime.run.history import all_tags
from flowport.runtime.run.status import run_status
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.keys import CHECKPOINTS, LIVE, Keys, flow_folder, is_spin, unpart
from flowport.workspace.stores import is_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Protocol, TypeVar

    from flowport.runtime.records.life import End
    from flowport.runtime.store.entry import Entry
    from flowport.runtime.store.interface import Store

    Given = TypeVar("Given")
    Found = TypeVar("Found")

    class Each(Protocol):
        """`map`, or one that works in several threads."""

        def __call__(self, function: Callable[[Given], Found], values: Iterable[Given], /) -> Iterator[Found]: ...


FOLDERS = ("runs/", "spins/")
"""Where a flow has its runs, and its spins."""

HELD = ("step-models", CHECKPOINTS, "s3-data")
"""What runs that were resumed from a run may refer to in its folder."""

NO_ACTIVITY = ("tags.json", "deleting.json")
"""The documents of a run that say nothing of when it was active."""


class StoredRun:
    """A run or a spin. `record` is its document, None if it has not begun or cannot be read; `problem` then says why it cannot be read."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self.store, self.keys = store, keys
        self.is_linked = False
        """Whether its folder is a symbolic link, behind which nothing is deleted."""
        self.names: set[str] = set()
        """The names of the documents that are not in folders of the run."""
        self.active = 0.0
        """When something of the run was last written, in seconds since 1970."""
        self.documents = self.size = 0
        self.holds = False
        """Whether it has what runs that were resumed from it may refer to."""
        self.record: dict[str, Any] | None = None
        self.problem = ""
        self._of_gate = (keys.input(), keys.step(GATE), keys.signs(GATE), f"{keys.root}{LIVE}/logs/{GATE}/")
        self._has_route = self._has_more = False
        self._end: tuple[End, float] | None = None

    def add(self, entry: Entry) -> None:
        """Count one of its documents."""
        name, slash, _ = entry.key[len(self.keys.root) :].partition("/")
        self.documents += 1
        self.size += entry.size
        self.holds = self.holds or name in HELD
        self._has_route = self._has_route or entry.key == self.keys.route(GATE, "s", 0)
        self._has_more = self._has_more or not entry.key.startswith(self._of_gate)
        if not slash:
            self.names.add(name)
        if name not in NO_ACTIVITY:
            self.active = max(self.active, entry.modified)

    def read(self) -> StoredRun:
        """Read its document."""
        try:
            self.record = document(self.store, self.keys)
        except Missing:
            self.record = None
        except Corrupt as error:
            self.problem = str(error)
        return self

    @property
    def name(self) -> str:
        """`Flow/run`."""
        return f"{self.keys.flow}/{self.keys.id}"

    @property
    def is_spin(self) -> bool:
        return is_spin(self.keys.id)

    @property
    def started(self) -> float:
        """When it started; 0 where that is not known."""
        return float(self.record["started"]) if self.record else 0.0

    @property
    def is_left(self) -> bool:
        """Whether this is what a deletion that was cut off has left."""
        return "deleting.json" in self.names and "run.json" not in self.names and not self.is_linked

    @property
    def did_not_begin(self) -> bool:
        """Whether it was decided that it does not begin, and nothing else was written of it."""
        return self.record is None and not self.problem and self._has_route and not (self._has_more or self.is_linked)

    @property
    def end(self) -> tuple[End, float] | None:
        """How and when it ended; None where nothing says so. Read once; raises Corrupt."""
        if self._end is None and "ended.json" in self.names:
            self._end = read_end(self.store, self.keys)
        return self._end

    @property
    def is_done(self) -> bool:
        """Whether its last step is done."""
        return self.end is not None and self.end[0] == "done"

    @property
    def tags(self) -> set[str]:
        """Its tags, system tags included; raises Corrupt."""
        return all_tags(self.store, self.keys, self.record or {})

    @property
    def is_over(self) -> bool:
        """Whether it has ended or is lost; raises Corrupt."""
        return "ended.json" in self.names or (self.record is not None and run_status(self.store, self.keys, self.record).is_over)

    @property
    def branch(self) -> str:
        """The branch of a project, "" for a run of none."""
        tags = (self.record or {}).get("system_tags") or ()
        return next((tag for tag in tags if tag.startswith("project_branch:")), "")


def stored_runs(store: Store, flow: str, each: Each, report: Callable[[str], None]) -> list[StoredRun]:
    """The runs and spins of a flow, found by listing its documents. `report` gets a sentence about each folder that is not flowport's."""
    found: dict[str, StoredRun | None] = {}
    for kind in FOLDERS:
        folder = f"{flow_folder(flow)}{kind}"
        found.update((kind + run.keys.id, run) for run in _linked(store, flow, folder))
        for entry in store.entries(folder):
            name, slash, _ = entry.key[len(folder) :].partition("/")
            if kind + name not in found:
                found[kind + name] = _run(store, flow, folder + name) if slash else None
                if found[kind + name] is None:
                    report(f"`{folder}{name}` in {store.url} was not written by flowport")
            if run := found[kind + name]:
                run.add(entry)
    return list(each(StoredRun.read, [run for run in found.values() if run is not None]))


def reachable(store: Store, folder: str) -> list[str]:
    """The folders in one of a store, without symbolic links that lead nowhere or round in a circle."""
    found = store.folders(folder)
    return [name for name in found if os.path.exists(f"{store.url}/{folder}{name}")] if is_folder(store.url) else found


def _linked(store: Store, flow: str, folder: str) -> Iterator[StoredRun]:
    """The runs whose folders are symbolic links, which a listing of a folder does not follow."""
    for name in reachable(store, folder) if is_folder(store.url) else ():
        if os.path.islink(f"{store.url}/{folder}{name}") and (run := _run(store, flow, folder + name)):
            run.is_linked = True
            for entry in store.entries(run.keys.root):
                run.add(entry)
            yield run


def _run(store: Store, flow: str, folder: str) -> StoredRun | None:
    """The run with this folder; None if flowport names no folder like this."""
    try:
        keys = Keys(flow, unpart(folder.rpartition("/")[2]))
    except ValueError:
        return None
    return StoredRun(store, keys) if keys.root == f"{folder}/" else None
