"""Counts the items that a resumed run took over, and from which runs, by the field `taken` of its manifests."""

from __future__ import annotations

from flowport.runtime.records.manifest import Manifests
from flowport.runtime.store import row_ranges
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.keys import unpart

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys

LOOKED_AT = 200
"""How many manifests of a run are read to say how much of it was taken over."""


class ReuseCount:
    """How many items of a task were taken over, of how many, and from which runs; `more` says that there are others."""

    __slots__ = ("items", "more", "of", "runs")

    def __init__(self, docs: Iterable[dict[str, Any]]) -> None:
        self.items = self.of = 0
        self.runs: list[str] = []
        self.more = False
        for doc in docs:
            self.of += row_ranges.count(doc["arrived"])
            for run, rows in doc.get("taken", []):
                self.items += row_ranges.count(rows)
                if run not in self.runs:
                    self.runs.append(run)

    @property
    def whole(self) -> bool:
        """Whether nothing of the task ran."""
        return 0 < self.of == self.items

    def __str__(self) -> str:
        if self.whole:
            return "taken over from " + ", ".join(self.runs)
        return f"done, {self.items} of {self.of} items taken over" if self.items else "done"


def share(store: Store, keys: Keys) -> ReuseCount | None:
    """How much of a run was taken over. None if nothing was, or if this is not known. In a run with many tasks only some are counted."""
    manifests = Manifests(store, keys, -1)
    try:
        places = [(step, slice) for step in map(unpart, store.folders(keys.steps)) for slice in manifests.generations(step)]
        tally = ReuseCount(manifests.need(step, slice).doc for step, slice in places[:LOOKED_AT])
    except (Missing, Corrupt, LookupError, TypeError, ValueError):
        return None
    tally.more = len(places) > LOOKED_AT
    return tally if tally.items else None
