"""What a task is called on the terminal: by its step and, inside scopes, its item: `train/r.3`.

A slice of several items has no item's name; it is called by its own, `train/s.3`.
"""

from __future__ import annotations

import json

from flowport.runtime.store.errors import Missing
from flowport.runtime.store.keys import Keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowport.runtime.replay.scheduler import Block
    from flowport.runtime.store.interface import Store


class Labels:
    """The names of one run's tasks; reads the manifest of a split when a task behind it is named for the first time."""

    def __init__(self, body: Block, store: Store, keys: Keys) -> None:
        self._store, self._keys = store, keys
        self._scopes: dict[str, tuple[str, ...]] = {}
        self._coarse: dict[tuple[str, str], bool] = {}
        self._collect(body, ())

    def label(self, step: str, slice: str) -> str:
        """The name of a task."""
        if "." not in slice:
            return step
        first, *parts = slice.split(".")
        around = first
        for origin, part in zip(self._scopes[step], parts, strict=True):
            if origin and self._has_items(origin, around):
                return f"{step}/{slice}"
            around += "." + part
        return f"{step}/r{slice[1:]}"

    def _has_items(self, origin: str, slice: str) -> bool:
        """Whether a split made slices of more than one item."""
        key = (origin, slice)
        if key not in self._coarse:
            try:
                fan = json.loads(self._store.read(self._keys.manifest(origin, slice, 0)))["fan"]
            except Missing:
                return True
            self._coarse[key] = fan["g"] > 1
        return self._coarse[key]

    def _collect(self, body: Block, scopes: tuple[str, ...]) -> None:
        """The scopes of every step: the origin of a foreach, or "" for a loop."""
        for node in body:
            if "task" in node:
                self._scopes[node["task"]] = scopes
            elif "map" in node:
                self._collect(node["body"], (*scopes, node["map"]))
            elif "loop" in node:
                self._collect(node["body"], (*scopes, ""))
            elif "parallel" in node:
                for branch in node["branches"]:
                    self._collect(branch, scopes)
            else:
                for arm in node["arms"]:
                    self._collect(arm["body"], scopes)
