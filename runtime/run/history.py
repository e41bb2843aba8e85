"""The runs of a flow, the latest first, by its index: a question is answered by the first pages of one list, whatever else has run.

Runs of earlier versions are in an index of their own, which does not say how they ended; they are looked at one by one where they would
come. Runs that are in no index are found when all runs are gone through, and when the flow has no index at all.
"""

from __future__ import annotations

from flowport.runtime.records import run_record
from flowport.runtime.records.index import UNLISTED
from flowport.runtime.records.life import read_end
from flowport.runtime.records.run_record import NAMESPACES
from flowport.runtime.run.tags import read_tags
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.keys import DONE, STARTED, Keys, flow_folder, index_folder, names, old_index_folder, runs_folder, tagged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import Any

    from flowport.runtime.store.interface import Store


class History:
    """The runs of one flow. It looks once whether there are any, so make a new one to see the first run of a flow."""

    def __init__(self, store: Store, flow: str) -> None:
        self.store, self.flow = store, flow
        self._folders: set[str] | None = None

    @property
    def folders(self) -> set[str]:
        """The folders that the flow has in the store; none when it never ran there."""
        if self._folders is None:
            self._folders = set(self.store.folders(flow_folder(self.flow)))
        return self._folders

    def entries(self, tag: str = "", start: str = "") -> Iterator[tuple[str, str]]:
        """The number in the index and the id of each run, or of those with a `tag`; some may not have begun, or lost the tag.

        The first is the one with the number `start`, or the latest. Later runs have lower numbers, which have equally many digits.
        """
        seen: set[str] = set()
        for number, run, _ in self._entries(tagged(STARTED, tag) if tag else STARTED, start):
            if run not in seen:
                seen.add(run)
                yield number, run

    def listed(self) -> Iterator[str]:
        """The ids in the index, each once; some may be of runs that did not begin."""
        return iter(dict.fromkeys(run for _, run, _ in self._entries(STARTED)))

    def runs(self, tags: Collection[str] = (), done: bool = False) -> Iterator[str]:
        """The ids of the runs that have all of these tags, system tags included, and with `done` only those that are done."""
        wanted = frozenset(tags)
        if not all(wanted):
            return  # no run has an empty tag
        listed, tag = _best(wanted, done)
        seen: set[str] = set()
        for _, run, kind in self._entries(listed):
            if run not in seen and self._fits(run, wanted - {tag} if kind == "system" else wanted, done):
                yield run
            seen.add(run)
        if listed == STARTED or not self.folders & {"index", "started"}:
            unlisted = [document for run in self._unlisted(seen) if (document := self._document(run)) is not None]
            for document in sorted(unlisted, key=lambda document: (document["started"], document["run"]), reverse=True):
                if self._fits(document["run"], wanted, done):
                    yield document["run"]

    def _entries(self, listed: str, start: str = "") -> Iterator[tuple[str, str, str]]:
        """The number, the run, and whose entry it is: that of a `system` tag, another of the list, or one of an `old` run."""
        found = self._folder(index_folder(self.flow, listed), "", start)
        if "started" not in self.folders:
            return found
        from heapq import merge

        return merge(found, self._folder(old_index_folder(self.flow), "old", start))

    def _folder(self, folder: str, kind: str, start: str) -> Iterator[tuple[str, str, str]]:
        for entry in self.store.entries(folder, f"{folder}{start}" if start else ""):
            number, _, name = entry.key[len(folder) :].partition("/")
            if found := names([name])[0]:
                yield number, found[0], kind or ("system" if entry.size else "listed")

    def _fits(self, run: str, tags: frozenset[str], done: bool) -> bool:
        """Whether a run is there and has these tags, and is done if it has to be. A damaged run is none."""
        keys = Keys(self.flow, run)
        try:
            if done and not is_done(self.store, keys):
                return False
            if not tags:
                return done or self.store.exists(keys.run())
            return tags <= all_tags(self.store, keys, run_record.document(self.store, keys), tags)
        except (Missing, Corrupt):
            return False

    def _unlisted(self, seen: set[str]) -> list[str]:
        return [run for run in names(self.store.folders(runs_folder(self.flow)))[0] if run not in seen]

    def _document(self, run: str) -> dict[str, Any] | None:
        try:
            return run_record.document(self.store, Keys(self.flow, run))
        except (Missing, Corrupt):
            return None


def _best(wanted: frozenset[str], done: bool) -> tuple[str, str]:
    """The list with the fewest runs that has all that are wanted, and the tag that it is about, "" for none."""
    listed = [tag for tag in wanted if not tag.startswith(UNLISTED)]
    if not listed:
        return (DONE if done else STARTED), ""
    tag = min(listed, key=lambda tag: (tag.startswith(NAMESPACES), tag))
    return tagged(DONE if done and tag.startswith(NAMESPACES) else STARTED, tag), tag


def all_tags(store: Store, keys: Keys, record: dict[str, Any], namespaces: Collection[str] = ()) -> set[str]:
    """The tags of a run, and its system tags. A run of an earlier version has none of these, and is in every one of `namespaces`."""
    system = record["system_tags"]
    if system is None:
        system = [tag for tag in namespaces if tag.startswith(NAMESPACES)]
    return {*read_tags(store, keys, record), *system}


def is_done(store: Store, keys: Keys) -> bool:
    """Whether the last step of a run is done. A task that is killed at once after its commit says so in its manifest only."""
    end = read_end(store, keys)
    if end is not None:
        return end[0] == "done"
    record = run_record.document(store, keys)
    return store.exists(keys.manifest(record["steps"][-1], "s", 0))
