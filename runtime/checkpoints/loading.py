"""Loads what references name: `load_model`, `Checkpoint.load` and `@model(load=...)`."""

from __future__ import annotations

import os

from flowport.runtime.checkpoints import slots, trees
from flowport.runtime.checkpoints.errors import CheckpointException, LoadingException
from flowport.runtime.checkpoints.place import announced
from flowport.runtime.checkpoints.references import Artifact, address_of, is_checkpoint
from flowport.runtime.names.current import current
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.store.open import open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.checkpoints.references import Reference
    from flowport.runtime.store.interface import Store


def load_model(reference: Reference, path: str | os.PathLike[str]) -> None:
    """Write the files of a model or a checkpoint into a folder, which is made if it is not there. It works in steps and in scripts.

    `reference` is what `save` returned, or its `key`.
    """
    if reference is None:
        raise ValueError("`load_model` needs a reference")
    if path is None:
        raise ValueError("`load_model` needs a path")
    load(reference, os.fspath(path))


def load_checkpoint(reference: Reference, path: str) -> None:
    """The same for a checkpoint only."""
    key, _ = address_of(reference)
    if not is_checkpoint(key):
        raise CheckpointException(f"`{key}` is a model and no checkpoint: load it with `load_model` or `@model(load=...)`")
    load(reference, path)


def load(reference: Reference, path: str) -> None:
    """Write the files that a reference names into a folder; raises LoadingException when they are not there or damaged."""
    key, url = address_of(reference)
    try:
        store = _store(key, url)
        (slots if is_checkpoint(key) else trees).fetch(store, key, path)
    except Missing as error:
        raise LoadingException(f"`{key}` cannot be loaded: {error}") from error
    except Corrupt as error:
        raise LoadingException(f"`{key}` is damaged: {error}") from error


def document(reference: Reference) -> dict[str, Any]:
    """The dictionary that a reference, or a key, stands for."""
    if isinstance(reference, dict):
        return dict(reference)
    if isinstance(reference, Artifact):
        return reference.to_dict()
    key, url = address_of(reference)
    try:
        store = _store(key, url)
        return (slots.reference(store, key) if is_checkpoint(key) else trees.reference(store, key)).to_dict()
    except Missing as error:
        raise LoadingException(f"`{key}` cannot be loaded: {error}") from error


def _store(key: str, url: str) -> Store:
    """The store that has a document: the one of the task, or the one that the reference names."""
    named = url.removesuffix(key).rstrip("/") if url.endswith(key) else ""
    document = key.partition("#")[0]
    place = None
    if current._store is not None or announced() is not None or not named:
        place = open_place()
        if not named or place.url == named or place.exists(document):
            return place
    try:
        store = open_store(named)
        if store.exists(document):
            return store
    except StoreError as error:
        raise LoadingException(f"`{key}` is in the store `{named}`, which this process cannot read: {error}") from error
    here = f"neither in the store `{place.url}` nor" if place else "not"
    raise LoadingException(f"`{key}` is {here} in the store `{named}` that its reference names")


def open_place() -> Store:
    """The store of the task, or the one that the client reads."""
    if current._store is not None:
        return current._store
    if (found := announced()) is not None:
        return found[0].store
    from flowport.runtime.names import exports

    return open_store(exports.load("get_metadata")())
