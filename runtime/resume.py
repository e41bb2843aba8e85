"""Resume: take over an item from the run that is resumed, when the step and everything that the item read are the same.

Items are found by address, so the origin's slices may have been others. What an item wrote is taken over by reference. Where the
origin itself resumed another run, that one is asked too.
"""

from __future__ import annotations

from _pickle import loads

from flowport.runtime import codec, pack
from flowport.runtime import runs as rows_of
from flowport.runtime import start as starts
from flowport.runtime.address import Keys
from flowport.runtime.inputs import MERGED
from flowport.runtime.lineage import Frame, locate
from flowport.runtime.manifest import Manifests
from flowport.runtime.shelf import Columns, mark
from flowport.runtime.store import Missing
from flowport.runtime.tries import earlier, outcomes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from flowport.runtime.execute import Outcome
    from flowport.runtime.inputs import Inputs
    from flowport.runtime.manifest import Manifest
    from flowport.runtime.work import Work


class Origins:
    """The runs that a task may take items over from, the nearest first."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.columns = Columns(work.store)
        self.runs = list(self._chain())
        self._frames: dict[tuple[int, str], Frame] = {}
        self._fresh: set[bytes] = set()
        self._tried: dict[tuple[str, str], dict[int, tuple[str, Outcome]]] = {}

    def _chain(self) -> Iterator[Manifests]:
        origin = None if self.work.forced else self.work.start.origin
        seen: set[str] = set()
        while origin is not None and origin not in seen:
            seen.add(origin)
            keys = Keys(self.work.invocation.flow, origin)
            yield Manifests(self.work.store, keys, -1)
            # The run that is resumed is there, or this one had not begun; those before it may have been removed.
            origin = starts.read(self.work.store, keys).origin if self.work.store.exists(keys.run()) else None

    def take(self, row: int) -> Outcome | None:
        """The outcome of an item in the nearest origin that has it unchanged; None when it has to run."""
        for manifests in self.runs:
            place = self._place(manifests, row)
            if place is not None:
                outcome = self._outcome(manifests, *place)
                if outcome is not None and self._unchanged(outcome["reads"], row) and self._refreshed(outcome):
                    return {"taken": manifests.keys.id, **outcome, "row": row}
        return None

    def _refreshed(self, outcome: Outcome) -> bool:
        """Have the blobs of an item that is taken over count as new; False when one is gone, so that the item has to run."""
        try:
            for entry in (*outcome["own"].values(), *(outcome["values"] or ())):
                if codec.is_reference(entry) and entry not in self._fresh:
                    self.work.store.refresh(*codec.reference(entry))
                    self._fresh.add(entry)
        except Missing:
            return False
        return True

    def _place(self, manifests: Manifests, row: int) -> tuple[str, int] | None:
        """The slice and the row that the item had in an origin."""

        def frame(origin: str, slice: str) -> Frame | None:
            split = manifests.find(origin, slice)
            return None if split is None else self._frame(manifests, split)

        return locate(self.work.site["scopes"], self.work.lineage.path(row), frame)

    def _frame(self, manifests: Manifests, split: Manifest) -> Frame:
        key = (id(manifests), f"{split.step}/{split.slice}")
        if key not in self._frames:
            self._frames[key] = Frame(split, 0)
        return self._frames[key]

    def _outcome(self, manifests: Manifests, slice: str, row: int) -> Outcome | None:
        manifest = manifests.find(self.work.step, slice)
        if manifest is None:
            return self._from_try(manifests, slice, row)
        doc = manifest.doc
        if (
            doc["digest"] != self.work.plan["digest"]
            or not rows_of.contains(manifest.arrived, row)
            or rows_of.contains(doc.get("caught", []), row)
        ):
            return None
        own = {name: self.columns.entry(column, row) for name, column in doc["own"].items() if rows_of.contains(column["items"], row)}
        targets = [target for target, rows in doc["to"].items() if rows_of.contains(rows, row)]
        reads = loads(self.columns.entry(doc["reads"], row))
        values = self._values(manifests, manifest, row) if "fan" in doc else None
        ran = next((run for run, rows in doc.get("taken", []) if rows_of.contains(rows, row)), manifests.keys.id)
        return {"own": own, "to": targets, "values": values, "reads": reads, "taken": ran}

    def _from_try(self, manifests: Manifests, slice: str, row: int) -> Outcome | None:
        """An item that finished in a task that did not."""
        key = (manifests.keys.root, slice)
        if key not in self._tried:
            docs = earlier(self.work.store, manifests.keys.tries(self.work.step, slice, 0))
            self._tried[key] = {row: (doc["digest"], outcome) for doc in docs for row, outcome in outcomes(self.work.store, doc).items()}
        digest, outcome = self._tried[key].get(row, ("", None))
        return outcome if outcome is not None and digest == self.work.plan["digest"] and not outcome.get("caught") else None

    def _values(self, manifests: Manifests, split: Manifest, row: int) -> list[bytes]:
        """What the foreach of an item went over."""
        frame, fan = self._frame(manifests, split), split.doc["fan"]
        place = rows_of.rank(split.arrived, row)
        first, stop, size = frame.starts[place], frame.starts[place + 1], fan["g"]
        found: list[bytes] = []
        for number in range(first // size, -(-stop // size) if stop > first else 0):
            entries = self.columns.entries(pack.indexed(self.work.store, fan["values"], number))
            found += entries[max(first - number * size, 0) : stop - number * size]
        return found

    def _unchanged(self, reads: dict[str, Any], row: int) -> bool:
        inputs = self.work.inputs(row)
        return all(self._now(name, before, row, inputs) == before for name, before in reads.items())

    def _now(self, name: str, before: Any, row: int, inputs: Inputs | None) -> Any:
        """What would be noted today for something that was read then."""
        kind, _, rest = name.partition(".")
        indexes = self.work.lineage.indexes(row)
        match kind:
            case "self":
                entry = self.work.shelf.entry(rest, row)
                return "" if entry is None else mark(entry)
            case "parameter":
                return self.work.start.mark(rest) if self.work.start.has(rest) else None
            case "code":
                return self.work.definitions.mark(rest)
            case "count":
                return indexes[int(rest)][3]
            case "input":
                frame, inner, _, _ = indexes[int(rest) if rest else -1]
                return mark(self.work.columns.element(frame, inner))
            case "inputs" if inputs is not None:
                if not rest:
                    return len(inputs)
                if rest == MERGED:
                    return inputs.named()
                wanted = before[0]
                return [wanted, inputs.digest(rest, wanted)] if not wanted or wanted[-1][1] <= len(inputs) else None
        return None
