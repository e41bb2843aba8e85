"""The shape of a run in a store: how many elements its foreaches had, which items came to which step, and how long tasks took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowport.compiler.estimate import Shape
from flowport.runtime.records.slices import ROOT
from flowport.runtime.run.reader import order
from flowport.runtime.store import row_ranges

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flowport.runtime.records.manifest import Manifest
    from flowport.runtime.run.reader import Run
    from flowport.runtime.store.row_ranges import RowRanges

    Key = tuple[str, tuple[int, ...]]
    """A step, and the turns of the loops around it."""


class RunShape:
    """Reads the manifests of a run. Rows are counted through all slices of a foreach, in the order of its items."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._starts: dict[tuple[str, str], int] = {}
        """For each task of a split, the number of elements of those before it."""

    def manifests(self, step: str) -> Iterator[tuple[Manifest, tuple[int, ...], int]]:
        """The manifests of a step in order, each with the turns of its loops, and with the number of its first row."""
        for slice in sorted(self.run.slices(step), key=order):
            scopes = self.run.scopes(step, slice)
            turns, first, reference = list[int](), 0, ROOT
            for (kind, origin), part in zip(scopes, slice.split(".")[1:], strict=False):
                if kind == "loop":
                    turns.append(int(part[1:]))
                else:
                    first = self._first(origin, reference) + int(part) * self.run.manifests.need(origin, reference).doc["fan"]["g"]
                reference = f"{reference}.{part}"
            yield self.run.manifests.need(step, slice), tuple(turns), first

    def _first(self, origin: str, slice: str) -> int:
        """The number of the first element of a task of a split."""
        if (origin, slice) not in self._starts:
            before: dict[tuple[int, ...], int] = {}
            for other in sorted(self.run.slices(origin), key=order):
                turns = tuple(int(part[1:]) for part in other.split(".")[1:] if part[0] == "t")
                self._starts[origin, other] = before.get(turns, 0)
                before[turns] = before.get(turns, 0) + self.run.manifests.need(origin, other).doc["fan"]["n"]
        return self._starts[origin, slice]

    def shape(self, items: Mapping[str, int]) -> Shape:
        """The shape of the whole run. `items` says how many elements foreaches have that it does not know."""
        counts: dict[Key, list[int]] = {}
        arrived: dict[Key, RowRanges] = {}
        seconds: dict[str, float] = {}
        for step in self.run.steps():
            took, number = 0.0, 0
            for manifest, turns, first in self.manifests(step):
                key = (step, turns)
                arrived[key] = row_ranges.union(arrived.get(key, []), [[start + first, stop + first] for start, stop in manifest.arrived])
                if "fan" in manifest.doc:
                    counts.setdefault(key, []).extend(count for count, times in manifest.doc["fan"]["counts"] for _ in range(times))
                taken = sum(row_ranges.count(rows) for _, rows in manifest.doc.get("taken", []))
                if ran := row_ranges.count(manifest.arrived) - taken:
                    took, number = took + manifest.doc["ended"] - manifest.doc["started"], number + ran
            if number:
                seconds[step] = took / number
        if not self.run.ended:
            # Who came where is known of what is done, and nobody knows what is still to come.
            known = {key: found for key, found in counts.items() if self._is_whole(key, counts)}
            return Shape(known, items, seconds=seconds)
        return Shape(counts, items, arrived, frozenset(self.run.plan["steps"]), seconds)

    def _is_whole(self, key: Key, counts: Mapping[Key, list[int]]) -> bool:
        """Whether all items of a foreach came to a split in it, which is then known as a whole."""
        step, _ = key
        scopes = self.run.program.step(step)["sites"][step]["scopes"]
        if not scopes:
            return True
        kind, origin = scopes[-1]
        return kind == "foreach" and sum(counts.get((origin, ()), [])) == len(counts[key])
