"""The documents that a reader of a running run looks at, each read again only when it was written again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowport.runtime.protocol import NonRetryable
from flowport.runtime.records.attempts import document_of
from flowport.runtime.records.manifest import Manifests
from flowport.runtime.records.signs import Sign, read_sign

if TYPE_CHECKING:
    from flowport.runtime.records.manifest import Manifest
    from flowport.runtime.records.signs import Place
    from flowport.runtime.store.entry import Entry
    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys


class Documents:
    """The signs, the records of attempts and the manifests of a run. All methods raise Corrupt and StoreError."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._store, self._keys = store, keys
        self._signs: dict[str, tuple[str, Sign]] = {}
        self._records: dict[str, tuple[str, dict[str, Any]]] = {}
        self._manifests: dict[str, tuple[str, Manifest]] = {}
        self._splits: dict[tuple[str, str], Manifest] = {}

    def sign(self, place: Place) -> Sign:
        """The last sign of an attempt."""
        version, sign = self._signs.get(place.key, ("", None))
        if sign is None or version != place.version:
            sign = read_sign(self._store, place)
            self._signs[place.key] = (place.version, sign)
        return sign

    def record(self, entry: Entry) -> dict[str, Any]:
        """What an attempt left; a document without items for a damaged one."""
        version, record = self._records.get(entry.key, ("", None))
        if record is None or version != entry.version:
            record = document_of(self._store, entry.key)
            self._records[entry.key] = (entry.version, record)
        return record

    def manifest(self, step: str, slice: str, entry: Entry) -> Manifest:
        """The manifest of a task."""
        version, manifest = self._manifests.get(entry.key, ("", None))
        if manifest is None or version != entry.version:
            manifest = Manifests(self._store, self._keys, -1).at(step, slice, entry.key)
            self._manifests[entry.key] = (entry.version, manifest)
        return manifest

    def find(self, step: str, slice: str) -> Manifest | None:
        """The manifest of a split; None as long as it is not done."""
        found = self._splits.get((step, slice)) or Manifests(self._store, self._keys, -1).highest(step, slice)
        if found is not None:
            self._splits[step, slice] = found
        return found

    def need(self, step: str, slice: str) -> Manifest:
        """The same; raises NonRetryable."""
        found = self.find(step, slice)
        if found is None:
            raise NonRetryable(f"step `{step}` has no manifest for {slice}")
        return found
