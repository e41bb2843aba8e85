"""The heartbeat of a run, and `ended.json`, which says how it ended.

A local run writes its heartbeat itself. On an engine, each container writes it once a minute while its task runs.
"""

from __future__ import annotations

import os
import time

from flowport.runtime.protocol import OLDEST_RECORDS, RECORDS, version_problem
from flowport.runtime.store import documents
from flowport.runtime.store.errors import Corrupt, Missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys

    End = Literal["done", "failed", "stopped"]

LOCAL_PERIOD = 20.0
"""Seconds between two heartbeats of a local run, the first of which comes when it begins."""


def write_end(store: Store, keys: Keys, status: End) -> None:
    """Say how a run has ended."""
    store.replace(keys.ended(), documents.dump({"v": RECORDS, "status": status, "ended": round(time.time(), 3)}))


def read_end(store: Store, keys: Keys) -> tuple[End, float] | None:
    """How a run has ended, and when; None where it has not. Raises Corrupt."""
    found = _read(store, keys.ended())
    if found is None:
        return None
    ends: dict[object, End] = {"done": "done", "failed": "failed", "stopped": "stopped"}
    if found.get("status") not in ends or not isinstance(found.get("ended"), (int, float)):
        raise Corrupt(f"`{keys.ended()}` in {store.url} is damaged: it does not say how the run has ended")
    return ends[found["status"]], found["ended"]


def write_heartbeat(store: Store, keys: Keys, is_local: bool = False) -> None:
    """Say that something of a run runs; of a local run also in which process of which machine."""
    where = {"host": os.uname().nodename, "process": os.getpid()} if is_local else {}
    store.replace(keys.heartbeat(), documents.dump({"v": RECORDS, "time": round(time.time(), 3), **where}))


class Heartbeat:
    """The last heartbeat of a run."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.time: float = document["time"]
        self._host, self._process = document.get("host"), document.get("process")

    @property
    def is_local(self) -> bool:
        """Whether a local run wrote it."""
        return self._host is not None

    @property
    def process_is_alive(self) -> bool | None:
        """Whether the process of a local run is there; None on another machine, which cannot know."""
        if self._host != os.uname().nodename or not isinstance(self._process, int):
            return None
        try:
            os.kill(self._process, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


def read_heartbeat(store: Store, keys: Keys) -> Heartbeat | None:
    """The last heartbeat of a run; None where there was none. Raises Corrupt."""
    found = _read(store, keys.heartbeat())
    if found is None:
        return None
    if not isinstance(found.get("time"), (int, float)):
        raise Corrupt(f"`{keys.heartbeat()}` in {store.url} is damaged: it has no time")
    return Heartbeat(found)


def _read(store: Store, key: str) -> dict[str, Any] | None:
    try:
        found = documents.load(store.read(key))
    except Missing:
        return None
    except ValueError:
        raise Corrupt(f"`{key}` in {store.url} is damaged: it is not JSON") from None
    wrong = "it is not a JSON object" if not isinstance(found, dict) else version_problem(found.get("v"), RECORDS, OLDEST_RECORDS)
    if wrong:
        raise Corrupt(f"`{key}` in {store.url} cannot be read: {wrong}")
    document: dict[str, Any] = found
    return document
