"""Runs that are in a store as their documents, without any task."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from flowport.runtime.metrics.latest import enter_latest
from flowport.runtime.records.changes import enter_change
from flowport.runtime.records.index import enter_start
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import Keys

STARTED = 1_790_000_000.0


class Done:
    """Stands for the manifest of a task that has logged metrics."""

    step = "start"

    def __init__(self, ended: float, metrics: dict[str, float]) -> None:
        self.doc = {"ended": ended, "final": {name: [value, 3, 0] for name, value in metrics.items()}}


def put_run(store: Any, run: str, started: float = STARTED, status: str = "", flow: str = "Train", **fields: Any) -> None:
    """A run that began, with `parameters`, `metrics` and `tags`; with a `status` it has ended."""
    keys, parameters = Keys(flow, run), fields.get("parameters", {})
    document = {
        "v": 2, "flow": flow, "run": run, "code": "0" * 64, "target": "local", "engine": None, "origin": None, "started": started,
        "tags": fields.get("tags", []), "system_tags": ["user:jane"], "steps": ["start", "end"],
        "parameters": {name: {"json": value} for name, value in parameters.items()},
    }  # fmt: skip
    enter_start(store, keys, started, document["tags"], ["user:jane"])
    store.create(keys.run(), json.dumps(document).encode())
    if metrics := fields.get("metrics"):
        enter_latest(store, keys, Done(started + 4, metrics), lambda row: "r")  # type: ignore[arg-type]
    if status:
        store.create(keys.ended(), json.dumps({"v": 2, "status": status, "ended": started + 5}).encode())


def row(run: str, started: float = STARTED, status: str = "done", **fields: Any) -> dict[str, Any]:
    """A row of the table, as the last task of a run writes it."""
    empty: dict[str, Any] = {"parameters": {}, "metrics": {}, "artifacts": {}, "tags": []}
    ended = None if status == "running" else started + 5
    begun = {"run": run, "status": status, "started": started, "ended": ended, "target": "local", "origin": "", "user": "jane"}
    return {**begun, **empty, **fields}


def put_row(store: Any, run: str, started: float = STARTED, status: str = "done", flow: str = "Train", **fields: Any) -> None:
    """A run that has ended, with its row."""
    put_run(store, run, started, status, flow, **fields)
    enter_change(store, Keys(flow, run), row(run, started, status, **fields))


class Counting:
    """A store that counts the requests that are made of it."""

    def __init__(self, store: FolderStore) -> None:
        self._store, self.calls = store, Counter[str]()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if callable(found):
            self.calls[name] += 1
        return found
