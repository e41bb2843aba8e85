"""`current.huggingface_hub`: repositories of the Hugging Face Hub, which are downloaded once and then come from the store.

A document of the store names the files of a repository, as that of a model does (`trees`). Its key has a digest of what was asked for and
of who shares it: one item of a step (`cache_scope="checkpoint"`), the flow, or all flows.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from importlib import import_module

from flowport.runtime.checkpoints import trees
from flowport.runtime.checkpoints.errors import LoadingException
from flowport.runtime.checkpoints.files import temporary_folder
from flowport.runtime.checkpoints.references import ModelArtifact, plain, when
from flowport.runtime.names.current import current
from flowport.runtime.store import digests, documents
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.keys import hub_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from tempfile import TemporaryDirectory
    from typing import Any

    from flowport.runtime.checkpoints.place import Place

NAMED = ("revision", "allow_patterns", "ignore_patterns")
"""The arguments of `snapshot_download` that say which files there are."""


class CurrentHub:
    """`current.huggingface_hub`. `scope` is the cache scope, and `project` what the ids of runs of the flow's branch begin with, or ""."""

    def __init__(self, place: Place, scope: str, temp_dir_root: str | None, project: str) -> None:
        self._place, self._scope, self._root, self._project = place, scope, temp_dir_root, project
        self.loaded = LoadedRepositories()

    def snapshot_download(self, **arguments: Any) -> dict[str, Any]:
        """Have a repository in the store, and return its reference. It takes the arguments of `huggingface_hub.snapshot_download`."""
        if not isinstance(arguments.get("repo_id"), str):
            raise ValueError('`snapshot_download` needs a `repo_id`, such as `repo_id="org/name"`')
        found = None if arguments.get("force_download") else self._cached(arguments)
        if found is not None:
            return found.to_dict()
        with temporary_folder("hub", self._root) as folder:
            return self._download(arguments, folder).to_dict()

    @contextmanager
    def load(self, repo_id: str | None = None, path: str | None = None, repo_type: str = "model", **arguments: Any) -> Iterator[str]:
        """A folder with the files of a repository: in `with`, it is `path`, or a temporary folder."""
        if not isinstance(repo_id, str):
            raise ValueError('`load` needs a `repo_id`, such as `repo_id="org/name"`')
        asked = {"repo_id": repo_id, "repo_type": repo_type or "model", **arguments}
        if path is not None:
            self._fetch(asked, path)
            yield path
            return
        with temporary_folder("hub", self._root) as folder:
            self._fetch(asked, folder)
            yield folder

    def _take(self, repo_id: str, options: dict[str, Any], path: str | None) -> None:
        """Load a repository that `@huggingface_hub(load=...)` names."""
        target = path
        if target is None:
            folder = temporary_folder("hub", self._root)
            self.loaded._folders.append(folder)
            target = folder.name
        self.loaded._info[repo_id] = self._fetch({"repo_type": "model", **options, "repo_id": repo_id}, target).to_dict()
        self.loaded._paths[repo_id] = target

    def _fetch(self, arguments: dict[str, Any], path: str) -> ModelArtifact:
        """Have the files of a repository in a folder; returns its reference."""
        os.makedirs(path, exist_ok=True)
        found = None if arguments.get("force_download") else self._cached(arguments)
        if found is not None:
            try:
                trees.fetch(self._place.store, found.key, path)
                return found
            except (Missing, Corrupt):  # one of its files is damaged: it is downloaded again
                pass
        return self._download(arguments, path)

    def _cached(self, arguments: dict[str, Any]) -> ModelArtifact | None:
        """The newest reference in the store; None if there is none, or if one of its files is gone."""
        store, prefix = self._place.store, self._prefix(arguments)
        number = store.count(prefix, ".json")
        if not number:
            return None
        key = f"{prefix}{number - 1}.json"
        try:
            trees.refresh(store, key)
            return trees.reference(store, key)
        except (Missing, LoadingException):
            return None

    def _download(self, arguments: dict[str, Any], folder: str) -> ModelArtifact:
        try:
            huggingface_hub = import_module("huggingface_hub")
        except ImportError as error:
            raise LoadingException(
                f"step `{self._place.step}` downloads `{arguments['repo_id']}` and needs the package `huggingface_hub`: "
                "install it in the image of the step, or in the Python that runs the flow: `pip install huggingface_hub`"
            ) from error
        print(f"downloading {arguments['repo_id']} from the Hugging Face Hub")
        huggingface_hub.snapshot_download(**{**arguments, "local_dir": folder})
        store, place = self._place.store, self._place
        listed = trees.put(store, folder, without=".cache")  # in which the library notes what it has downloaded
        values = {
            "pathspec": place.pathspec,
            "attempt": place.attempt,
            "created_on": when(time.time()),
            "model_uuid": os.urandom(16).hex(),
            "metadata": {"repo_id": arguments["repo_id"], "registry": "huggingface", "repo_type": arguments.get("repo_type") or "model"},
            "source": "huggingface_hub",
            "serializer": "files",
            "storage_format": "files",
            "label": arguments["repo_id"],
            "size": sum(size for _, size, _ in listed),
        }
        data, prefix = trees.document(listed, values), self._prefix(arguments)
        number = store.count(prefix, ".json")
        while not store.create(f"{prefix}{number}.json", data):  # another task stored the same repository
            number += 1
        return trees.reference(store, f"{prefix}{number}.json")

    def _prefix(self, arguments: dict[str, Any]) -> str:
        """What the keys of the documents of a repository begin with, before their number."""
        place = self._place
        shared = {"checkpoint": [current.namespace, place.step, place.address], "flow": [], "global": []}[self._scope]
        asked = [arguments.get("repo_type") or "model", arguments["repo_id"], *(plain(arguments.get(name)) for name in NAMED)]
        name = digests.of(documents.dump([shared, asked]))
        return hub_cache("", name) if self._scope == "global" else hub_cache(place.keys.flow, self._project + name)


class LoadedRepositories:
    """`current.huggingface_hub.loaded`: the folders of the repositories that the decorator names, by their ids."""

    def __init__(self) -> None:
        self._paths: dict[str, str] = {}
        self._info: dict[str, dict[str, Any]] = {}
        self._folders: list[TemporaryDirectory[str]] = []

    @property
    def info(self) -> dict[str, dict[str, Any]]:
        """The references of what was loaded."""
        return self._info

    def __getitem__(self, repo_id: str) -> str:
        if repo_id not in self._paths:
            raise KeyError(f"`{repo_id}` was not loaded: name it in `@huggingface_hub(load=[...])`")
        return self._paths[repo_id]

    def __contains__(self, repo_id: object) -> bool:
        return repo_id in self._paths

    def _cleanup(self) -> None:
        for folder in self._folders:
            folder.cleanup()
