"""The status of a run and its times, from its documents in the store. This needs no code package.

done      the last step is done
failed    a task has failed, and is not retried
stopped   a signal stopped the run
running   there is a fresh heartbeat or document
lost      there has been none for too long
"""

from __future__ import annotations

import time

from flowport.runtime.records.attempts import failures
from flowport.runtime.records.life import read_end, read_heartbeat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal, TypeAlias

    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys

    Status: TypeAlias = Literal["running", "done", "failed", "stopped", "lost"]

LOCAL_SILENCE = 90.0
"""Seconds without a heartbeat after which a local run is lost."""

SILENCE = 900.0
"""Seconds without a sign of life after which the run of an engine is lost: tasks may wait as long for a machine."""

STOPPED = ("Ended",)
"""The type of the error of a task that was asked to end."""


class RunStatus:
    """The status of a run, and when it ended or was last seen alive, in seconds since 1970."""

    def __init__(self, status: Status, seen: float) -> None:
        self.status, self.seen = status, seen

    @property
    def is_over(self) -> bool:
        """Whether nothing of the run runs any more, as far as anybody can tell."""
        return self.status != "running"

    def seconds(self, started: float) -> float:
        """How long the run took, or has taken so far."""
        return max(0.0, (time.time() if self.status == "running" else self.seen) - started)


def run_status(store: Store, keys: Keys, record: dict[str, Any], report: Callable[[str], None] = lambda key: None) -> RunStatus:
    """The status of the run with the document `record`; raises Corrupt. `report` is called with documents that flowport did not write."""
    end = read_end(store, keys)
    if end is not None:
        return RunStatus(end[0], end[1])
    heartbeat = read_heartbeat(store, keys)
    if heartbeat is not None and heartbeat.is_local:
        alive = heartbeat.process_is_alive
        if alive is None:
            alive = time.time() - heartbeat.time < LOCAL_SILENCE
        return (
            RunStatus("running", _last_sign(store, keys, heartbeat.time))
            if alive
            else RunStatus("lost", _last_document(store, keys, heartbeat.time))
        )
    seen = max(record["started"], heartbeat.time if heartbeat is not None else 0.0)
    final = [failure for failure in failures(store, keys, report) if failure["last"]]
    if final:
        stopped = all(failure["type"] in STOPPED for failure in final)
        return RunStatus("stopped" if stopped else "failed", _last_document(store, keys, seen))
    seen = _last_sign(store, keys, seen)
    if time.time() - seen >= SILENCE:
        seen = _last_document(store, keys, seen)
    return RunStatus("running" if time.time() - seen < SILENCE else "lost", seen)


def _last_sign(store: Store, keys: Keys, seen: float) -> float:
    """When a task of a run gave its last sign: later than the heartbeat, which is less frequent."""
    return max([seen, *(entry.modified for entry in store.entries(keys.signs()))])


def _last_document(store: Store, keys: Keys, seen: float) -> float:
    """When the last document of a run was written."""
    return max([seen, *(entry.modified for entry in store.entries(keys.root))])
