"""Runs a plan: sends ready tasks to the servers, retries failed ones, and follows the routes of tasks that are done.

The work for each task is constant. `console` shows the progress.
"""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections import Counter, deque
from contextlib import suppress

from flowport.runtime.local.attempt import Attempt
from flowport.runtime.local.run_spec import RunSpec
from flowport.runtime.local.servers import Servers
from flowport.runtime.local.worker_channel import ServerLost, WorkerChannel
from flowport.runtime.protocol import DONE, STOP
from flowport.runtime.replay.scheduler import PlanScheduler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from flowport.runtime.local.console import Console
    from flowport.runtime.local.routes import Routes

TICK = 0.2
"""Seconds between two looks at the logs of running tasks."""

GRACE = 10.0
"""Seconds that tasks have after SIGTERM before they are killed; a second signal to the run kills them at once."""


class Coordinator:
    """One run on this machine.

    Afterwards `failed` holds the tasks that were not tried again and `interrupted` says whether a signal ended it;
    `scheduler.finished` is true when everything is done.
    """

    def __init__(
        self,
        spec: RunSpec,
        plan: dict[str, Any],
        servers: Servers,
        routes: Routes,
        console: Console,
        pulse: Callable[[Iterable[Attempt]], None],
    ) -> None:
        self.spec, self.plan, self.servers, self.routes, self.console = spec, plan, servers, routes, console
        self.scheduler = PlanScheduler(plan["body"])
        self.ready: deque[Attempt] = deque()
        self.sent: dict[str, Attempt] = {}
        self.running: dict[str, Attempt] = {}
        self.failed: list[Attempt] = []
        self.done = 0
        self._pulse = pulse
        self.interrupted = 0
        self._taken: Counter[WorkerChannel] = Counter()
        """How many workers the tasks take that were sent to a server, whether they have begun or not; without zeros."""
        self._number = 0
        self._kill_at = 0.0

    def run(self) -> None:
        """Run until nothing runs any more and nothing more can; raises ServerLost when a server is gone."""
        woken = self._listen()
        selector = selectors.DefaultSelector()
        for channel in self.servers.channels:
            selector.register(channel.socket, selectors.EVENT_READ, channel)
        selector.register(woken, selectors.EVENT_READ)
        looked = time.monotonic()
        self._send()
        while self.sent:
            for key, _ in selector.select(TICK):
                if key.fileobj == woken:
                    self._stop(len(os.read(woken, 64)))
                else:
                    self._hear(key.data)
            self._send()
            now = time.monotonic()
            if now - looked >= TICK:
                looked = now
                self.console.look(self.running.values())
                self.console.status(self.done, self.running.values(), len(self.ready) + len(self.sent))
                self._lose_patience(now)
                self._pulse(self.running.values())

    def abandon(self, lost: WorkerChannel | None = None) -> None:
        """End all tasks: those that outlived a server which is gone, and those of the others."""
        for channel in self.servers.channels:
            if channel is not lost:
                with suppress(ServerLost):
                    channel.send("kill")
        for task in self.running.values():
            task.code = -signal.SIGKILL
            if self.servers.of(task.step) is lost:
                with suppress(ProcessLookupError):
                    os.killpg(task.process, signal.SIGKILL)

    def _listen(self) -> int:
        """A file descriptor that gets a byte for every signal that asks this run to end."""
        woken, waker = os.pipe()
        for end in (woken, waker):
            os.set_blocking(end, False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # `nohup` and a shell's `&` have these ignored, and mean it.
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, lambda number, frame: None)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        return woken

    def _send(self) -> None:
        """Keep every worker busy, in the order in which tasks become ready."""
        if not self.failed and not self.interrupted:
            self.ready.extend(Attempt(step, slice, 0) for step, slice in self.scheduler.ready())
        lines: dict[WorkerChannel, list[str]] = {}
        while self.ready and self._has_place(self.ready[0].step):
            task = self.ready.popleft()
            self._number += 1
            self.sent[str(self._number)] = task
            channel, workers = self.servers.of(task.step), self._workers(task.step)
            self._taken[channel] += workers
            lines.setdefault(channel, []).append(f"{self._number} {task.step} {task.slice} {task.attempt} {workers}")
        for channel, tasks in lines.items():
            channel.send(*tasks)

    def _has_place(self, step: str) -> bool:
        """Whether a task of the step may be sent now.

        It may if so many workers are free. If only one server is at work, it gets one more task for each worker, which it begins when
        another one ends without asking: it keeps the limit itself. Several servers cannot, so none of them has a task that waits.
        """
        if sum(self._taken.values()) + self._workers(step) <= self.spec.workers:
            return True
        return len(self.sent) < 2 * self.spec.workers and self._taken.keys() <= {self.servers.of(step)}

    def _workers(self, step: str) -> int:
        return min(self.routes.workers(step), self.spec.workers)

    def _hear(self, channel: WorkerChannel) -> None:
        for sign, number, value in channel.receive():
            task = self.sent[number]
            if sign == "+":
                task.process = int(value)
                self.running[number] = task
                continue
            if sign == "=":
                done, _, of = value.partition("/")
                task.items = int(done), int(of)
                continue
            del self.sent[number]
            self._taken[channel] -= self._workers(task.step)
            if not self._taken[channel]:
                del self._taken[channel]
            if sign == "-":
                del self.running[number]
                task.code = int(value)
                self._ended(task)

    def _ended(self, task: Attempt) -> None:
        self.console.ended(task)
        if task.code == DONE:
            self.done += 1
            self.console.done(task, self.routes)
            route = self.routes.read(task.step, task.slice)
            self.console.went_on(task, route)
            self.scheduler.done(task.step, task.slice, route)
        elif not self.interrupted:
            granted = self.plan["retries"].get(task.step, 0)
            if task.code != STOP and task.attempt < granted and not self.failed:
                self.console.again(task, self.routes.retries(task.step))
                self.ready.append(Attempt(task.step, task.slice, task.attempt + 1))
                self.servers.of(task.step).send("go")
            else:
                self.failed.append(task)
                self.console.failed(task)
                self._forget()

    def _forget(self) -> None:
        """Begin no more tasks."""
        self.ready.clear()
        self.servers.send("stop")

    def _stop(self, signals: int) -> None:
        """The first signal asks the running tasks to end, the next one does not ask."""
        again = self.interrupted > 0 or signals > 1
        self.interrupted += signals
        self.ready.clear()
        self.servers.send("kill" if again else "end")
        if not again:
            self.console.stopping(len(self.running))
        self._kill_at = time.monotonic() + GRACE

    def _lose_patience(self, now: float) -> None:
        if self._kill_at and now >= self._kill_at:
            self._kill_at = now + GRACE
            self.servers.send("kill")
