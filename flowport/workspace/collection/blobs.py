"""Removes blobs that nothing refers to.

A task that uses a blob which is older than a day writes it again. So a blob that is much older than all runs that may still go on is needed
only if a document refers to it. A store in a folder moves such a blob aside, looks whether it was written again at this moment, and deletes
it. An object store cannot do that: its request to delete may hit a blob that was written again just before. So there a copy stays aside for
two days, where readers find it. The next collection puts it back if a document refers to it by then, and else deletes it.
"""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING, NamedTuple

from flowport.runtime.store.keys import REMOVED, blob_key, is_sha, removed_key
from flowport.runtime.store.writes import DAY
from flowport.workspace.stores import is_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowport.runtime.store.entry import Entry
    from flowport.runtime.store.interface import Store
    from flowport.workspace.collection.stored_runs import Each

GRACE = 7 * DAY
"""Seconds for which a blob stays that nothing refers to: it may be the input of a run that waits to begin."""

ASIDE = 2 * DAY
"""Seconds for which a blob stays aside in an object store."""

SKEW = 2 * 3_600
"""Seconds by which the clocks of two machines and of the store may differ."""

WRITING = re.compile(r"tmp/\d+-[0-9a-f]{16}")
"""The keys of unfinished writes in a folder."""


class Limits(NamedTuple):
    """The times before which a blob and a copy of a removed one were written, so that no task can use them that has not yet said so."""

    blob: float
    copy: float

    @property
    def run(self) -> float:
        """When a run began, if it may refer to one of these: its tasks write a blob again that is older than a day."""
        return max(self) + DAY + SKEW


def limits(now: float, first: float) -> Limits:
    """The limits at a time, where `first` is when the first of the runs began that may still be running."""
    return Limits(*(min(now - age, first - DAY - SKEW) for age in (GRACE, ASIDE)))


class Removal(NamedTuple):
    """How many blobs, and bytes, were or would be deleted, moved aside, and put back."""

    deleted: int
    deleted_size: int
    aside: int
    aside_size: int
    restored: int


class Garbage:
    """The blobs in a store, and the copies of removed ones, that are old enough to go; `keep` takes out those that are needed."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self.store, self.limits = store, limits
        self.blobs: dict[str, int] = {}
        """The sizes of the blobs, by SHA-256."""
        self.copies: dict[str, list[Entry]] = {}
        """The copies of removed blobs, by SHA-256."""
        self.needed: set[str] = set()
        """Those of which a document needs the blob."""
        for entry in store.entries("blobs/"):
            self._add(entry)
        self.writes = [entry for entry in store.entries("tmp/") if _is_unfinished(entry, limits)] if is_folder(store.url) else []
        """What killed writers have left in a folder."""

    def keep(self, needed: Iterable[str]) -> None:
        """Keep blobs, and have those put back that were removed."""
        for sha in needed:
            self.blobs.pop(sha, None)
            if sha in self.copies:
                self.needed.add(sha)

    @property
    def removal(self) -> Removal:
        """What `remove` does."""
        copies = [entry.size for sha, found in self.copies.items() if sha not in self.needed for entry in found]
        sizes = [*copies, *(entry.size for entry in self.writes)]
        moved = [*self.blobs.values()]
        if is_folder(self.store.url):
            sizes, moved = [*sizes, *moved], []
        return Removal(len(sizes), sum(sizes), len(moved), sum(moved), len(self.needed))

    def remove(self, each: Each) -> None:
        """Remove what is left, and put back what is needed."""
        for sha in sorted(self.needed):
            self.store.refresh(sha, self.copies[sha][0].size)
        done = [entry.key for found in (*self.copies.values(), self.writes) for entry in found]
        self.store.delete_all(done)
        collection = f"{int(time.time())}-{os.urandom(4).hex()}"
        moved = [*each(lambda sha: self.store.move(blob_key(sha), removed_key(collection, sha), self.limits.blob), self.blobs)]
        if is_folder(self.store.url):  # of what a folder has moved, nobody has written it again
            self.store.delete_all([removed_key(collection, sha) for sha, is_moved in zip(self.blobs, moved) if is_moved])

    def _add(self, entry: Entry) -> None:
        sha = entry.key.rpartition("/")[2]
        if not is_sha(sha):
            return
        if entry.key == blob_key(sha) and entry.modified < self.limits.blob:
            self.blobs[sha] = entry.size
        elif entry.key.startswith(REMOVED) and entry.modified < self.limits.copy:
            self.copies.setdefault(sha, []).append(entry)


def _is_unfinished(entry: Entry, limits: Limits) -> bool:
    return WRITING.fullmatch(entry.key) is not None and entry.modified < limits.blob
