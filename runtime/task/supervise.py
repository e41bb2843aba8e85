"""Items in processes of their own: for `@timeout`, which ends them, for `workers`, which share a slice, and for the nodes of a gang.

    supervisor   this process: starts the others, watches the clock, never opens the store and never imports the user's module
    clerk        opens the store, decides which items run, commits
    workers      each opens the store, runs one item at a time, and hands its outcome back through a pipe; a node of a gang runs one

A store's client, and what the user imports, may have threads of their own, which do not survive a fork: so the only process that forks
is the one without either. Every worker leads a group, which is killed when it has ended or when the supervisor has.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

from flowport.runtime.names.exceptions import TimeoutException
from flowport.runtime.names.exports import metaflow_name
from flowport.runtime.process import lifecycle
from flowport.runtime.process.channel import Channel
from flowport.runtime.process.leave import leave
from flowport.runtime.process.lifeline import Lifeline, end_group
from flowport.runtime.process.node_log import NodeLog
from flowport.runtime.process.nodes import allow_files
from flowport.runtime.protocol import ENDED, FAILED
from flowport.runtime.task.execute import KILLED
from flowport.runtime.task.workers import END, OVER, clerk, work

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn

    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.protocol import Invocation
    from flowport.runtime.records.outcome import Failure, Outcome

GRACE = 10.0
"""Seconds that an item has for its `except` and `finally` after its timeout, and a node after another one failed, before it is killed."""


def supervise(invocation: Invocation, program: CodePackage, plan: dict[str, Any]) -> int:
    """Run a task with its items in processes of their own; returns its exit code."""
    return _Supervisor(invocation, program, plan).run()


class _Child:
    """A process of the supervisor's, the channel to it, and of a worker the item that it runs and until when; of a node its log too.

    `overdue`: it was asked to end because of its timeout. `ending`: because another node failed.
    """

    def __init__(self, pid: int, channel: Channel, line: Lifeline, log: NodeLog | None) -> None:
        self.pid, self.channel, self.line, self.log = pid, channel, line, log
        self.name = "the process of the item" if log is None else log.name
        self.row: int | None = None
        self.deadline: float | None = None
        self.overdue = self.ending = False

    def ask_to_end(self) -> None:
        """End a node whose result nobody wants any more."""
        self.ending = self.overdue = True
        self.deadline = time.monotonic() + GRACE
        os.kill(self.pid, signal.SIGTERM)


class _Supervisor:
    def __init__(self, invocation: Invocation, program: CodePackage, plan: dict[str, Any]) -> None:
        self.invocation, self.program, self.plan = invocation, program, plan
        self.timeout: int | None = plan["timeout"]
        self.width = min(plan["workers"], int(os.environ.get("FLOWPORT_MAX_WORKERS", plan["workers"])))
        self.gang = "gang" in plan
        self.clerk: _Child | None = None
        self.workers: list[_Child] = []
        self.woken, waker = os.pipe()
        for end in (self.woken, waker):
            os.set_blocking(end, False)
        self.waker = waker

    def run(self) -> int:
        before = signal.set_wakeup_fd(self.waker, warn_on_full_buffer=False)
        if self.gang:
            signal.signal(signal.SIGCHLD, lambda number, frame: None)
            allow_files()
        clerk = self.clerk = self._fork(self._clerk)
        try:
            while self._turn(clerk):
                continue
        except BrokenPipeError:  # the clerk has ended before its items: its exit code says how
            pass
        finally:
            status = self._end(clerk)
            self._end_nodes()
            for worker in list(self.workers):
                self._end(worker)
            signal.set_wakeup_fd(before)
            os.close(self.woken)
            os.close(self.waker)
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else FAILED

    def _turn(self, clerk: _Child) -> bool:
        """Wait for something and see to it; False when the clerk is done."""
        ready = self._ready([clerk.channel.source, *[worker.channel.source for worker in self.workers if worker.row is not None]])
        self._pass_on_signals(ready, [clerk, *self.workers])
        for worker in [worker for worker in self.workers if worker.channel.source in ready and worker.row is not None]:
            self._outcome(clerk, worker)
        self._look_at_the_clock(clerk)
        return clerk.channel.source not in ready or self._order(clerk)

    def _ready(self, channels: Iterable[int]) -> set[int]:
        """Wait for a channel, a signal or a deadline, and pass on what nodes print; what there is to read."""
        logs = {worker.log.source: worker.log for worker in self.workers if worker.log is not None and worker.log.is_open}
        poll = select.poll()
        for end in {*channels, *logs, self.woken}:
            poll.register(end, select.POLLIN)
        patience = self._patience()
        ready = {end for end, _ in poll.poll(None if patience is None else 1000 * patience)}
        for end in ready & logs.keys():
            logs[end].read()
        return ready

    def _pass_on_signals(self, ready: set[int], children: Iterable[_Child]) -> None:
        if self.woken in ready and {signal.SIGTERM, signal.SIGINT} & set(os.read(self.woken, 64)):
            for child in children:
                os.kill(child.pid, signal.SIGTERM)

    def _order(self, clerk: _Child) -> bool:
        """Give the item that the clerk asks for to a free worker, or do what else it says; False when it is done."""
        try:
            message = clerk.channel.receive()
        except EOFError:
            return False
        if message == END:
            for worker in [worker for worker in self.workers if worker.row is not None]:
                worker.ask_to_end()
        elif message == OVER:
            for worker in list(self.workers):
                self._end(worker)
        else:
            for order in message:
                self._give(clerk, *order)
        return True

    def _give(self, clerk: _Child, row: int, tried: int, variables: dict[str, str]) -> None:
        """Have an item run: by a free worker, or as a node by a process that has nothing of another one."""
        free = [worker for worker in self.workers if worker.row is None and worker.log is None]
        worker = free[0] if free else self._hire(variables)
        worker.row, worker.overdue = row, False
        worker.deadline = time.monotonic() + self.timeout if self.timeout else None
        try:
            worker.channel.send((row, tried, variables))
        except BrokenPipeError:
            self._outcome(clerk, worker)

    def _hire(self, variables: dict[str, str]) -> _Child:
        log = NodeLog(variables["MF_PARALLEL_NODE_INDEX"]) if self.gang else None
        worker = self._fork(self._work, log)
        self.workers.append(worker)
        return worker

    def _outcome(self, clerk: _Child, worker: _Child) -> None:
        """Hand a worker's outcome on; a worker that died has failed its item."""
        try:
            outcome = worker.channel.receive()
        except EOFError:
            status = self._end(worker)
            outcome = self._dead(worker, KILLED, f"{worker.name} ended with {_ending(status)}")
        if outcome is None:  # the step is over, and storing what it left is not on its clock
            worker.deadline = None
            return
        worker.row = worker.deadline = None
        clerk.channel.send(outcome)

    def _dead(self, worker: _Child, kind: str, message: str) -> Outcome:
        """The outcome of an item whose process is gone."""
        row = worker.row or 0
        return {"row": row, "ended": message} if worker.ending else _lost(row, kind, message)

    def _look_at_the_clock(self, clerk: _Child) -> None:
        """Ask the items that are overdue to end, and kill those that were asked and did not."""
        now = time.monotonic()
        for worker in [worker for worker in self.workers if worker.deadline is not None and worker.deadline <= now]:
            if not worker.overdue:
                worker.overdue, worker.deadline = True, now + GRACE
                os.kill(worker.pid, signal.SIGALRM)
                continue
            end_group(worker.pid)
            self._end(worker)
            clerk.channel.send(self._dead(worker, "TimeoutException", late(self.invocation.step, self.timeout)))

    def _end_nodes(self) -> None:
        """End the nodes that run although the clerk is gone: what they wait for may never come."""
        for worker in self.workers if self.gang else ():
            if worker.row is not None:
                worker.ask_to_end()
        while busy := {worker.channel.source: worker for worker in self.workers if self.gang and worker.row is not None}:
            ready = self._ready(busy)
            self._pass_on_signals(ready, self.workers)
            for end in ready & busy.keys():
                try:
                    is_over = busy[end].channel.receive() is not None
                except EOFError:
                    is_over = True
                busy[end].row = None if is_over else busy[end].row
            for worker in busy.values():
                if worker.deadline is not None and worker.deadline <= time.monotonic():
                    end_group(worker.pid)
                    worker.row = None

    def _patience(self) -> float | None:
        deadlines = [worker.deadline for worker in self.workers if worker.deadline is not None]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _end(self, child: _Child) -> int:
        """Wait until a process that is done has left, and kill what it left behind; returns its wait status."""
        if child in self.workers:
            self.workers.remove(child)
        child.channel.close()
        if hasattr(os, "waitid"):
            while (
                child.log is not None and child.log.is_open and os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None
            ):
                self._pass_on_signals(child.log.wait(self.woken), [child, *self.workers])
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
            end_group(child.pid)
        if child.log is not None:
            child.log.close()
        child.line.result()
        return os.waitpid(child.pid, 0)[1]

    def _fork(self, body: Callable[[Channel], int], log: NodeLog | None = None) -> _Child:
        """A child that runs `body` with its end of a channel and leaves with the code that it returns."""
        ours, theirs = Channel.pair()
        pid, line = lifecycle.fork()
        if pid:
            theirs.close()
            if log is not None:
                log.started()
        else:
            ours.close()
            self._child(body, theirs, log)
        return _Child(pid, ours, line, log)

    def _child(self, body: Callable[[Channel], int], channel: Channel, log: NodeLog | None) -> NoReturn:
        code = FAILED
        try:
            signal.set_wakeup_fd(-1)
            if self.gang:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            if log is not None:
                log.take()
            for end in (self.woken, self.waker):
                os.close(end)
            # Only this process has the other ends, so that the clerk and the workers see when it is gone.
            for child in (*self.workers, *([self.clerk] if self.clerk else [])):
                child.channel.close()
            code = body(channel)
        except (EOFError, BrokenPipeError):
            sys.stderr.write("flowport: the process that this one worked for has ended\n")
        except lifecycle.Ended:
            code = ENDED
        except BaseException:  # this process ends without the interpreter's own last words
            sys.excepthook(*sys.exc_info())
        leave(code)

    def _clerk(self, channel: Channel) -> int:
        return clerk(self.invocation, self.program, channel, max(1, self.width))

    def _work(self, channel: Channel) -> int:
        return work(self.invocation, self.program, channel)


def late(step: str, timeout: int | None) -> str:
    """The message about an item that exceeded its timeout."""
    return f"step `{step}` ran longer than its timeout of {timeout} seconds"


def _lost(row: int, kind: str, message: str) -> Outcome:
    """The outcome of an item whose process could not tell it; the clerk fills in the item's address."""
    full = metaflow_name(TimeoutException) if kind == TimeoutException.__name__ else kind
    error: Failure = {"type": kind, "full": full, "message": message, "traceback": f"{kind}: {message}\n", "item": ""}
    return {"row": row, "error": error, "own": {}}


def _ending(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
