"""The log of a task in a container: the output is passed on at once, and stored when the task has ended; `live` shows it before.

The first process of the container keeps the log and waits. The task is its child. So the log of a killed task is stored too, the task
sees no process, thread or file of the keeper, and processes that the task leaves behind cannot keep the container running.
A process that starts the keeper outside of a container may name a pipe in `FLOWPORT_STARTER`: when that process is gone, the task ends.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # not `signal`, which loads `enum`
import os
import select
import time

from flowport.runtime.process.lifeline import STARTER, Lifeline, crash_note, end_group, outcome
from flowport.runtime.protocol import FAILED, LIVE, NonRetryable, interval
from flowport.runtime.store.errors import StoreError
from flowport.runtime.store.keys import NODES, Keys
from flowport.runtime.store.open import open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowport.runtime.process.live import Live
    from flowport.runtime.protocol import Invocation
    from flowport.runtime.store.interface import Store

LONGEST = 8 << 20
"""Bytes of a log that are kept at its end, and as many at its beginning."""

PERIOD = 60.0
"""Seconds between two heartbeats, the first of which comes when the task has run as long."""

GRACE = 25.0
"""Seconds that a task has to end after a signal. Kubernetes, Batch and ECS kill a container 30 seconds after they have asked it to end."""

ENDING = (_signal.SIGTERM, _signal.SIGINT, _signal.SIGHUP)


def keep(invocation: Invocation, line: Lifeline) -> int | None:
    """Fork: None in the child, which is the task; in the keeper, when the task has ended, its exit code."""
    woken = _listen()
    output, sink = os.pipe()
    starter = int(os.environ.pop(STARTER, -1))
    task = os.fork()
    if task == 0:
        _signal.set_wakeup_fd(-1)
        _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
        for number in (1, 2):
            os.dup2(sink, number)
        for end in (output, sink, *woken, *([] if starter < 0 else [starter])):
            os.close(end)
        return None
    os.close(sink)
    line.started()
    log, pulse = _Log(), _Pulse(invocation, line)
    code = outcome(_wait(task, output, (woken[0], starter), log, pulse), line.result(), FAILED)
    log.add(crash_note(code, log.end or b"\n"))
    pulse.end(log, code, _store(invocation, log.kept()) if log.head else "")
    # A container whose first process ends by a signal is at 128 and its number.
    return code if code >= 0 else 128 - code


def _listen() -> tuple[int, int]:
    """A pipe that gets a byte for every signal: that the task has ended, or that it shall."""
    woken, waker = os.pipe()
    for end in (woken, waker):
        os.set_blocking(end, False)
    for number in ENDING:
        # `nohup` and a shell's `&` have these ignored, and mean it.
        if _signal.getsignal(number) != _signal.SIG_IGN:
            _signal.signal(number, lambda number, frame: None)
    _signal.signal(_signal.SIGCHLD, lambda number, frame: None)
    _signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    return woken, waker


def _wait(task: int, output: int, asking: tuple[int, int], log: _Log, pulse: _Pulse) -> int:
    """Pass on what the task prints until it has ended, and hand on to it what asks for its end; returns its wait status.

    Those who ask are signals, through a pipe that they write to, and the end of the pipe of the starter, -1 if there is none.
    """
    woken, starter = asking
    watched, kill_at = [output, woken, *([] if starter < 0 else [starter])], 0.0
    while True:
        next_at = min(pulse.next_at, kill_at or pulse.next_at)
        ready = select.select(watched, [], [], max(0.0, next_at - time.monotonic()))[0]
        pulse.beat(log)
        if output in ready and not log.receive(output):
            watched.remove(output)
        signals = os.read(woken, 64) if woken in ready else b""
        is_alone = starter in ready
        if is_alone:
            watched.remove(starter)
        if (is_alone or any(number in signals for number in ENDING)) and not kill_at:
            os.kill(task, _signal.SIGTERM)
            kill_at = time.monotonic() + GRACE
        if kill_at and time.monotonic() >= kill_at:
            end_group(task)
            kill_at += GRACE
        if _signal.SIGCHLD in signals and (status := _ended(task)) is not None:
            # What the task has left behind may hold the other end of the pipe for ever: it is read as far as it is filled.
            os.set_blocking(output, False)
            while output in watched and log.receive(output):
                continue
            return status


def _ended(task: int) -> int | None:
    """The wait status of the task when it has ended, with all that it left behind killed; waits for orphans, as the first process must."""
    if hasattr(os, "waitid"):
        found = os.waitid(os.P_PID, task, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is not None:
            end_group(task)
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        if pid == task:
            return status
        if pid == 0:
            return None


class _Pulse:
    """Says from time to time that the task runs. A task that ends before the first time says nothing: what it leaves in the store does."""

    def __init__(self, invocation: Invocation, line: Lifeline) -> None:
        self._invocation, self._line = invocation, line
        self._started = time.time()
        self._every = interval(invocation.store, os.environ.get(LIVE))
        self._live: Live | None = None
        self.next_at = time.monotonic() + min(self._every or PERIOD, PERIOD)

    def beat(self, log: _Log) -> None:
        """Give a sign if it is time for one. This takes no time: a thread writes it, as the store may be slow."""
        if time.monotonic() < self.next_at:
            return
        if self._live is None:
            from flowport.runtime.process.live import Live  # which a short task does not need

            self._live = Live(self._invocation, self._started, self._every, PERIOD, _pass_on)
        self._line.hear()
        self.next_at = self._live.beat(log, self._line.items)

    def end(self, log: _Log, code: int, name: str) -> None:
        """Say how the task ended, if a sign says that it runs; `name` is that of its log."""
        if self._live is not None:
            self._live.end(log, self._line.items, code, name)


class _Log:
    """The beginning and the end of what was printed."""

    def __init__(self) -> None:
        self.head, self._tail, self._cut = bytearray(), bytearray(), 0

    def receive(self, output: int) -> bool:
        """Take what is there, and pass it on; False when nothing is, or nothing more will be."""
        try:
            data = os.read(output, 1 << 16)
        except BlockingIOError:
            return False
        self.add(data)
        return bool(data)

    @property
    def end(self) -> bytes:
        """The last byte."""
        return bytes(self._tail[-1:] or self.head[-1:])

    def add(self, data: bytes) -> None:
        """Pass something on and keep it."""
        _pass_on(data)
        room = LONGEST - len(self.head)
        self.head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * LONGEST:
            self._cut += len(self._tail) - LONGEST
            del self._tail[:-LONGEST]

    @property
    def size(self) -> int:
        """How many bytes were printed."""
        return len(self.head) + self._cut + len(self._tail)

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from `start` to `stop`, which are in the beginning or in the end that is kept."""
        if start < LONGEST:
            return bytes(self.head[start:stop]) + bytes(self._tail[: max(0, stop - LONGEST)] if not self._cut else b"")
        before = LONGEST + self._cut
        return bytes(self._tail[start - before : stop - before])

    def kept(self) -> bytes:
        """What is stored."""
        middle = f"\n... {self._cut} bytes left out ...\n".encode() if self._cut else b""
        return bytes(self.head + middle + self._tail)


def _pass_on(data: bytes) -> None:
    """Write to the output of the container; its reader may have ended."""
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(1, view) :]
    except OSError:
        return


def _store(invocation: Invocation, data: bytes) -> str:
    """Store a log; its name, "" if the store does not take it."""
    keys = Keys(invocation.flow, invocation.run)
    try:
        store = open_store(invocation.store)
        if invocation.nodes and (key := _of_node(store, keys, invocation)):
            store.create(key, data)
            return key[len(keys.logs(invocation.step, invocation.slice)) :]
        number = store.count(keys.log(invocation.step, invocation.slice, invocation.epoch, 0)[:-1], "")
        while not store.create(keys.log(invocation.step, invocation.slice, invocation.epoch, number), data):
            number += 1
        return f"{invocation.epoch}-{number}"
    except StoreError as error:
        _pass_on(f"flowport: the log of this task is not kept: {error}\n".encode())
        return ""


def _of_node(store: Store, keys: Keys, invocation: Invocation) -> str:
    """The key of the log of a container that is another node than node 0: below the log of node 0, which says what its number is."""
    from flowport.runtime.process.nodes import Place
    from flowport.runtime.records.rounds import Meeting

    try:
        place = Place.of(invocation.nodes, os.environ)
    except NonRetryable:
        return ""
    if place.index == 0:
        return ""
    said = Meeting(store, keys.round(invocation.step, invocation.slice, place.round), place.repeats).find(place.index).hear()
    if "log" not in said:
        return ""
    return f"{keys.log(invocation.step, invocation.slice, invocation.epoch, said['log'])}{NODES}{place.index}"
