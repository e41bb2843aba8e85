"""What a listing of the store says of the tasks of a step, whose documents are not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowport.runtime.records.attempts import written
from flowport.runtime.records.signs import places
from flowport.runtime.records.slices import is_number, pieces
from flowport.runtime.store.keys import ATTEMPT, LOG

if TYPE_CHECKING:
    from flowport.runtime.records.signs import Place
    from flowport.runtime.run.reader import Run
    from flowport.runtime.store.entry import Entry


class Listing:
    """The manifests, logs, attempts and signs of the slices of a step, in their order; of one `slice` if it is named."""

    def __init__(self, run: Run, step: str, slice: str = "") -> None:
        self.done: dict[str, Entry] = {}
        self.logs: dict[str, list[Entry]] = {}
        self.attempts: dict[str, list[Entry]] = {}
        self.signs: dict[str, list[Place]] = {}
        folder = run.keys.step(step)
        for entry in run.store.entries(folder + slice):
            name, slash, rest = entry.key[len(folder) :].partition("/")
            if not slash:
                self._manifest(name, entry)
            elif written(entry.key)[0] >= 0 and "/" not in rest:
                for ending, found in ((LOG, self.logs), (ATTEMPT, self.attempts)):
                    if name.endswith(ending) and pieces(name[: -len(ending)], "s") is not None:
                        found.setdefault(name[: -len(ending)], []).append(entry)
        for entries in (*self.logs.values(), *self.attempts.values()):
            entries.sort(key=lambda entry: written(entry.key))
        for place in places(run.store, run.keys.signs(step, slice)):
            self.signs.setdefault(place.slice, []).append(place)

    def _manifest(self, name: str, entry: Entry) -> None:
        slice, _, ending = name.partition("@")
        number, _, kind = ending.partition(".")
        if kind == "json" and is_number(number) and pieces(slice, "s") is not None:
            before = self.done.get(slice)
            if before is None or before.modified <= entry.modified:
                self.done[slice] = entry

    def slices(self) -> set[str]:
        """The slices that left anything."""
        return {*self.done, *self.logs, *self.attempts, *self.signs}
