"""The names of tasks for users: the step, and inside scopes the item: `train/r.3`.

A task of several items has the name of the first and the last one: `train/r.30..r.39`.
"""

from __future__ import annotations

from flowport.runtime.protocol import NonRetryable
from flowport.runtime.records.manifest import Manifest
from flowport.runtime.replay.lineage import Lineage
from flowport.runtime.store.errors import Corrupt, Missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from flowport.runtime.replay.lineage import Splits
    from flowport.runtime.replay.scheduler import Block
    from flowport.runtime.store.keys import Keys

    class Documents(Protocol):
        """What reading a run's documents takes."""

        def read(self, key: str) -> bytes: ...


class FirstManifests:
    """The manifests of a run in which no task runs again on purpose, each read once."""

    def __init__(self, store: Documents, keys: Keys) -> None:
        self._store, self._keys = store, keys
        self._known: dict[tuple[str, str], Manifest] = {}

    def need(self, step: str, slice: str) -> Manifest:
        """The manifest of a task; raises Missing."""
        if (step, slice) not in self._known:
            self._known[step, slice] = Manifest(step, slice, 0, self._store.read(self._keys.manifest(step, slice, 0)))
        return self._known[step, slice]


class Labels:
    """The names of the tasks of one run. The manifest of a split is read when a task after it is named for the first time."""

    def __init__(self, body: Block, splits: Splits) -> None:
        self._splits = splits
        self._scopes: dict[str, list[list[str]]] = {}
        self._known: dict[tuple[str, str], str] = {}
        self._collect(body, [])

    def label(self, step: str, slice: str) -> str:
        """The name of a task; by its slice as long as the items in that are not known."""
        if "." not in slice:
            return step
        if (step, slice) not in self._known:
            try:
                self._known[step, slice] = Lineage(self._splits, self._scopes[step], slice).span()
            except (Missing, NonRetryable, Corrupt, LookupError):
                return f"{step}/{slice}"
        return f"{step}/{self._known[step, slice]}"

    def _collect(self, body: Block, scopes: list[list[str]]) -> None:
        """The scopes of every step, outermost first."""
        for node in body:
            if "task" in node:
                self._scopes[node["task"]] = scopes
            elif "map" in node:
                self._collect(node["body"], [*scopes, ["foreach", node["map"]]])
            elif "loop" in node:
                self._collect(node["body"], [*scopes, ["loop", node["loop"]]])
            elif "parallel" in node:
                for branch in node["branches"]:
                    self._collect(branch, scopes)
            else:
                for arm in node["arms"]:
                    self._collect(arm["body"], scopes)
