"""Resuming: takes over an item from an earlier run if its step and everything that the item read are unchanged.

Items are found by address, so the slices of the earlier run may differ. What an item wrote is taken over by reference. If the earlier run
resumed another one, that run is searched too.
"""

from __future__ import annotations

from _pickle import loads

from flowport.runtime.joins.input_ranges import MERGED
from flowport.runtime.records.attempts import earlier, outcomes
from flowport.runtime.records.manifest import Manifests
from flowport.runtime.records.run_record import origins
from flowport.runtime.replay.artifact_view import ColumnCache, mark
from flowport.runtime.replay.lineage import Frame, locate
from flowport.runtime.store import codec, packs, row_ranges
from flowport.runtime.store.errors import Missing
from flowport.runtime.store.keys import Keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.joins.input_ranges import InputRanges
    from flowport.runtime.records.manifest import Manifest
    from flowport.runtime.records.outcome import Outcome
    from flowport.runtime.task.context import ItemContext, TaskContext


class Origins:
    """The runs that a task may take items over from, the nearest first."""

    def __init__(self, context: TaskContext) -> None:
        self.context = context
        self.columns = ColumnCache(context.store)
        origin = None if context.forced else context.record.origin
        runs = origins(context.store, context.invocation.flow, origin)
        self.runs = [Manifests(context.store, Keys(context.invocation.flow, run), -1) for run in runs]
        self._frames: dict[tuple[int, str], Frame] = {}
        self._fresh: set[bytes] = set()
        self._attempted: dict[tuple[str, str], dict[int, tuple[str, Outcome]]] = {}

    def take(self, row: int) -> Outcome | None:
        """The outcome of an item in the nearest origin that has it unchanged; None when it has to run."""
        for manifests in self.runs:
            outcome = self._found(manifests, row)
            if outcome is not None and unchanged(self.context, outcome["reads"], row) and self._refreshed(outcome):
                outcome["row"] = row
                outcome.setdefault("taken", manifests.keys.id)
                return outcome
        return None

    def _found(self, manifests: Manifests, row: int) -> Outcome | None:
        """The outcome of an item in an origin; None if it has none, or if a blob of it is gone."""
        try:
            place = self._place(manifests, row)
            return None if place is None else self._outcome(manifests, *place)
        except Missing:
            return None

    def _refreshed(self, outcome: Outcome) -> bool:
        """Have the blobs of an item that is taken over count as new; False when one is gone, so that the item has to run."""
        try:
            for entry in (*outcome["own"].values(), *(outcome["values"] or ()), *outcome.get("cards", {}).values()):
                if codec.is_reference(entry) and entry not in self._fresh:
                    self.context.store.refresh(*codec.reference(entry))
                    self._fresh.add(entry)
        except Missing:
            return False
        return True

    def _place(self, manifests: Manifests, row: int) -> tuple[str, int] | None:
        """The slice and the row that the item had in an origin."""

        def frame(origin: str, slice: str) -> Frame | None:
            split = manifests.find(origin, slice)
            return None if split is None else self._frame(manifests, split)

        return locate(self.context.site["scopes"], self.context.lineage.path(row), frame)

    def _frame(self, manifests: Manifests, split: Manifest) -> Frame:
        key = (id(manifests), f"{split.step}/{split.slice}")
        if key not in self._frames:
            self._frames[key] = Frame(split, 0)
        return self._frames[key]

    def _outcome(self, manifests: Manifests, slice: str, row: int) -> Outcome | None:
        manifest = manifests.find(self.context.step, slice)
        if manifest is None:
            return self._from_attempts(manifests, slice, row)
        doc = manifest.doc
        if (
            doc["digest"] != self.context.plan["digest"]
            or not row_ranges.contains(manifest.arrived, row)
            or row_ranges.contains(doc.get("caught", []), row)
        ):
            return None
        own, cards = self._entries(doc["own"], row), self._entries(doc.get("cards", {}), row)
        targets = [target for target, rows in doc["to"].items() if row_ranges.contains(rows, row)]
        reads = loads(self.columns.entry(doc["reads"], row))
        values = self._values(manifests, manifest, row) if "fan" in doc else None
        ran = next((run for run, rows in doc.get("taken", []) if row_ranges.contains(rows, row)), manifests.keys.id)
        found: Outcome = {"row": row, "own": own, "to": targets, "values": values, "reads": reads, "taken": ran}
        if metrics := self._entries(doc.get("metrics", {}), row):
            found["metrics"] = metrics
        if logged := [name for name, rows in doc.get("logged", {}).items() if row_ranges.contains(rows, row)]:
            found["logged"] = logged
        return {**found, "cards": cards} if cards else found

    def _entries(self, columns: dict[str, Any], row: int) -> dict[str, bytes]:
        """What columns have for an item, by their names."""
        return {name: self.columns.entry(column, row) for name, column in columns.items() if row_ranges.contains(column["items"], row)}

    def _from_attempts(self, manifests: Manifests, slice: str, row: int) -> Outcome | None:
        """An item that finished in a task that did not."""
        key = (manifests.keys.root, slice)
        if key not in self._attempted:
            docs = earlier(self.context.store, manifests.keys.attempts(self.context.step, slice, 0))
            self._attempted[key] = {
                row: (doc["digest"], outcome) for doc in docs for row, outcome in outcomes(self.context.store, doc).items()
            }
        digest, outcome = self._attempted[key].get(row, ("", None))
        return outcome if outcome is not None and digest == self.context.plan["digest"] and not outcome.get("caught") else None

    def _values(self, manifests: Manifests, split: Manifest, row: int) -> list[bytes]:
        """What the foreach of an item went over."""
        frame, fan = self._frame(manifests, split), split.doc["fan"]
        place = row_ranges.rank(split.arrived, row)
        first, stop, size = frame.starts[place], frame.starts[place + 1], fan["g"]
        found: list[bytes] = []
        for number in range(first // size, -(-stop // size) if stop > first else 0):
            entries = self.columns.entries(packs.indexed(self.context.store, fan["values"], number))
            found += entries[max(first - number * size, 0) : stop - number * size]
        return found


def unchanged(context: ItemContext, reads: dict[str, Any], row: int) -> bool:
    """Whether what an item read then is still the same."""
    inputs = context.inputs(row)
    return all(current_mark(context, name, before, row, inputs) == before for name, before in reads.items())


def current_mark(context: ItemContext, name: str, before: Any, row: int, inputs: InputRanges | None) -> Any:
    """What would be noted today for something that was read then."""
    kind, _, rest = name.partition(".")
    indexes = context.lineage.indexes(row)
    match kind:
        case "self":
            entry = context.artifacts.entry(rest, row)
            return "" if entry is None else mark(entry)
        case "parameter":
            return context.record.mark(rest) if context.record.has_parameter(rest) else None
        case "project":
            return context.program.flow.get("project", {}).get(rest)
        case "code":
            return context.definitions.mark(rest)
        case "count":
            return indexes[int(rest)][3]
        case "input":
            frame, inner, _, _ = indexes[int(rest) if rest else -1]
            return mark(context.columns.element(frame, inner))
        case "inputs" if inputs is not None:
            if not rest:
                return len(inputs)
            if rest == MERGED:
                return inputs.names_digest()
            wanted = before[0]
            return [wanted, inputs.digest(rest, wanted)] if not wanted or wanted[-1][1] <= len(inputs) else None
    return None
