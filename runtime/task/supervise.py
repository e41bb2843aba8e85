"""Items in processes of their own: for `@timeout`, which ends them, and for `workers`, which share a slice.

    supervisor   this process: starts the others, watches the clock, never opens the store and never imports the user's module
    clerk        opens the store, decides which items run, commits
    workers      each opens the store, runs one item at a time, and hands its outcome back through a pipe

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
from flowport.runtime.protocol import ENDED, FAILED
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.store.open import open_store
from flowport.runtime.task.execute import KILLED, execute, failure, is_printed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.protocol import Invocation
    from flowport.runtime.records.outcome import Failure, Outcome
    from flowport.runtime.task.context import TaskContext

GRACE = 10.0
"""Seconds that an item has for its `except` and `finally` after its timeout, before it is killed."""


class Broken(Exception):
    """The user's module cannot be imported in a worker; `error` describes the failure."""

    def __init__(self, error: Failure) -> None:
        super().__init__(error["message"])
        self.error = error


def supervise(invocation: Invocation, program: CodePackage, plan: dict[str, Any]) -> int:
    """Run a task with its items in processes of their own; returns its exit code."""
    return _Supervisor(invocation, program, plan).run()


class _Child:
    """A process of the supervisor's, the channel to it, and of a worker the item that it runs and until when."""

    def __init__(self, pid: int, channel: Channel, line: Lifeline) -> None:
        self.pid, self.channel, self.line = pid, channel, line
        self.row: int | None = None
        self.deadline: float | None = None
        self.overdue = False


class _Supervisor:
    def __init__(self, invocation: Invocation, program: CodePackage, plan: dict[str, Any]) -> None:
        self.invocation, self.program, self.plan = invocation, program, plan
        self.timeout: int | None = plan["timeout"]
        self.width = min(plan["workers"], int(os.environ.get("FLOWPORT_MAX_WORKERS", plan["workers"])))
        self.workers: list[_Child] = []
        self.woken, waker = os.pipe()
        for end in (self.woken, waker):
            os.set_blocking(end, False)
        self.waker = waker

    def run(self) -> int:
        before = signal.set_wakeup_fd(self.waker, warn_on_full_buffer=False)
        clerk = self._fork(self._clerk)
        try:
            while self._turn(clerk):
                continue
        except BrokenPipeError:  # the clerk has ended before its items: its exit code says how
            pass
        finally:
            status = self._end(clerk)
            for worker in list(self.workers):
                self._end(worker)
            signal.set_wakeup_fd(before)
            os.close(self.woken)
            os.close(self.waker)
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else FAILED

    def _turn(self, clerk: _Child) -> bool:
        """Wait for something and see to it; False when the clerk is done."""
        watched = [clerk.channel.source, self.woken, *[worker.channel.source for worker in self.workers if worker.row is not None]]
        ready = select.select(watched, [], [], self._patience())[0]
        if self.woken in ready and {signal.SIGTERM, signal.SIGINT} & set(os.read(self.woken, 64)):
            for child in (clerk, *self.workers):
                os.kill(child.pid, signal.SIGTERM)
        for worker in [worker for worker in self.workers if worker.channel.source in ready]:
            self._outcome(clerk, worker)
        self._look_at_the_clock(clerk)
        return clerk.channel.source not in ready or self._order(clerk)

    def _order(self, clerk: _Child) -> bool:
        """Give the item that the clerk asks for to a free worker; False when the clerk is done."""
        try:
            row, tried = clerk.channel.receive()
        except EOFError:
            return False
        free = [worker for worker in self.workers if worker.row is None]
        worker = free[0] if free else self._hire()
        worker.row, worker.overdue = row, False
        worker.deadline = time.monotonic() + self.timeout if self.timeout else None
        try:
            worker.channel.send((row, tried))
        except BrokenPipeError:
            self._outcome(clerk, worker)
        return True

    def _hire(self) -> _Child:
        worker = self._fork(self._work)
        self.workers.append(worker)
        return worker

    def _outcome(self, clerk: _Child, worker: _Child) -> None:
        """Hand a worker's outcome on; a worker that died has failed its item."""
        try:
            outcome = worker.channel.receive()
        except EOFError:
            status = self._end(worker)
            outcome = _lost(worker.row or 0, KILLED, f"the process of the item ended with {_ending(status)}")
        if outcome is None:  # the step is over, and storing what it left is not on its clock
            worker.deadline = None
            return
        worker.row = worker.deadline = None
        clerk.channel.send(outcome)

    def _look_at_the_clock(self, clerk: _Child) -> None:
        """Ask the items that are overdue to end, and kill those that were asked and did not."""
        now = time.monotonic()
        for worker in [worker for worker in self.workers if worker.deadline is not None and worker.deadline <= now]:
            if not worker.overdue:
                worker.overdue, worker.deadline = True, now + GRACE
                os.kill(worker.pid, signal.SIGALRM)
                continue
            row = worker.row
            end_group(worker.pid)
            self._end(worker)
            clerk.channel.send(_lost(row or 0, "TimeoutException", late(self.invocation.step, self.timeout)))

    def _patience(self) -> float | None:
        deadlines = [worker.deadline for worker in self.workers if worker.deadline is not None]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _end(self, child: _Child) -> int:
        """Wait until a process that is done has left, and kill what it left behind; returns its wait status."""
        if child in self.workers:
            self.workers.remove(child)
        child.channel.close()
        if hasattr(os, "waitid"):
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
            end_group(child.pid)
        child.line.result()
        return os.waitpid(child.pid, 0)[1]

    def _fork(self, body: Callable[[Channel], int]) -> _Child:
        """A child that runs `body` with its end of a channel and leaves with the code that it returns."""
        ours, theirs = Channel.pair()
        pid, line = lifecycle.fork()
        if pid:
            theirs.close()
        else:
            ours.close()
            self._child(body, theirs)
        return _Child(pid, ours, line)

    def _child(self, body: Callable[[Channel], int], channel: Channel) -> NoReturn:
        code = FAILED
        try:
            signal.set_wakeup_fd(-1)
            for end in (self.woken, self.waker):
                os.close(end)
            for worker in self.workers:
                worker.channel.close()
            code = body(channel)
        except (EOFError, BrokenPipeError):
            sys.stderr.write("flowport: the process that this one worked for has ended\n")
        except lifecycle.Ended:
            code = ENDED
        except BaseException:  # this process ends without the interpreter's own last words
            sys.excepthook(*sys.exc_info())
        leave(code)

    def _clerk(self, channel: Channel) -> int:
        from flowport.runtime.task.commit import finish
        from flowport.runtime.task.context import TaskContext
        from flowport.runtime.task.exit_code import guarded

        def body() -> int:
            context = TaskContext(self.invocation, self.program, open_store(self.invocation.store))
            return finish(context, _Ordering(context, channel, max(1, self.width)))

        return guarded(body)

    def _work(self, channel: Channel) -> int:
        from flowport.runtime.task.context import TaskContext

        context = TaskContext(self.invocation, self.program, open_store(self.invocation.store))
        while True:
            try:
                row, tried = channel.receive()
            except EOFError:
                return 0
            channel.send(_outcome(context, row, tried, channel))


def _outcome(context: TaskContext, row: int, tried: int, channel: Channel) -> Outcome | dict[str, Any]:
    """What a worker has to say about an item."""
    try:
        if broken := _unimportable(context):
            return {"row": row, "broken": broken}
        return execute(context, row, tried, over=lambda: channel.send(None))
    except (StoreError, Missing, Corrupt) as error:
        return {"row": row, "refused": str(error)}
    except lifecycle.Ended as error:
        return {"row": row, "ended": str(error)}


def _unimportable(context: TaskContext) -> Failure | None:
    """What there is to say when the user's module cannot be imported, which is no failure of an item."""
    try:
        context.prepare()
    except Exception as error:  # whatever the module raises
        found = failure(error)
        sys.stderr.write(found["traceback"])
        return found
    return None


class _Ordering:
    """The clerk's way of running items: ask the supervisor."""

    def __init__(self, context: TaskContext, channel: Channel, width: int) -> None:
        self.context, self.channel, self.width = context, channel, width
        self.tried: dict[int, int] = {}

    def prepare(self) -> None:
        """Nothing: the workers import the user's module."""

    def begin(self, row: int, tried: int) -> None:
        self.tried[row] = tried
        self.channel.send((row, tried))

    def wait(self) -> Outcome:
        message: dict[str, Any] = self.channel.receive()
        if "refused" in message:
            raise StoreError(message["refused"])
        if "broken" in message:
            raise Broken(message["broken"])
        if "ended" in message:
            raise lifecycle.Ended(message["ended"])
        outcome: Outcome = message  # type: ignore[assignment]
        if "error" in outcome and not outcome["error"]["item"]:
            outcome["error"]["item"] = self.context.lineage.address(outcome["row"])
            if is_printed(self.context, self.tried[outcome["row"]]):
                sys.stderr.write(outcome["error"]["traceback"])
        return outcome


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
