"""What the coordinator reads of a task that is done: its route, when its step has one, and whether it is done at all."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowport.runtime.address import Keys
    from flowport.runtime.program import Program
    from flowport.runtime.store import Store
    from flowport.runtime.walk import Route


class Routes:
    """The documents that the tasks of one run leave for their engine."""

    def __init__(self, program: Program, store: Store, keys: Keys) -> None:
        self._program, self._store, self._keys = program, store, keys
        self._routed: dict[str, bool] = {}

    def read(self, step: str, slice: str) -> Route:
        """The route of a task that is done, None for a step that has none; raises Missing."""
        if step not in self._routed:
            plan = self._program.step(step)
            self._routed[step] = "foreach" in plan["transition"] or bool(plan["routed"] or plan["left"])
        if not self._routed[step]:
            return None
        route: Route = json.loads(self._store.read(self._keys.route(step, slice, 0)))
        return route

    def committed(self, step: str, slice: str) -> bool:
        """Whether the manifest of a task is there."""
        return self._store.exists(self._keys.manifest(step, slice, 0))
