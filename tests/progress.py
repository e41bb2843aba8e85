"""Waiting for as long as there is progress: nothing here fails because a machine is slow.

Progress is that what you watch changes (output, documents, states), or that the processes behind it compute. Without either for
`PATIENCE` seconds, or after `BUSY` seconds of processor time in which nothing else changes, the wait fails with what was seen last.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE = 180.0
"""Seconds without any progress."""

BUSY = 900.0
"""Seconds of processor time that count as progress by themselves: an endless loop computes for ever."""

STRIDE = 2.0
"""Seconds of processor time that are progress. What waits in a loop of short sleeps takes less than that in `PATIENCE` seconds."""

PAUSE = 0.5
"""Seconds between two looks at the processes."""


class Stalled(AssertionError):
    """There was no progress for too long."""


class Watch:
    """Tells progress from a standstill of something that these processes, with all that they started, do."""

    def __init__(self, what: str, processes: Iterable[int] = (), patience: float = PATIENCE, busy: float = BUSY) -> None:
        self._what, self._processes, self._patience, self._busy = what, tuple(processes), patience, busy
        self._seen: object = None
        self._since = self._looked = time.monotonic()
        self._spent = self._changed_at = computed(self._processes)

    def look(self, seen: object) -> None:
        """Note what is to be seen now; raises Stalled."""
        now = time.monotonic()
        if seen != self._seen:
            self._seen, self._since, self._changed_at = seen, now, self._spent
        if now - self._looked < min(PAUSE, self._patience / 4):
            return
        self._looked, spent = now, computed(self._processes)
        if abs(spent - self._spent) >= min(STRIDE, self._patience / 4):  # less than before: a process of it has ended
            self._spent, self._since = spent, now
        if now - self._since >= self._patience:
            raise Stalled(f"{self._what}: nothing has changed for {self._patience:g} seconds; last seen: {str(seen)[-4000:]}")
        if spent - self._changed_at >= self._busy:
            raise Stalled(f"{self._what}: computes without end; last seen: {str(seen)[-4000:]}")


def gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody waited for has too."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def until(
    holds: Callable[[], T],
    what: str = "what the test waits for",
    seen: Callable[[], object] = lambda: None,
    processes: Iterable[int] = (),
    patience: float = PATIENCE,
    busy: float = BUSY,
    pause: float = 0.02,
) -> T:
    """Wait until something holds, for as long as what is `seen` changes or the processes compute."""
    watch = Watch(what, processes, patience, busy)
    while not (found := holds()):
        watch.look(seen())
        time.sleep(pause)
    return found


def finish(process: subprocess.Popen[Any], patience: float = PATIENCE, busy: float = BUSY) -> tuple[Any, Any]:
    """What a process printed until its end, as `communicate` gives it. One that makes no progress is killed, with all that it started."""
    watch = Watch(f"the process {process.args!r}", [process.pid], patience, busy)
    while True:
        try:
            return process.communicate(timeout=PAUSE)
        except subprocess.TimeoutExpired as late:
            try:
                watch.look((late.stdout, late.stderr))
            except Stalled:
                kill(process.pid)
                process.wait()
                raise


def run(command: Sequence[Any], *, patience: float = PATIENCE, check: bool = False, **how: Any) -> subprocess.CompletedProcess[Any]:
    """As `subprocess.run`."""
    if how.pop("capture_output", False):
        how |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **how) as process:
        try:
            out, err = finish(process, patience)
        except BaseException:
            process.kill()
            raise
    done = subprocess.CompletedProcess(command, process.returncode, out, err)
    if check and done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, out, err)
    return done


def tree(process: int) -> list[int]:
    """A process and what it has started, and so on."""
    found = [process]
    for each in found:
        with suppress(OSError):
            for thread in os.listdir(f"/proc/{each}/task"):
                with suppress(OSError), open(f"/proc/{each}/task/{thread}/children") as file:
                    found += map(int, file.read().split())
    return found


def computed(processes: Iterable[int]) -> float:
    """Seconds of processor time that processes and all below them have used, those that ended included."""
    ticks = 0
    for each in {below for process in processes for below in tree(process)}:
        with suppress(OSError), open(f"/proc/{each}/stat") as file:
            ticks += sum(map(int, file.read().rpartition(")")[2].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def kill(process: int) -> None:
    """Kill a process and all that it has started."""
    for each in tree(process):  # from the first one on, so that none goes on because what it waits for has ended
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
