"""Models of Ollama in the store, so that the tasks of a flow take them from there instead of the internet.

In the folder of Ollama's models, a manifest names the blobs of a model by their digests:

    manifests/<host>/<namespace>/<model>/<tag>      {"config": {"digest": "sha256:<hex>"}, "layers": [{"digest": ...}]}
    blobs/sha256-<hex>

In the store, a document names these files, and the files are blobs (`checkpoints/trees.py`).
"""

from __future__ import annotations

import json
import os
import tempfile
from glob import escape, glob

from flowport.runtime.checkpoints import files, trees
from flowport.runtime.checkpoints.errors import LoadingException
from flowport.runtime.store import digests
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.keys import model_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowport.runtime.store.interface import Store


class ModelCache:
    """The models that a flow has in a store, for the folder where a server has its own.

    `branch` is what the ids of runs of the flow's branch begin with, or "": a branch may write no documents of another one.
    """

    def __init__(self, store: Store, folder: str, flow: str, branch: str) -> None:
        self._store, self.folder, self._flow, self._branch = store, folder, flow, branch

    @property
    def is_remote(self) -> bool:
        """Whether the store is no folder: a model in a folder of this machine would only be there twice."""
        return "://" in self._store.url

    def fetch(self, model: str) -> bool:
        """Have the files of a model in the folder; False if the store does not have it, or not whole."""
        key = self._newest(model)
        if key is None:
            return False
        os.makedirs(self.folder, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".flowport-", dir=self.folder) as temporary:
            try:
                trees.refresh(self._store, key)
                trees.fetch(self._store, key, temporary)
            except (Missing, Corrupt, LoadingException) as error:
                print(f"the store has `{model}`, but not whole, so it is pulled: {error}")
                return False
            # The manifest comes last: a model counts when that is there.
            for name, path in sorted(files.local_files(temporary), key=lambda one: one[0].startswith("manifests/")):
                target = os.path.join(self.folder, *name.split("/"))
                os.makedirs(os.path.dirname(target), exist_ok=True)
                os.replace(path, target)
        return True

    def put(self, model: str) -> bool:
        """Store the files of a model; False if the folder does not have them, such as where another server has the models."""
        names = self._files(model)
        if names is None:
            return False
        found = files.in_threads(lambda name: self._store.put_blob_file(os.path.join(self.folder, name)), names)
        listed = [[name.replace(os.sep, "/"), size, sha] for name, (sha, size) in zip(names, found)]
        data, prefix, newest = trees.document(listed, {"model": model}), self._prefix(model), self._newest(model)
        if newest is not None and self._store.read(newest) == data:
            return True
        number = self._store.count(prefix, ".json")
        while not self._store.create(f"{prefix}{number}.json", data):  # another task stored the same model
            number += 1
        return True

    def _newest(self, model: str) -> str | None:
        prefix = self._prefix(model)
        number = self._store.count(prefix, ".json")
        return f"{prefix}{number - 1}.json" if number else None

    def _prefix(self, model: str) -> str:
        return model_cache(self._flow, self._branch + digests.of("/".join(parts(model)).encode()))

    def _files(self, model: str) -> list[str] | None:
        """The files of a model in the folder; None if one is missing."""
        for path in sorted(glob(os.path.join(self.folder, "manifests", *_pattern(model)))):
            names = [os.path.join("blobs", digest.replace(":", "-")) for digest in sorted(set(_digests(path)))]
            if all(os.path.isfile(os.path.join(self.folder, name)) for name in names):
                return [*names, os.path.relpath(path, self.folder)]
        return None


def parts(model: str) -> list[str]:
    """The parts of a model's name as it is written, and its tag: without one, Ollama takes `latest`."""
    name, _, tag = model.rpartition(":")
    if not name or "/" in tag:
        name, tag = model, "latest"
    return [*name.split("/"), tag]


def _pattern(model: str) -> list[str]:
    """The last four parts of the path of a manifest. Who writes no host means Ollama's own, and who writes no namespace, `library`."""
    written = parts(model)
    return [*("*", "library")[: max(0, 4 - len(written))], *map(escape, written)]


def _digests(path: str) -> Iterable[str]:
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return []
    layers = [found.get("config"), *(found.get("layers") or ())] if isinstance(found, dict) else []
    return [one["digest"] for one in layers if isinstance(one, dict) and isinstance(one.get("digest"), str)]
