"""`Metaflow`: the flows of a store; and `Flow`: the runs of one flow, the latest first."""

from __future__ import annotations

from flowport.client.objects import MetaflowObject
from flowport.client.place import get_namespace, open_place
from flowport.client.run import Run
from flowport.client.source import Source, reads_store
from flowport.runtime.names.exceptions import MetaflowInvalidPathspec, MetaflowNamespaceMismatch, MetaflowNotFound
from flowport.runtime.run.history import History
from flowport.runtime.store.keys import FLOWS, names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from flowport.runtime.store.interface import Store


@reads_store
class Flow(MetaflowObject):
    """A flow that has run. Its runs are found by an index, so that nothing is read of those that are not asked for."""

    _DEPTH = 1

    def _find(self, parts: list[str], found: Any) -> bool:
        self._store: Store = found if found is not None else open_place()
        self._history = History(self._store, self.id)
        self._is_found = bool(self._history.folders)
        return self._is_found

    @property
    def _place(self) -> str:
        return self._store.url

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._store.url, self.id)

    def _is_in_namespace(self, namespace: str | None) -> bool:
        return namespace is None or next(self._history.runs([namespace]), None) is not None

    def _runs(self, *tags: str, done: bool = False) -> Iterator[Run]:
        wanted = (*tags, self._namespace) if self._namespace_check and self._namespace is not None else tags
        for run in self._history.runs(wanted, done):
            yield self._run(run, Source(self._store, self.id, run))

    def _run(self, run: str, source: Source | None) -> Run:
        return Run(f"{self.id}/{run}", _parent=self, _namespace_check=self._namespace_check, _found=source)

    def _children(self) -> Iterator[Run]:
        return self._runs()

    def _child(self, id: str) -> Run:
        source = Source(self._store, self.id, id)
        if not id or "/" in id or not source.exists:
            raise MetaflowNotFound(f"Run('{self.id}/{id}') does not exist in {self._store.url}")
        if self._namespace_check and not source.is_in(self._namespace):
            raise MetaflowNamespaceMismatch(self._namespace)
        return self._run(id, source)

    def runs(self, *tags: str) -> Iterator[Run]:
        """The runs in the namespace, the latest first; with tags those that have all of them."""
        return self._runs(*tags)

    @property
    def latest_run(self) -> Run | None:
        """The run in the namespace that started last; None where there is none."""
        return next(self._runs(), None)

    @property
    def latest_successful_run(self) -> Run | None:
        """The run that started last of those in the namespace that are done; None where there is none."""
        return next(self._runs(done=True), None)

    @property
    def user_tags(self) -> frozenset[str]:
        """A flow has no tags: its runs have."""
        return frozenset()

    @property
    def system_tags(self) -> frozenset[str]:
        """A flow has no tags: its runs have."""
        return frozenset()

    def _created(self) -> float:
        """When the first run started."""
        first = None
        for first in self._history.runs():  # noqa: B007 - the last one counts
            pass
        return 0.0 if first is None else float(Source(self._store, self.id, first).record["started"])


@reads_store
class Metaflow:
    """All flows in the store, or those with a run in the current namespace: `Metaflow().flows`."""

    def __init__(self) -> None:
        self._store = open_place()

    @property
    def flows(self) -> list[Flow]:
        """The flows with a run in the namespace."""
        return list(self)

    def __iter__(self) -> Iterator[Flow]:
        for name in names(self._store.folders(FLOWS))[0]:
            try:
                flow = Flow(name, _namespace_check=False, _found=self._store)
            except MetaflowNotFound:  # somebody removed what was in its folder
                continue
            flow._namespace_check = get_namespace() is not None
            if flow.is_in_namespace():
                yield flow

    def __getitem__(self, name: str) -> Flow:
        """The flow with this name; raises KeyError."""
        try:
            return Flow(name, _found=self._store)
        except (MetaflowInvalidPathspec, MetaflowNotFound):
            raise KeyError(name) from None

    def _ipython_key_completions_(self) -> list[str]:
        return [flow.id for flow in self]

    def __str__(self) -> str:
        return "Metaflow()"

    def __repr__(self) -> str:
        return str(self)


def _restored(url: str, name: str) -> Flow:
    """A flow that was pickled: of the same store, whatever the namespace is here."""
    return Flow(name, _namespace_check=False, _found=open_place(url))
