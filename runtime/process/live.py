"""Signs of life of the task in a container, and of its run; `log` keeps the output itself.

A thread writes them: a store that is slow or down holds up neither what the task prints nor its end. A sign that the store refuses is left
out, with one sentence in the output of the container.
"""

from __future__ import annotations

import _thread
import os
import time

from flowport.runtime.process.nodes import Place
from flowport.runtime.protocol import NonRetryable
from flowport.runtime.records.life import write_heartbeat
from flowport.runtime.records.signs import SignWriter
from flowport.runtime.store.errors import StoreError
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from flowport.runtime.protocol import Invocation
    from flowport.runtime.records.signs import LogSource, Pending
    from flowport.runtime.store.interface import Store

PATIENCE = 5.0
"""Seconds that the end of a task waits for a sign that is being written. After them the last sign is left out."""

LONGEST_PAUSE = 60.0
"""Seconds between two signs that a store refuses, at most: with every refusal they are twice as many."""


class Live:
    """Gives signs of a task that `started` at this time, one `every` so many seconds, or none at all; of its run one every `period`.

    `report` is called with a line for the output of the container, the first time that the store refuses a sign.
    """

    def __init__(self, invocation: Invocation, started: float, every: float | None, period: float, report: Callable[[bytes], None]) -> None:
        self._invocation, self._every, self._period = invocation, every, period
        self._keys = Keys(invocation.flow, invocation.run)
        place = (invocation.step, invocation.slice)
        self._sign = SignWriter(self._keys, place, started, every, _fixed(invocation)) if every else None
        self._store: Store | None = None
        self._items: tuple[int, int] | None = None
        self._run_at = time.monotonic() - (time.time() - started) + period
        self._busy = _thread.allocate_lock()
        self._pause = self._usual = every or period
        self._report, self._has_reported, self._is_refused = report, False, False

    def beat(self, log: LogSource, items: tuple[int, int] | None) -> float:
        """Begin to write a sign, unless the last one is still being written; when the next one is due, by the monotonic clock."""
        now = time.monotonic()
        if self._busy.acquire(False):
            self._items = items
            _thread.start_new_thread(self._write, (self._sign.take(log) if self._sign else None, now >= self._run_at))
            if now >= self._run_at:
                self._run_at = now + self._period
        return now + self._pause

    def end(self, log: LogSource, items: tuple[int, int] | None, code: int, name: str) -> None:
        """Say how the task ended, and what its log is called. A store that has not taken the last sign is not asked again."""
        if self._sign is None or not self._busy.acquire(timeout=PATIENCE) or self._is_refused:
            return
        self._items = items
        found = self._sign.take(log)
        if name:
            found.leave_out()
        self._give(found, ended=round(time.time(), 3), code=code, log=name)

    def _write(self, found: Pending | None, is_run_due: bool) -> None:
        try:
            if is_run_due:
                self._say(lambda store: write_heartbeat(store, self._keys), "the heartbeat of this run is not kept")
            if found is not None:
                self._give(found)
        finally:
            self._busy.release()

    def _give(self, found: Pending, **end: Any) -> None:
        sign = self._sign
        assert sign is not None
        said = self._say(lambda store: sign.write(store, found, self._items, **end), "what this task prints is not shown while it runs")
        self._pause = self._usual if said else min(2 * self._pause, max(self._usual, LONGEST_PAUSE))

    def _say(self, write: Callable[[Store], None], otherwise: str) -> bool:
        """Write something to the store, if it takes it."""
        try:
            self._store = self._store or open_store(self._invocation.store)
            write(self._store)
        except StoreError as error:
            if not self._has_reported:
                self._report(f"flowport: {otherwise}: {error}\n".encode())
            self._has_reported = self._is_refused = True
            return False
        self._is_refused = False
        return True


def _fixed(invocation: Invocation) -> dict[str, int]:
    """What all signs of a task say."""
    fixed = {"epoch": invocation.epoch} if invocation.epoch else {}
    if invocation.nodes:
        try:
            fixed["node"] = Place.of(invocation.nodes, os.environ).index
        except NonRetryable:  # the task says it
            return fixed
    return fixed
