"""Signs of life of the tasks of a local run, which its coordinator gives for all of them; a thread writes them.

In a folder the log of a task grows where readers see it, so its signs name it. Of a run in a bucket the signs have the end of the log.
"""

from __future__ import annotations

import _thread
import os
import time
from typing import TYPE_CHECKING

from flowport.runtime.records.signs import Pending, SignWriter
from flowport.runtime.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Protocol

    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys

    class Running(Protocol):
        """An attempt of a task that runs, or has ended with `code` and so many bytes `printed`, if its log is in a bucket."""

        step: str
        slice: str
        attempt: int
        code: int
        printed: int
        items: tuple[int, int] | None

    class Screen(Protocol):
        """Where a run says something."""

        store: Store | None

        def error(self, text: str) -> None: ...

    Write = tuple[SignWriter, Pending, tuple[int, int] | None, dict[str, Any]]

PATIENCE = 5.0
"""Seconds that the end of a run waits for signs that are being written."""


class _LogFile:
    """The output of a task in a file, up to the size that it had."""

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            self.size = os.stat(path).st_size
        except FileNotFoundError:  # it has printed nothing, or its log is in the store by now
            self.size = 0

    def read(self, start: int, stop: int) -> bytes:
        try:
            with open(self._path, "rb") as file:
                return os.pread(file.fileno(), stop - start, start)
        except FileNotFoundError:
            return b""


class LocalSigns:
    """Gives signs of the tasks of a run, `every` so many seconds, or none; `path` is where the log of a task is.

    `screen` brings logs to its `store`, None where they grow in the store itself, and says when that refuses a sign for the first time.
    """

    def __init__(self, store: Store, keys: Keys, every: float | None, path: Callable[[Running], str], screen: Screen) -> None:
        self._store, self._keys, self._every, self._path, self._screen = store, keys, every, path, screen
        self._is_shown = screen.store is None
        self._began: dict[Running, float] = {}
        self._signs: dict[Running, SignWriter] = {}
        self._ended: list[Write] = []
        self._next_at = 0.0
        self._busy = _thread.allocate_lock()
        self._is_refused = False

    def look(self, running: Iterable[Running]) -> None:
        """Note which tasks run, and give signs of those that have run for an interval, if it is time for that."""
        if self._every is None:
            return
        now, here = time.time(), set(running)
        for task in [task for task in self._began if task not in here]:
            self._note_end(task, now)
        for task in here:
            self._began.setdefault(task, now)
        if time.monotonic() < self._next_at or not self._busy.acquire(False):
            return
        self._next_at = time.monotonic() + self._every
        due = [self._sign(task) for task, began in self._began.items() if now - began >= self._every]
        if self._ended or due:
            _thread.start_new_thread(self._write, (self._ended + due,))
            self._ended = []
        else:
            self._busy.release()

    def close(self) -> None:
        """Say how the last tasks ended. A store that has refused the last signs is not asked again."""
        for task in [*self._began]:
            self._note_end(task, time.time())
        if self._ended and self._busy.acquire(timeout=PATIENCE) and not self._is_refused:
            self._write(self._ended)

    def _sign(self, task: Running) -> Write:
        if task not in self._signs:
            assert self._every is not None
            fixed = {"log": f"0-{task.attempt}"} if self._is_shown else {}
            self._signs[task] = SignWriter(self._keys, (task.step, task.slice), self._began[task], self._every, fixed)
        return self._signs[task], self._signs[task].take(_LogFile(self._path(task))), task.items, {}

    def _note_end(self, task: Running, now: float) -> None:
        del self._began[task]
        sign = self._signs.pop(task, None)
        if sign is not None:
            end: dict[str, Any] = {"ended": round(now, 3), "code": task.code}
            found = sign.take(_LogFile(self._path(task)))
            if not self._is_shown:  # its log is in the store by now
                found, end["log"] = Pending(task.printed, 0, b"", 0, b""), f"0-{task.attempt}" if task.printed else ""
            self._ended.append((sign, found, task.items, end))

    def _write(self, signs: list[Write]) -> None:
        try:
            for sign, found, items, end in signs:
                sign.write(self._store, found, items, **end)
            self._is_refused = False
        except StoreError as error:
            if not self._is_refused:
                self._screen.error(f"what tasks print is not shown while they run: {error}")
            self._is_refused = True
        finally:
            self._busy.release()
