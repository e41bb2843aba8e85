"""What flows, runs, steps, tasks and artifacts have in common: pathspecs, parents, namespaces, tags and times."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime

from flowport.client.place import get_namespace
from flowport.client.source import reads_store
from flowport.runtime.names.exceptions import MetaflowInvalidPathspec, MetaflowNamespaceMismatch, MetaflowNotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, ClassVar

    from flowport.client.source import Source

ATTEMPTS = 7
"""How many attempts of a task can be named, as in Metaflow."""


@reads_store
class MetaflowObject(ABC):
    """A flow, run, step, task or artifact, named by its pathspec: `Flow/run/step/task/artifact`.

    `attempt` chooses an attempt of a task. Raises MetaflowNotFound, MetaflowInvalidPathspec and MetaflowNamespaceMismatch.
    """

    _NAMES: ClassVar[tuple[str, ...]] = ("FlowName", "RunID", "StepName", "TaskID", "ArtifactName")
    _DEPTHS: ClassVar[dict[int, type[MetaflowObject]]] = {}
    """The class for each number of parts of a pathspec."""
    _DEPTH: ClassVar[int] = 0

    # Properties are for users only: tools that compare objects read all that a class has.
    _source: Source
    """The run that the object belongs to."""

    def __init_subclass__(cls) -> None:
        MetaflowObject._DEPTHS[cls._DEPTH] = cls

    def __init__(
        self,
        pathspec: str | None = None,
        attempt: int | None = None,
        _parent: MetaflowObject | None = None,
        _namespace_check: bool = True,
        _found: Any = None,
    ) -> None:
        self._parent = _parent
        self._namespace: str | None = get_namespace() if _parent is None else _parent._namespace
        self._namespace_check = _namespace_check and self._namespace is not None
        self._attempt = self._checked(attempt)
        parts = pathspec.split("/") if isinstance(pathspec, str) else []
        if len(parts) != self._DEPTH or not all(parts):
            raise MetaflowInvalidPathspec(f"expected {type(self).__name__}('{'/'.join(self._NAMES[: self._DEPTH])}')")
        self.id = parts[-1]
        self._pathspec = "/".join(parts)
        if not self._find(parts, _found):
            raise MetaflowNotFound(f"{self} does not exist in {self._place}")
        if self._namespace_check and _parent is None and not self._is_in_namespace(self._namespace):
            raise MetaflowNamespaceMismatch(self._namespace)

    @abstractmethod
    def _find(self, parts: list[str], found: Any) -> bool:
        """Look for the object, or take what was `found` of it; whether it is there."""

    @property
    def _place(self) -> str:
        """The address of the store."""
        return self._source.store.url

    def _checked(self, attempt: int | None) -> int | None:
        if attempt is None:
            return None
        if self._DEPTH < 4:
            raise MetaflowNotFound("an attempt can only be chosen for a Task or a DataArtifact")
        try:
            number = int(attempt)
        except (TypeError, ValueError, OverflowError):
            raise MetaflowNotFound("an attempt is a whole number") from None
        if not 0 <= number < ATTEMPTS:
            raise MetaflowNotFound(f"an attempt is a number from 0 to {ATTEMPTS - 1}")
        return number

    def _children(self) -> Iterator[MetaflowObject]:
        """The objects below this one, the newest first."""
        return iter(())

    def _child(self, id: str) -> MetaflowObject:
        """The object with this name below this one; raises MetaflowNotFound."""
        kind = self._DEPTHS[self._DEPTH + 1]
        return kind(f"{self._pathspec}/{id}", attempt=self._attempt, _parent=self, _namespace_check=self._namespace_check)

    def __iter__(self) -> Iterator[Any]:
        return self._children()

    def _filtered_children(self, *tags: str) -> Iterator[Any]:
        wanted = frozenset(tags)
        return (child for child in self._children() if wanted <= child.tags) if wanted else self._children()

    def __getitem__(self, id: str) -> Any:
        """The object with this name below this one; raises KeyError. A number counts as its text, as `in` takes it."""
        try:
            return self._child(str(id))
        except (MetaflowNotFound, MetaflowInvalidPathspec):
            raise KeyError(id) from None

    def __contains__(self, id: object) -> bool:
        try:
            self._child(str(id))
        except (MetaflowNotFound, MetaflowInvalidPathspec, MetaflowNamespaceMismatch):
            return False
        return True

    def _ipython_key_completions_(self) -> list[str]:
        return [child.id for child in self._children()]

    def is_in_namespace(self) -> bool:
        """Whether the object is in the current namespace."""
        return self._is_in_namespace(get_namespace())

    def _is_in_namespace(self, namespace: str | None) -> bool:
        return self._source.is_in(namespace)

    def __str__(self) -> str:
        attempt = "" if self._attempt is None else f", attempt={self._attempt}"
        return f"{type(self).__name__}('{self._pathspec}'{attempt})"

    def __repr__(self) -> str:
        return str(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self._pathspec, self._attempt, self._kept())

    def _kept(self) -> Any:
        """What a pickle keeps for `_find`."""
        return self._source

    @property
    def pathspec(self) -> str:
        """The names from the flow down to this object, joined by `/`."""
        return self._pathspec

    @property
    def path_components(self) -> list[str]:
        """The parts of the pathspec."""
        return self._pathspec.split("/")

    @property
    def parent(self) -> Any:
        """The object above this one; None for a flow."""
        if self._DEPTH < 2:
            return None
        if self._parent is None:
            kind = self._DEPTHS[self._DEPTH - 1]
            attempt = self._attempt if self._DEPTH - 1 > 3 else None
            self._parent = kind(self._pathspec.rpartition("/")[0], attempt=attempt, _namespace_check=False, _found=self._kept_of_parent())
        return self._parent

    def _kept_of_parent(self) -> Any:
        return self._kept() if self._DEPTH > 2 else None

    @property
    def tags(self) -> frozenset[str]:
        """All tags: those of users and those of flowport. Steps, tasks and artifacts have the tags of their run."""
        return self.user_tags | self.system_tags

    @property
    def user_tags(self) -> frozenset[str]:
        """The tags that users gave the run."""
        return self._source.tags

    @property
    def system_tags(self) -> frozenset[str]:
        """The tags that flowport gave the run, such as `user:NAME`."""
        return self._source.system_tags

    @property
    def created_at(self) -> datetime:
        """When the object was made, in local time."""
        return datetime.fromtimestamp(self._created())

    def _created(self) -> float:
        """When the object was made, in seconds since 1970."""
        return float(self._source.record["started"])

    @property
    def _object(self) -> dict[str, Any]:
        """What Metaflow's metadata says of an object."""
        names = ("flow_id", "run_number", "step_name", "task_id", "name")
        user = next((tag.partition(":")[2] for tag in self.system_tags if tag.startswith("user:")), None)
        tags = {"tags": sorted(self.user_tags), "system_tags": sorted(self.system_tags)}
        return {**dict(zip(names, self.path_components)), "user_name": user, **tags, "ts_epoch": int(self._created() * 1000)}

    @property
    def origin_pathspec(self) -> str | None:
        """The pathspec of the object that this one was taken over from; None where it was not."""
        return None


def _restored(kind: type[MetaflowObject], pathspec: str, attempt: int | None, kept: Any) -> MetaflowObject:
    """An object that was pickled: of the same store, whatever the namespace is here."""
    return kind(pathspec, attempt=attempt, _namespace_check=False, _found=kept)
