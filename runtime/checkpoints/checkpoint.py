"""`Checkpoint` and `current.checkpoint`: save the state of a step, and go on from it in the next attempt."""

from __future__ import annotations

import os
from contextlib import suppress

from flowport.runtime.checkpoints import loading, slots
from flowport.runtime.checkpoints.errors import CheckpointException
from flowport.runtime.checkpoints.files import temporary_folder
from flowport.runtime.checkpoints.place import Place, announced
from flowport.runtime.names.current import current
from flowport.runtime.run.history import History
from flowport.runtime.store.keys import Keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from flowport.runtime.checkpoints.references import CheckpointArtifact, Reference

    Path = str | os.PathLike[str]

DEFAULT_NAME = "mfchckpt"
FORMATS = ("files", "tar")
"""The storage formats of Metaflow. Here both store the files one by one, and a folder looks the same when it is loaded."""

RUNS = 1000
"""How many earlier runs are searched for checkpoints at most."""


class Checkpoint:
    """Saves and loads checkpoints in a step with `@checkpoint`, and in processes that it starts. `list` and `load` work anywhere.

    In `with`, or with `init_dir=True`, `directory` is a temporary folder below `temp_dir_root`.
    """

    def __init__(self, temp_dir_root: Path | None = None, init_dir: bool = False) -> None:
        self._root = temp_dir_root
        self._folder = temporary_folder("checkpoint", temp_dir_root) if init_dir else None

    @property
    def directory(self) -> str | None:
        """The folder that is saved if no path is given."""
        return self._folder.name if self._folder else None

    def __enter__(self) -> Checkpoint:
        self._folder = self._folder or temporary_folder("checkpoint", self._root)
        return self

    def __exit__(self, *raised: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def save(
        self,
        path: Path | None = None,
        metadata: dict[str, Any] | None = None,
        latest: bool = True,
        name: str = DEFAULT_NAME,
        storage_format: str = "files",
    ) -> dict[str, Any]:
        """Save a file, or the contents of a folder; returns a reference. With `latest`, the next attempt begins with it."""
        return save(self._path(path, "save"), name, metadata, latest, storage_format)

    def list(
        self,
        name: str | None = None,
        task: Any = None,
        attempt: int | str | None = None,
        full_namespace: bool = False,
        as_dict: bool = True,
    ) -> list[Any]:
        """The references of this item's checkpoints, the newest first: of all attempts, or of those of `task`, a `Task` or its pathspec.

        With `full_namespace`, those of the same item in earlier runs of the namespace follow.
        """
        found = listed(name, task, attempt, full_namespace)
        return [one.to_dict() for one in found] if as_dict else found

    def load(self, reference: Reference, path: Path | None = None) -> None:
        """Write the files of a checkpoint into a folder."""
        loading.load_checkpoint(reference, self._path(path, "load"))

    def _path(self, path: Path | None, what: str) -> str:
        if path is None and self.directory is None:
            raise ValueError(f"`Checkpoint.{what}` needs a `path` here: give one, or use `with Checkpoint() as checkpoint:`")
        return os.fspath(path) if path is not None else str(self.directory)


class CurrentCheckpoint:
    """`current.checkpoint`. `directory` has what was loaded, and what is saved if no path is given."""

    def __init__(self, temp_dir_root: str | None) -> None:
        self._root = temp_dir_root
        self._folder = temporary_folder("checkpoint", temp_dir_root)
        self.lock = f"{self._folder.name}.lock"
        self._info: CheckpointArtifact | None = None

    @property
    def directory(self) -> str:
        return self._folder.name

    @property
    def is_loaded(self) -> bool:
        """Whether this attempt began with a checkpoint."""
        return self._info is not None

    @property
    def info(self) -> CheckpointArtifact | None:
        """The checkpoint that this attempt began with."""
        return self._info

    def begin_with(self, slot: slots.Slot | None) -> None:
        """Say which checkpoint was loaded into `directory`."""
        self._info = slot.artifact() if slot else None

    def save(
        self,
        path: Path | None = None,
        name: str = DEFAULT_NAME,
        metadata: dict[str, Any] | None = None,
        latest: bool = True,
        storage_format: str = "files",
    ) -> dict[str, Any]:
        """Save a file, or the contents of a folder, `directory` if none is given; returns a reference."""
        return save(self.directory if path is None else os.fspath(path), name, metadata, latest, storage_format)

    def list(
        self, name: str | None = None, task: Any = None, attempt: int | None = None, full_namespace: bool = False
    ) -> list[dict[str, Any]]:
        """The same as `Checkpoint.list`."""
        return [one.to_dict() for one in listed(name, task, attempt, full_namespace)]

    def load(self, reference: Reference, path: Path | None = None) -> None:
        """Write the files of a checkpoint into a folder; without a path, into a new `directory`."""
        if path is None:
            self.refresh_directory()
        loading.load_checkpoint(reference, self.directory if path is None else os.fspath(path))

    def refresh_directory(self) -> None:
        """Make `directory` a new and empty folder."""
        self._folder.cleanup()
        self._folder = temporary_folder("checkpoint", self._root)

    def cleanup(self) -> None:
        """Remove `directory`: the step is over."""
        self._folder.cleanup()
        with suppress(OSError):
            os.unlink(self.lock)


class InStep:
    """What the process of a step with `@checkpoint` knows of it: the item, and the marks of what it has read so far."""

    place: Place | None = None
    reads: Callable[[], dict[str, Any]]

    @classmethod
    def here(cls) -> tuple[Place, dict[str, Any]]:
        """The place where this process saves, and the marks that belong to a checkpoint; raises CheckpointException."""
        if cls.place is not None:
            return cls.place, cls.reads()
        found = announced() if current.step_name is None else None  # in a run that the step starts, its own steps count
        if found is None:
            where = f"step `{current.step_name}` has no `@checkpoint`" if current.step_name else "no step with `@checkpoint` runs here"
            raise CheckpointException(f"{where}, so there is no checkpoint to save: put `@checkpoint` above the step that saves")
        return found


def save(path: str, name: str, metadata: dict[str, Any] | None, latest: bool, storage_format: str) -> dict[str, Any]:
    """Store a checkpoint of the item that runs; returns its reference."""
    if storage_format not in FORMATS:
        raise ValueError(f"the storage format of a checkpoint is `files` or `tar`, not `{storage_format}`")
    if not isinstance(name, str) or not name:
        raise ValueError(f"the `name` of a checkpoint is a string, not `{name!r}`")
    if not isinstance(metadata, dict | None):
        raise ValueError(f"the `metadata` of a checkpoint is a dict, not of type `{type(metadata).__name__}`")
    place, reads = InStep.here()
    doc = {"name": name, "latest": bool(latest), "metadata": metadata or {}, "format": storage_format, "reads": reads}
    return slots.save(place, path, doc).artifact().to_dict()


def listed(name: str | None, task: Any, attempt: int | str | None, full_namespace: bool) -> list[CheckpointArtifact]:
    """The checkpoints of a task, or of the item that runs, the newest first."""
    if not isinstance(attempt, int | None) and not str(attempt).isdecimal():
        raise ValueError(f"an `attempt` is a number from 0, not `{attempt!r}`")
    if task is not None:
        place = _of_task(task)
    else:
        try:
            place = InStep.here()[0]
        except CheckpointException:
            raise ValueError("`list` needs a `task` outside of a step with `@checkpoint`: a `Task`, or its pathspec") from None
    found = _of_item(place, name, attempt)
    if full_namespace:
        found += [one for run in earlier(place) for one in _of_item(place.of_run(run), name, attempt)]
    return found


def _of_task(task: Any) -> Place:
    parts = str(getattr(task, "pathspec", task)).split("/")
    if len(parts) != 4:
        raise ValueError(f"`{'/'.join(parts)}` is no pathspec of a task: write `Flow/run/step/task`")
    flow, run, step, address = parts
    store = loading.open_place()
    return Place(store, Keys(flow, run), step, address, 0)


def _of_item(place: Place, name: str | None, attempt: int | str | None) -> list[CheckpointArtifact]:
    return [
        slot.artifact()
        for slot in slots.read(place)
        if slot.valid and name in (None, slot.name) and (attempt is None or slot.doc["attempt"] == int(attempt))
    ]


def earlier(place: Place) -> Iterator[str]:
    """The runs of the flow in the namespace of a run, the latest first, without that run; RUNS at most are looked at."""
    namespace = current.namespace
    found = History(place.store, place.keys.flow).runs([namespace] if namespace else [])
    for _, run in zip(range(RUNS), found):
        if run != place.keys.id:
            yield run
