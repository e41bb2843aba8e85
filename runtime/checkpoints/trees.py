"""The files of a model: each is a blob, and a document names them all. Nothing is ever overwritten.

flows/<flow>/runs/<run>/step-models/<digest>.json     {"v": 1, "files": [[path, size, SHA-256]], "reference": {...}}
"""

from __future__ import annotations

from flowport.runtime.checkpoints import files
from flowport.runtime.checkpoints.errors import LoadingException
from flowport.runtime.checkpoints.references import ModelArtifact
from flowport.runtime.protocol import version_problem
from flowport.runtime.store import documents
from flowport.runtime.store.keys import blob_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.store.interface import Store

VERSION, OLDEST = 1, 1
"""The version of the documents, and the oldest that is understood."""


def put(store: Store, path: str, without: str = "") -> list[list[Any]]:
    """Store the files at `path`, and return their list; those in the folder `without` are left out."""
    found = [one for one in files.local_files(path) if not without or not one[0].startswith(f"{without}/")]
    stored = files.in_threads(lambda one: store.put_blob_file(one[1]), found)
    return [[name, size, sha] for (name, _), (sha, size) in zip(found, stored)]


def document(listed: list[list[Any]], reference: dict[str, Any]) -> bytes:
    """The document of a model."""
    return documents.dump({"v": VERSION, "files": listed, "reference": reference})


def fetch(store: Store, key: str, path: str) -> None:
    """Write the files of a model into a folder; raises Missing and Corrupt."""
    listed = _read(store, key)["files"]
    files.fetch(store, listed, lambda number: blob_key(listed[number][2]), path)


def reference(store: Store, key: str) -> ModelArtifact:
    """The reference of the model with this key."""
    found = dict(_read(store, key)["reference"])
    return ModelArtifact(**{**found, "key": key, "url": f"{store.url}/{key}"})


def refresh(store: Store, key: str) -> None:
    """Have the blobs of a model that is used again count as new; raises Missing if one is gone."""
    files.in_threads(lambda one: store.refresh(one[2], one[1]), _read(store, key)["files"])


def blobs(store: Store, key: str) -> list[str]:
    """The SHA-256 of each blob of a model; raises Missing and LoadingException."""
    return [sha for _, _, sha in _read(store, key)["files"]]


def _read(store: Store, key: str) -> dict[str, Any]:
    data = store.read(key)
    try:
        found = documents.load(data)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not files.is_list(found.get("files")) or not isinstance(found.get("reference"), dict):
        raise LoadingException(f"`{key}` in the store `{store.url}` is not the document of a model")
    if wrong := version_problem(found.get("v"), VERSION, OLDEST):
        raise LoadingException(f"`{key}` in the store `{store.url}` cannot be read: {wrong}")
    return found
