"""`current.model`: save models, and load models and checkpoints by their references."""

from __future__ import annotations

import os
import time
from shutil import rmtree

from flowport.runtime.checkpoints import loading, trees
from flowport.runtime.checkpoints.errors import LoadingException
from flowport.runtime.checkpoints.files import temporary_folder
from flowport.runtime.checkpoints.references import ModelArtifact, plain, when
from flowport.runtime.store import digests
from flowport.runtime.store.writes import ensure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from tempfile import TemporaryDirectory
    from typing import Any

    from flowport.runtime.checkpoints.place import Place
    from flowport.runtime.checkpoints.references import Reference

    Path = str | os.PathLike[str]

FORMATS = ("tar", "files")
"""The storage formats of Metaflow. Here both store the files one by one, and a folder looks the same when it is loaded."""


class CurrentModel:
    """`current.model`."""

    def __init__(self, place: Place, temp_dir_root: str | None, best_effort: bool) -> None:
        self._place = place
        self.loaded = LoadedModels(temp_dir_root, best_effort)

    def save(
        self, path: Path, label: str | None = None, metadata: dict[str, Any] | None = None, storage_format: str = "tar"
    ) -> dict[str, Any]:
        """Save a file, or the contents of a folder; returns a reference, to be kept as an artifact."""
        if storage_format not in FORMATS:
            raise ValueError(f"the storage format of a model is `tar` or `files`, not `{storage_format}`")
        if not isinstance(metadata, dict | None):
            raise ValueError(f"the `metadata` of a model is a dict, not of type `{type(metadata).__name__}`")
        place = self._place
        listed = trees.put(place.store, os.fspath(path))
        name = label if label is not None else f"{place.keys.flow}_{place.step}"
        values = {
            "pathspec": place.pathspec,
            "attempt": place.attempt,
            "created_on": when(time.time()),
            "model_uuid": f"{name}_{os.urandom(16).hex()}",
            "metadata": plain(metadata or {}),
            "source": "task",
            "serializer": storage_format,
            "storage_format": storage_format,
            "label": label,
            "size": sum(size for _, size, _ in listed),
        }
        data = trees.document(listed, values)
        key = place.keys.model(digests.of(data))
        ensure(place.store, key, data)
        return ModelArtifact(**values, key=key, url=f"{place.store.url}/{key}").to_dict()

    def load(self, reference: Reference, path: Path | None = None) -> str:
        """Write the files of a model or a checkpoint into a folder, a temporary one if none is given; returns its path."""
        if reference is None:
            raise ValueError("`current.model.load` needs a reference")
        found = loading.document(reference)
        return self.loaded._fetch(str(found.get("key")), found, path)


class LoadedModels:
    """`current.model.loaded`: the folders of what was loaded, by the names of the artifacts, or by the key for `current.model.load`."""

    def __init__(self, temp_dir_root: str | None, best_effort: bool) -> None:
        self._root, self._best_effort = temp_dir_root, best_effort
        self._paths: dict[str, str | None] = {}
        self._folders: dict[str, TemporaryDirectory[str]] = {}
        self._info: dict[str, dict[str, Any]] = {}

    @property
    def info(self) -> dict[str, dict[str, Any]]:
        """The references of what was loaded."""
        return self._info

    def __getitem__(self, name: str) -> str | None:
        if name not in self._paths:
            raise KeyError(f"`{name}` was not loaded: name the artifact in `@model(load=[...])`")
        return self._paths[name]

    def __contains__(self, name: object) -> bool:
        return name in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def cleanup(self, name: str) -> None:
        """Remove the files of one model."""
        path = self[name]
        if name in self._folders:
            self._folders.pop(name).cleanup()
        elif path is not None:
            rmtree(path)
        del self._paths[name], self._info[name]

    def _take(self, name: str, reference: Any, path: str | None) -> None:
        """Load the artifact `name`."""
        try:
            self._fetch(name, loading.document(reference), path)
        except LoadingException as error:
            if not self._best_effort:
                raise LoadingException(f"`@model(load=...)` names `self.{name}`: {error}") from error
            self._paths[name] = None

    def _fetch(self, name: str, reference: dict[str, Any], path: Path | None) -> str:
        folder: TemporaryDirectory[str] | None = None
        if path is None:
            folder = temporary_folder("model", self._root)
            path = folder.name
        target = os.fspath(path)
        try:
            loading.load(reference, target)
        except BaseException:
            if folder is not None:
                folder.cleanup()
            raise
        if folder is not None:
            self._folders[name] = folder
        self._paths[name], self._info[name] = target, reference
        return target

    def _cleanup(self) -> None:
        for folder in self._folders.values():
            folder.cleanup()
