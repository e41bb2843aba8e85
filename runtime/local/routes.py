"""What the coordinator reads about tasks: the number of processes that a task takes, its route, and whether it was taken over."""

from __future__ import annotations

import json

from flowport.runtime.records.reuse import ReuseCount
from flowport.runtime.store import documents
from flowport.runtime.store.errors import Missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.replay.scheduler import Route
    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys


class Routes:
    """The plans of the steps, and the documents that the tasks of one run leave; a `resumed` run takes over what another one did."""

    def __init__(self, program: CodePackage, store: Store, keys: Keys, resumed: bool = False) -> None:
        self._program, self._store, self._keys = program, store, keys
        self.resumed = resumed
        self._steps: dict[str, tuple[bool, int]] = {}

    def workers(self, step: str) -> int:
        """How many processes a task of the step wants for its items."""
        return self._step(step)[1]

    def retries(self, step: str) -> int:
        """How often `@retry` has a step tried again."""
        times: int = self._program.step(step)["times"]
        return times

    def read(self, step: str, slice: str) -> Route:
        """The route of a task that is done, None for a step that has none; raises Missing."""
        if not self._step(step)[0]:
            return None
        route: Route = json.loads(self._store.read(self._keys.route(step, slice, 0)))
        return route

    def _step(self, name: str) -> tuple[bool, int]:
        if name not in self._steps:
            plan = self._program.step(name)
            self._steps[name] = ("foreach" in plan["transition"] or bool(plan["routed"] or plan["left"]), plan["workers"])
        return self._steps[name]

    def how(self, step: str, slice: str) -> str:
        """What became of a task: it is done, or was taken over."""
        try:
            return str(ReuseCount([documents.load(self._store.read(self._keys.manifest(step, slice, 0)))]))
        except Missing:  # no item came to it
            return str(ReuseCount([]))
