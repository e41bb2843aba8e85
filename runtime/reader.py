"""What a run left in a store: its items and their artifacts, read without the flow's source."""

from __future__ import annotations

from flowport.runtime import documents
from flowport.runtime import runs as rows_of
from flowport.runtime.address import ROOT, Keys, unpart
from flowport.runtime.lineage import Lineage
from flowport.runtime.manifest import Manifest, Manifests
from flowport.runtime.program import Program
from flowport.runtime.shelf import Columns, Shelf
from flowport.runtime.start import Start
from flowport.runtime.store import Corrupt, Missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from flowport.runtime.store import Store


class Unreadable:
    """Stands for an artifact that cannot be loaded here, such as one of a class whose module is not installed."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __repr__(self) -> str:
        return f"<unreadable here: {self.reason}>"


class Run:
    """One run of a flow, as its documents tell it; raises Missing when there is no such run, Corrupt when its document is damaged."""

    def __init__(self, store: Store, flow: str, run: str) -> None:
        self.store, self.keys = store, Keys(flow, run)
        try:
            self.doc: dict[str, Any] = documents.load(store.read(self.keys.run()))
            code = str(self.doc["code"])
        except (ValueError, KeyError, TypeError):
            raise Corrupt(f"`{self.keys.run()}` in {store.url} is damaged: it is not the document of a run") from None
        self.program = Program.fetched(store, code)
        self._known: dict[tuple[str, str], list[list[str]]] = {}
        self._again: bool | None = None
        self.manifests = Manifests(store, self.keys, -1)
        self.columns = Columns(store)

    @property
    def plan(self) -> dict[str, Any]:
        """The plan of the flow that ran."""
        return self.program.plan

    @property
    def ended(self) -> bool:
        """Whether the last step has happened."""
        return self.store.count(self.keys.series(self.plan["end"], "s"), ".json") > 0

    def steps(self) -> list[str]:
        """The steps that left documents, in the order of the plan."""
        found = {unpart(name): None for name in self.store.folders(self.keys.root)}
        known = {step: None for step in self.plan["steps"] if step in found}
        return list(known | found)

    def slices(self, step: str) -> list[str]:
        """The slices of a step whose manifest is in force, in their order."""
        return sorted([slice for slice in self.manifests.generations(step) if self._counts(step, slice)], key=order)

    def _counts(self, step: str, slice: str) -> bool:
        """Whether a manifest is of what the run came to, and not of a slice, an arm or a turn that was gone when a step ran again."""
        if not self._ran_again:
            return True
        if any(self.manifests.need(other, place).sha != sha for other, place, _, sha in self.manifests.need(step, slice).doc["after"]):
            return False
        around = ROOT
        for (kind, name), piece in zip(self._scopes(step, slice), slice.split(".")[1:]):
            if kind == "loop" and int(piece[1:]) >= self.manifests.turns(name, around):
                return False
            around = f"{around}.{piece}"
        return True

    @property
    def _ran_again(self) -> bool:
        """Whether anything of the run was run again on purpose."""
        if self._again is None:
            self._again = any(any(self.manifests.generations(step).values()) for step in self.steps())
        return self._again

    def shelves(self, step: str) -> Iterator[tuple[Manifest, Shelf]]:
        """The manifests of a step with the artifacts of their items."""
        for slice in self.slices(step):
            manifest = self.manifests.need(step, slice)
            lineage = Lineage(self.manifests, self._scopes(step, slice), slice)
            yield manifest, Shelf(self.columns, lineage, step, manifest.doc["own"], manifest.doc["classes"])

    def _scopes(self, step: str, slice: str) -> list[list[str]]:
        """The scopes around a step, in the code that ran: what is mended and run again is of another package than the run's first task."""
        code = self.manifests.need(step, slice).doc["code"]
        if (step, code) not in self._known:
            self._known[step, code] = Program.fetched(self.store, code).step(step)["sites"][step]["scopes"]
        return self._known[step, code]

    def items(self, step: str) -> list[str]:
        """The addresses of a step's items."""
        return [shelf.lineage.address(row) for manifest, shelf in self.shelves(step) for row in rows_of.iterate(manifest.arrived)]

    def all_items(self) -> set[tuple[str, str]]:
        """Every (step, item) of the run."""
        return {(step, item) for step in self.steps() for item in self.items(step)}

    def artifacts(self, step: str, item: str | None = None) -> dict[str, Any]:
        """The parameters and the artifacts of an item by name, of the step's first when none is named; raises Missing without it."""
        for manifest, shelf in self.shelves(step):
            for row in rows_of.iterate(manifest.arrived):
                if item is None or shelf.lineage.address(row) == item:
                    return {**self.parameters(), **{name: self._value(shelf, name, row) for name in shelf.names(row)}}
        raise Missing(f"step `{step}` has no item {item}" if item else f"step `{step}` has not happened")

    def parameters(self) -> dict[str, Any]:
        """The parameters of the run by attribute."""
        return Start(self.store, self.doc).values()

    def _value(self, shelf: Shelf, name: str, row: int) -> Any:
        entry = shelf.entry(name, row)
        assert entry is not None
        try:
            return shelf.value(name, row, entry)
        except (ImportError, AttributeError) as error:
            return Unreadable(str(error))


def find(store: Store, flow: str, run: str) -> Run:
    """The run, raising Missing with a sentence when the store has none."""
    try:
        return Run(store, flow, run)
    except Missing as error:
        raise Missing(f"{store.url} has no run `{run}` of {flow}: {error}") from None


def order(slice: str) -> list[tuple[int, int]]:
    """What slices are sorted by."""
    return [(int(part.startswith("t")), int(part.lstrip("t"))) for part in slice.split(".")[1:]]
