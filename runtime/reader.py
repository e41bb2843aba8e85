"""What a run left in a store: its items and their artifacts, read without the flow's source."""

from __future__ import annotations

from flowport.runtime import documents
from flowport.runtime import runs as rows_of
from flowport.runtime.address import Keys, unpart
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
        found = {unpart(name) for name in self.store.folders(self.keys.root)}
        return [step for step in self.plan["steps"] if step in found]

    def slices(self, step: str) -> list[str]:
        """The slices of a step that have a manifest, in their order."""
        prefix = self.keys.step(step)
        names = {key[len(prefix) :].partition("@")[0] for key in self.store.names(prefix)}
        return sorted(names, key=order)

    def shelves(self, step: str) -> Iterator[tuple[Manifest, Shelf]]:
        """The manifests of a step with the artifacts of their items."""
        scopes = self.program.step(step)["sites"][step]["scopes"]
        for slice in self.slices(step):
            manifest = self.manifests.need(step, slice)
            lineage = Lineage(self.manifests, scopes, slice)
            yield manifest, Shelf(self.columns, lineage, step, manifest.doc["own"], manifest.doc["classes"])

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
