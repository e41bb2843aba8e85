"""What a run left in its store: the addresses of its items, and the artifacts of any of them, read without the plan's engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowport.runtime import runs as rows_of
from flowport.runtime import start
from flowport.runtime.address import Keys
from flowport.runtime.lineage import Lineage
from flowport.runtime.manifest import Manifests
from flowport.runtime.program import Program
from flowport.runtime.shelf import Columns, Shelf
from flowport.runtime.store import open_store


@dataclass(frozen=True)
class Result:
    """`items` holds for each step the addresses of its items and their artifacts, each decoded."""

    items: dict[str, dict[str, dict[str, Any]]]

    @property
    def counts(self) -> dict[str, int]:
        """How many items each step has."""
        return {step: len(found) for step, found in self.items.items()}

    @property
    def addresses(self) -> set[tuple[str, str]]:
        """Every (step, item)."""
        return {(step, address) for step, found in self.items.items() for address in found}

    def artifacts(self, step: str, address: str = "r") -> dict[str, Any]:
        """The artifacts of one item."""
        return self.items[step][address]


def result(url: str, flow: str, run: str, decode: tuple[str, ...] = ("end",)) -> Result:
    """The result of a run; artifacts are read of the steps in `decode` alone."""
    store, keys = open_store(url), Keys(flow, run)
    program = Program.fetched(store, start.read(store, keys).doc["code"])
    manifests, columns = Manifests(store, keys, -1), Columns(store)
    items: dict[str, dict[str, dict[str, Any]]] = {}
    for step in program.plan["steps"]:
        scopes = program.step(step)["sites"][step]["scopes"]
        for slice in sorted({name.rsplit("/", 1)[1].split("@")[0] for name in store.names(keys.step(step)) if "@" in name}):
            manifest = manifests.find(step, slice)
            if manifest is None:
                continue
            lineage = Lineage(manifests, scopes, slice)
            shelf = Shelf(columns, lineage, step, manifest.doc["own"], manifest.doc["classes"])
            for row in rows_of.iterate(manifest.arrived):
                items.setdefault(step, {})[lineage.address(row)] = values(shelf, row) if step in decode else {}
    return Result(items)


def values(shelf: Shelf, row: int) -> dict[str, Any]:
    """The artifacts of the item of a row."""
    found = {}
    for name in shelf.names(row):
        entry = shelf.entry(name, row)
        if entry is not None:
            found[name] = shelf.value(name, row, entry)
    return found
