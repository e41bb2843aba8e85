"""The last values of a run's metrics: for readers that want to know them without its manifests.

A task that has logged metrics leaves a document when it is done, in a folder for the names of its metrics. The latest task comes first in
the folder, so readers look at one document for each set of names, however many tasks there were.
"""

from __future__ import annotations

from flowport.runtime.metrics.log import series
from flowport.runtime.protocol import OLDEST_RECORDS, RECORDS, version_problem
from flowport.runtime.store import digests, documents
from flowport.runtime.store.errors import Corrupt, Missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from flowport.runtime.records.manifest import Manifest
    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys


class LatestValue:
    """The value of a metric that a run logged last, at which `step` of the series, and the step and the item of the flow that did it."""

    __slots__ = ("at", "item", "name", "step", "value")

    def __init__(self, name: str, value: float, at: int, step: str, item: str) -> None:
        self.name, self.value, self.at, self.step, self.item = name, value, at, step, item


def enter_latest(store: Store, keys: Keys, manifest: Manifest, address: Callable[[int], str]) -> None:
    """Leave the last values of a task's metrics. Each attempt that finds the manifest writes the same."""
    final = manifest.doc["final"]
    names = digests.of(documents.dump([manifest.step, *sorted(final)]))[:16]
    values = {name: [value, at, address(row)] for name, (value, at, row) in final.items()}
    document = {"v": RECORDS, "step": manifest.step, "ended": manifest.doc["ended"], "values": values}
    store.create(keys.metrics(names, manifest.doc["ended"]), documents.dump(document))


def latest_values(store: Store, keys: Keys) -> dict[str, LatestValue]:
    """The value of each metric that the task of a run which ended last has logged, by name. Raises Corrupt."""
    folder = keys.metrics()
    found: list[dict[str, Any]] = []
    for names in store.folders(folder):
        entry = next(store.entries(f"{folder}{names}/"), None)
        if entry is not None:
            found.append(_read(store, entry.key))
    values = {}
    for document in sorted(found, key=lambda document: float(document["ended"])):
        for name, (value, at, item) in document["values"].items():
            values[name] = LatestValue(name, value, at, document["step"], item)
    return {name: values[name] for name in sorted(values)}


def _read(store: Store, key: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = documents.load(store.read(key))
        wrong = version_problem(found.get("v"), RECORDS, OLDEST_RECORDS)
        is_whole = isinstance(found["step"], str) and isinstance(found["ended"], (int, float))
        for value, at, item in found["values"].values():
            series([[at], [value]])
            is_whole = is_whole and isinstance(item, str)
    except (ValueError, LookupError, TypeError, AttributeError, Missing):
        wrong, is_whole = "", False
    if wrong or not is_whole:
        raise Corrupt(f"`{key}` in {store.url} cannot be read: {wrong or 'it does not have the values of metrics'}")
    return found
