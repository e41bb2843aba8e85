"""Which items of an earlier run would be taken over if it was resumed with a flow as it is now, and which would run again, and why.

An item runs again if its step changed, or if a parameter, the project or a class that it read did. If it reads what an item set that runs
again, it may run again: that depends on whether the new value is another one. The same holds if a switch may send other items to its step.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.run.items import begun
from flowport.runtime.store import row_ranges
from flowport.workspace.estimates.now import FlowNow
from flowport.workspace.estimates.routes import Routes
from flowport.workspace.estimates.shape import RunShape
from flowport.workspace.why.order import scopes
from flowport.workspace.why.plain import loads
from flowport.workspace.why.reasons import Reason
from flowport.workspace.why.source import source_changes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowport.runtime.records.manifest import Manifest
    from flowport.runtime.run.reader import Run
    from flowport.runtime.store.row_ranges import RowRanges

    Key = tuple[str, tuple[int, ...]]

KEPT = 10_000
"""How many records of what items read are kept, as many of them are equal."""

FROM_ARTIFACTS = ("self", "input", "inputs", "count")
"""The kinds of what an item reads that another item has set."""


class Cause(NamedTuple):
    """Why items run again or may: how many of them."""

    reason: Reason
    number: int


class StepValidity(NamedTuple):
    """The items of a step in the earlier run: how many stay valid, why others run again, and why others may.

    `unfinished` are those that began there and are not done. `is_gone` says that the flow has no such step any more.
    """

    step: str
    valid: int
    runs: tuple[Cause, ...]
    may_run: tuple[Cause, ...]
    unfinished: int = 0
    is_gone: bool = False

    def document(self) -> dict[str, Any]:
        """The same for JSON."""
        causes = {
            name: [{"items": cause.number, **cause.reason.document()} for cause in found]
            for name, found in (("runs_again", self.runs), ("may_run_again", self.may_run))
        }
        return {"step": self.step, "valid": self.valid, **causes, "unfinished": self.unfinished, "removed": self.is_gone}


class Validity:
    """Compares the items of a run with a flow as it is now."""

    def __init__(self, run: Run, now: FlowNow) -> None:
        self.run, self._now = run, now
        self._shape = RunShape(run)
        self._again: dict[Key, RowRanges] = {}
        """The rows that run again or may, by step and turns."""
        self._arrived: dict[Key, RowRanges] = {}
        self._counts: dict[str, list[int]] = {}
        self._direct: dict[str, dict[Reason, int]] = {}
        self._maybe: dict[str, dict[Reason, int]] = {}
        self._reads: dict[bytes, tuple[Reason | None, tuple[str, ...]]] = {}
        self._pending: dict[tuple[Key, tuple[str, ...]], RowRanges] = {}
        """The rows that do not run again so far, by step and turns and by what they read of other items."""
        self._own: dict[str, set[str]] = {}
        self._always: dict[str, set[str]] = {}
        """The artifacts that some items of a step set, and those that all of them did."""
        self._routes = Routes(run, now.plan, self._own, self._always)
        self._elements: dict[str, list[int]] = {}

    def steps(self) -> list[StepValidity]:
        """All steps that began in the run, in the order of its plan."""
        found = self.run.steps()
        for step in found:
            for manifest, turns, first in self._shape.manifests(step):
                self._look(manifest, turns, first)
        while self._spread():
            pass
        return [self._of_step(step) for step in found]

    def _of_step(self, step: str) -> StepValidity:
        arrived = sum(row_ranges.count(rows) for (other, _), rows in self._arrived.items() if other == step)
        again = sum(row_ranges.count(rows) for (other, _), rows in self._again.items() if other == step)
        unfinished = sum(1 for slice in self.run.begun(step) - set(self.run.slices(step)) for _ in begun(self.run, step, slice))
        causes = [tuple(Cause(*pair) for pair in found.get(step, {}).items()) for found in (self._direct, self._maybe)]
        if step not in self._now.digests:
            return StepValidity(step, 0, (), (), unfinished, is_gone=True)
        return StepValidity(step, arrived - again, causes[0], causes[1], unfinished)

    def _look(self, manifest: Manifest, turns: tuple[int, ...], first: int) -> None:
        """What a task's items read: those that run again for a reason of their own are found, and the others are kept for later."""
        step, doc = manifest.step, manifest.doc
        key = (step, turns)
        self._arrived[key] = row_ranges.union(self._arrived.get(key, []), _shifted(manifest.arrived, first))
        self._own.setdefault(step, set()).update(doc["own"])
        always = {name for name, column in doc["own"].items() if column["items"] == manifest.arrived}
        self._always[step] = self._always.get(step, always) & always
        if "fan" in doc and not turns:
            self._counts.setdefault(step, []).extend(count for count, times in doc["fan"]["counts"] for _ in range(times))
        if step not in self._now.digests:
            self._again[key] = self._arrived[key]
            return
        if not self._now.has_place(step, self.run.scopes(step, manifest.slice)):
            self._add(key, Reason("absent"), _shifted(manifest.arrived, first))
            return
        caught = row_ranges.intersect(manifest.arrived, doc.get("caught", []))
        self._add(key, Reason("caught"), _shifted(caught, first))
        rows = row_ranges.subtract(manifest.arrived, caught)
        if doc["digest"] != self._now.digests[step]:
            self._add(key, self._source(step, doc["code"]), _shifted(rows, first))
            return
        entries = zip(row_ranges.iterate(manifest.arrived), self.run.columns.entries(doc["reads"]), strict=True)
        for (reason, names), group in groupby(entries, key=lambda pair: self._read(pair[1])):
            found = _shifted(row_ranges.intersect(rows, row_ranges.from_rows(row for row, _ in group)), first)
            if reason is not None:
                self._add(key, reason, found)
            else:
                self._pending[key, names] = row_ranges.union(self._pending.get((key, names), []), found)

    def _add(self, key: Key, reason: Reason, rows: RowRanges, maybe: bool = False) -> None:
        if rows:
            self._again[key] = row_ranges.union(self._again.get(key, []), rows)
            found = (self._maybe if maybe else self._direct).setdefault(key[0], {})
            found[reason] = found.get(reason, 0) + row_ranges.count(rows)

    def _source(self, step: str, code: str) -> Reason:
        return source_changes(step, CodePackage.fetched(self.run.store, code), self._now.program)[0]

    def _read(self, entry: bytes) -> tuple[Reason | None, tuple[str, ...]]:
        """Why an item that read this runs again whatever others do, None if nothing of it changed; and what else it read."""
        if entry not in self._reads:
            if len(self._reads) > KEPT:
                self._reads.clear()
            reads = loads(entry)
            changed = (self._now.change(name, mark, self.run) for name, mark in reads.items())
            names = tuple(name for name in reads if name.partition(".")[0] in FROM_ARTIFACTS)
            self._reads[entry] = (next((reason for reason in changed if reason is not None), None), names)
        return self._reads[entry]

    def _spread(self) -> bool:
        """Find the items that may run again because of those that do or may; whether there are any more."""
        is_more = False
        for (key, names), rows in list(self._pending.items()):
            left = rows
            for setter, reason in self._causes(key[0], names):
                found = self._below(setter, key, left)
                self._add(key, reason, found, maybe=True)
                left = row_ranges.subtract(left, found)
            is_more = is_more or left != rows
            self._pending[key, names] = left
        return is_more

    def _causes(self, step: str, names: tuple[str, ...]) -> Iterator[tuple[str, Reason]]:
        """The steps because of which an item that read this may run again, or not come to its step any more, each with the reason."""
        for name in names:
            for setter, is_way in self._routes.setters(step, name):
                yield setter, Reason("elsewhere", setter, now=name.partition(".")[2]) if is_way else _reading(name, setter)
        for switch in self._routes.deciders(step):
            yield switch, Reason("elsewhere", switch)
        for split in self._routes.splits(step):
            yield split, Reason("absent", split)

    def _below(self, setter: str, key: Key, rows: RowRanges) -> RowRanges:
        """Those of a step's rows that descend from an item of a step before it that runs again or may, or join one.

        In loops, and where it is not known who descends from whom, all of them do as soon as there is one.
        """
        levels = scopes(self.run, setter), scopes(self.run, key[0])
        if not any(found for (other, _), found in self._again.items() if other == setter):
            return []
        if any(kind == "loop" for level in levels for kind, _ in level):
            return rows
        again = self._again[setter, ()]
        if levels[0] == levels[1]:
            return row_ranges.intersect(rows, again)
        if levels[0] == levels[1][: len(levels[0])]:
            for _, origin in levels[1][len(levels[0]) :]:
                again = self._elements_of(origin, again)
            return row_ranges.intersect(rows, again)
        if levels[0][:-1] == levels[1]:
            return row_ranges.intersect(rows, self._items_with(levels[0][-1][1], again))
        return rows

    def _starts(self, origin: str) -> list[int]:
        """The first element of each item that came to a foreach, and behind them the number of all."""
        if origin not in self._elements:
            self._elements[origin] = [0, *accumulate(self._counts[origin])]
        return self._elements[origin]

    def _elements_of(self, origin: str, items: RowRanges) -> RowRanges:
        """The rows of the elements that items have in a foreach."""
        starts, arrived = self._starts(origin), self._arrived[origin, ()]
        ranks = [(row_ranges.rank(arrived, start), row_ranges.rank(arrived, stop)) for start, stop in items]
        return [[starts[low], starts[high]] for low, high in ranks if starts[low] < starts[high]]

    def _items_with(self, origin: str, elements: RowRanges) -> RowRanges:
        """The rows of the items whose foreach has one of these elements."""
        starts, arrived = self._starts(origin), list(row_ranges.iterate(self._arrived[origin, ()]))
        found = [range(bisect_right(starts, start) - 1, bisect_right(starts, stop - 1)) for start, stop in elements]
        return row_ranges.from_rows(sorted({arrived[rank] for ranks in found for rank in ranks}))


def _reading(name: str, setter: str) -> Reason:
    """That an item read what a step set."""
    kind, _, rest = name.partition(".")
    if kind in ("input", "count"):
        return Reason("element" if kind == "input" else "count", setter)
    return Reason("inputs", setter) if kind == "inputs" and not rest else Reason("artifact", rest, place=setter)


def _shifted(rows: RowRanges, by: int) -> RowRanges:
    return [[start + by, stop + by] for start, stop in rows]
