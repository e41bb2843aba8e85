"""The checkpoints of one item in the store: slots that are overwritten in turn, so that nothing has to be deleted.

    <folder>/0.json      which files the slot has, with sizes and digests; written last
    <folder>/0/0         the first of them

Before a slot is overwritten, its document says that it is not valid. Each checkpoint has a `sequence` number, the newest the highest. The
newest valid one is never overwritten, so there is always one, whenever a process is killed.
"""

from __future__ import annotations

import time

from flowport.runtime.checkpoints import files
from flowport.runtime.checkpoints.errors import CheckpointException
from flowport.runtime.checkpoints.place import Place
from flowport.runtime.checkpoints.references import CheckpointArtifact, plain, when
from flowport.runtime.protocol import version_problem
from flowport.runtime.store import documents
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.keys import Keys, unpart

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from flowport.runtime.store.interface import Store

VERSION, OLDEST = 1, 1
"""The version of the documents, and the oldest that is understood."""

KEPT = 3
"""How many checkpoints of one name are kept."""

SLOTS = 30
"""How many slots one item has at most."""


class Slot:
    """A slot and its document. One that is not valid has no files to read."""

    __slots__ = ("doc", "number", "place")

    def __init__(self, place: Place, number: int, doc: dict[str, Any]) -> None:
        self.place, self.number, self.doc = place, number, doc

    @property
    def valid(self) -> bool:
        return bool(self.doc["valid"])

    @property
    def name(self) -> str:
        return str(self.doc["name"])

    @property
    def sequence(self) -> int:
        return int(self.doc["sequence"])

    @property
    def key(self) -> str:
        """The key of the checkpoint: a slot has another one later."""
        return f"{_document_key(self.place.folder, self.number)}#{self.sequence}"

    def artifact(self) -> CheckpointArtifact:
        """The reference of the checkpoint."""
        doc = self.doc
        return CheckpointArtifact(
            pathspec=self.place.pathspec,
            attempt=doc["attempt"],
            key=self.key,
            url=f"{self.place.store.url}/{self.key}",
            created_on=when(doc["created"]),
            creation_context="task",
            metadata=doc["metadata"],
            name=self.name,
            version_id=doc["version"],
            storage_format=doc["format"],
            size=files.total(doc["files"]),
        )

    def fetch(self, path: str) -> None:
        """Write the files into a folder; raises Missing and Corrupt when the checkpoint is not whole."""
        store, folder, number = self.place.store, self.place.folder, self.number
        files.fetch(store, self.doc["files"], lambda file: _file_key(folder, number, file), path)


def read(place: Place) -> list[Slot]:
    """The slots of an item, the newest first."""
    found = [int(name) for key in place.store.names(place.folder) if (name := key[len(place.folder) :].removesuffix(".json")).isdecimal()]
    slots = files.in_threads(lambda number: Slot(place, number, _document(place.store, place.folder, number)), found)
    return sorted(slots, key=lambda slot: slot.sequence, reverse=True)


def newest(place: Place, wanted: Callable[[dict[str, Any]], bool], path: str) -> Slot | None:
    """Write the newest checkpoint that is whole, and `wanted`, into a folder; None when there is none."""
    for slot in read(place):
        if is_latest(slot) and wanted(slot.doc):
            try:
                slot.fetch(path)
            except (Missing, Corrupt):
                continue
            return slot
    return None


def reference(store: Store, key: str) -> CheckpointArtifact:
    """The reference of the checkpoint with this key; raises CheckpointException if its slot has another one by now."""
    return _with_key(store, key).artifact()


def fetch(store: Store, key: str, path: str) -> None:
    """Write the files of the checkpoint with this key into a folder."""
    _with_key(store, key).fetch(path)


def _with_key(store: Store, key: str) -> Slot:
    parts = key.partition("#")[0].removesuffix(".json").split("/")
    if len(parts) == 8 and parts[7].isdecimal():
        flow, run, step, item = (unpart(parts[at]) for at in (1, 3, 5, 6))
        place = Place(store, Keys(flow, run), step, item, 0)
        slot = Slot(place, int(parts[7]), _document(store, place.folder, int(parts[7])))
        if slot.valid and slot.key == key:
            return slot
    raise CheckpointException(
        f"the checkpoint `{key}` is not in the store `{store.url}` any more: the newest {KEPT} of a name are kept; "
        "give it a `name` of its own, or keep it with `current.model.save`"
    )


def save(place: Place, path: str, doc: dict[str, Any]) -> Slot:
    """Store the files at `path` in the next slot. `doc` has the name, the metadata and so on; returns the slot."""
    with place.turn():
        return _save(place, path, doc)


def _save(place: Place, path: str, doc: dict[str, Any]) -> Slot:
    found = files.local_files(path)
    slots = read(place)
    sequence = slots[0].sequence + 1 if slots else 0
    number = _next(slots, doc["name"])
    versions = [slot.doc["version"] for slot in slots if slot.valid and slot.doc["attempt"] == place.attempt]
    folder, store = place.folder, place.store
    key = _document_key(folder, number)
    begun = {"v": VERSION, "sequence": sequence, "name": doc["name"], "valid": False}
    store.replace(key, documents.dump(begun))
    stored = files.in_threads(lambda one: store.replace_with_file(_file_key(folder, number, one[0]), one[1][1]), [*enumerate(found)])
    whole = {
        **begun,
        "valid": True,
        "attempt": place.attempt,
        "version": max(versions, default=-1) + 1,
        "created": round(time.time(), 3),
        **doc,
        "metadata": plain(doc["metadata"]),
        "files": [[name, size, sha] for (name, _), (sha, size) in zip(found, stored)],
    }
    store.replace(key, documents.dump(whole))
    return Slot(place, number, whole)


def _next(slots: list[Slot], name: str) -> int:
    """The slot that is overwritten: one of those with the same name once there are enough of them, else a new one."""
    own = [slot for slot in slots if slot.name == name]
    if len(own) < KEPT and len(slots) < SLOTS:
        return next(number for number in range(SLOTS) if all(slot.number != number for slot in slots))
    kept = {next((slot.number for slot in among if slot.valid), -1) for among in (own, slots, [slot for slot in slots if is_latest(slot)])}
    return next(slot.number for slot in reversed(own if len(own) >= KEPT else slots) if slot.number not in kept)


def is_latest(slot: Slot) -> bool:
    """Whether the next attempt may begin with a checkpoint, as `save(latest=True)` says."""
    return slot.valid and bool(slot.doc["latest"])


def _document(store: Store, folder: str, number: int) -> dict[str, Any]:
    """The document of a slot; that of one that is not valid, and the first to be overwritten, if it is damaged."""
    try:
        found = documents.load(store.read(_document_key(folder, number)))
    except (Missing, ValueError):
        found = None
    return found if _is_document(found) else {"valid": False, "name": "", "sequence": -1}


def _is_document(found: Any) -> bool:
    if not isinstance(found, dict) or version_problem(found.get("v"), VERSION, OLDEST):
        return False
    if not isinstance(found.get("sequence"), int) or not isinstance(found.get("name"), str):
        return False
    return found.get("valid") is False or (
        files.is_list(found.get("files"))
        and isinstance(found.get("metadata"), dict)
        and isinstance(found.get("created"), int | float)
        and all(name in found for name in ("attempt", "version", "latest", "format"))
    )


def _document_key(folder: str, number: int) -> str:
    return f"{folder}{number}.json"


def _file_key(folder: str, number: int, file: int) -> str:
    return f"{folder}{number}/{file}"
