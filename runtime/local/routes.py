"""Which steps of a plan have a route document, and reading one when such a step is done."""

from __future__ import annotations

import json

from flowport.runtime.address import Keys
from flowport.runtime.store import Missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.store import Store
    from flowport.runtime.walk import Block, Route


class Routes:
    """The routes of one run.

    A switch that stands in an arm, and whose own cases lead to arms of the switch around it, looks in the plan like an ordinary
    step there: of those that send items to an arm, the ones without a document are ordinary.
    """

    def __init__(self, body: Block, store: Store, keys: Keys) -> None:
        self._store, self._keys = store, keys
        self.certain: set[str] = set()
        self.possible: set[str] = set()
        self._collect(body)

    def read(self, step: str, slice: str) -> Route:
        """The route of a task that is done, None for a step that has none; raises Missing."""
        if step not in self.certain and step not in self.possible:
            return None
        try:
            route: Route = json.loads(self._store.read(self._keys.route(step, slice, 0)))
        except Missing:
            if step in self.certain:
                raise
            return None
        return route

    def committed(self, step: str, slice: str) -> bool:
        """Whether the manifest of a task is there."""
        return self._store.exists(self._keys.manifest(step, slice, 0))

    def _collect(self, body: Block) -> None:
        before: dict[str, Any] = {}
        for node in body:
            if "map" in node:
                self.certain.add(node["map"])
                self._collect(node["body"])
            elif "parallel" in node:
                for branch in node["branches"]:
                    self._collect(branch)
            elif "choice" in node:
                if before.get("task") == node["choice"]:
                    self.certain.add(node["choice"])
                for arm in node["arms"]:
                    self.possible.update(source for source, _ in arm["edges"])
                    self._collect(arm["body"])
            elif "loop" in node:
                self.certain.update(node["again"])
                self.certain.update(source for source, _ in node["exits"])
                if len({target for _, target in node["exits"]}) > 1:
                    self.certain.add(node["loop"])
                self._collect(node["body"])
            before = node
