"""Items in processes of their own: for `@timeout`, which kills, and for `workers`, which share a slice.

    supervisor   this process: starts the others, watches the clock, never opens the store
    clerk        opens the store, decides which items run, commits
    workers      each opens the store, runs one item at a time, and hands its outcome back through a pipe

A store's client may have threads of its own, which do not survive a fork: so the only process that forks is the one without a store.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from _pickle import dumps, loads

from flowport.runtime.contract import FAILED, STOP
from flowport.runtime.execute import execute, told
from flowport.runtime.store import Corrupt, Missing, Refusal, open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from flowport.runtime.contract import Invocation
    from flowport.runtime.execute import Outcome
    from flowport.runtime.program import Program


def supervise(invocation: Invocation, program: Program, plan: dict[str, Any]) -> int:
    """Run a task with its items in processes of their own; returns its exit code."""
    try:
        program.flow_class()
    except Exception:  # the clerk meets it again, prints it, and leaves a try
        plan = {**plan, "workers": 1}
    return _Supervisor(invocation, program, plan).run()


class _Pipe:
    """Whole messages between two processes: a length and a pickle."""

    def __init__(self, source: int, sink: int) -> None:
        self.source, self.sink = source, sink

    def send(self, message: object) -> None:
        data = dumps(message, 5)
        view = memoryview(len(data).to_bytes(8, "little") + data)
        while view:
            view = view[os.write(self.sink, view) :]

    def receive(self) -> Any:
        """The next message; raises EOFError when the other side is gone."""
        return loads(self._exactly(int.from_bytes(self._exactly(8), "little")))

    def _exactly(self, size: int) -> bytes:
        parts = []
        while size:
            part = os.read(self.source, min(size, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        os.close(self.source)
        os.close(self.sink)


class _Worker:
    """A child, the pipe to it, and the item that it runs since when."""

    def __init__(self, pid: int, pipe: _Pipe) -> None:
        self.pid, self.pipe = pid, pipe
        self.row: int | None = None
        self.deadline: float | None = None


class _Supervisor:
    def __init__(self, invocation: Invocation, program: Program, plan: dict[str, Any]) -> None:
        self.invocation, self.program, self.plan = invocation, program, plan
        self.timeout: int | None = plan["timeout"]
        self.width = min(plan["workers"], int(os.environ.get("FLOWPORT_MAX_WORKERS", plan["workers"])))
        self.workers: list[_Worker] = []

    def run(self) -> int:
        clerk = self._fork(self._clerk)
        try:
            while True:
                watched = [clerk.pipe.source, *[worker.pipe.source for worker in self.workers if worker.row is not None]]
                ready = select.select(watched, [], [], self._patience())[0]
                for worker in [worker for worker in self.workers if worker.pipe.source in ready]:
                    self._outcome(clerk, worker)
                self._overdue(clerk)
                if clerk.pipe.source in ready and not self._order(clerk):
                    break
        except BrokenPipeError:  # the clerk has ended before its items: its exit code says how
            pass
        finally:
            for worker in list(self.workers):
                self._end(worker)
        status = os.waitstatus_to_exitcode(os.waitpid(clerk.pid, 0)[1])
        return status if status >= 0 else FAILED

    def _order(self, clerk: _Worker) -> bool:
        """Give the item that the clerk asks for to a free worker; False when the clerk is done."""
        try:
            row, tried = clerk.pipe.receive()
        except EOFError:
            return False
        free = [worker for worker in self.workers if worker.row is None]
        worker = free[0] if free else self._hire()
        worker.row = row
        worker.deadline = time.monotonic() + self.timeout if self.timeout else None
        try:
            worker.pipe.send((row, tried))
        except BrokenPipeError:
            self._outcome(clerk, worker)
        return True

    def _hire(self) -> _Worker:
        worker = self._fork(self._work)
        self.workers.append(worker)
        return worker

    def _outcome(self, clerk: _Worker, worker: _Worker) -> None:
        """Hand a worker's outcome on; a worker that died has failed its item."""
        try:
            outcome = worker.pipe.receive()
        except EOFError:
            status = self._end(worker)
            outcome = _lost(worker.row, "Killed", f"the process of the item ended with {_ending(status)}")
        worker.row = worker.deadline = None
        clerk.pipe.send(outcome)

    def _overdue(self, clerk: _Worker) -> None:
        now = time.monotonic()
        for worker in [worker for worker in self.workers if worker.deadline is not None and worker.deadline <= now]:
            row = worker.row
            self._end(worker)
            clerk.pipe.send(
                _lost(row, "TimeoutError", f"step `{self.invocation.step}` ran longer than its timeout of {self.timeout} seconds")
            )

    def _patience(self) -> float | None:
        deadlines = [worker.deadline for worker in self.workers if worker.deadline is not None]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _end(self, worker: _Worker) -> int:
        self.workers.remove(worker)
        worker.pipe.close()
        # Not yet waited for, so the number still is this child's own.
        os.kill(worker.pid, signal.SIGKILL)
        return os.waitpid(worker.pid, 0)[1]

    def _fork(self, body: Callable[[_Pipe], int]) -> _Worker:
        """A child that runs `body` with its end of a pipe and ends with the code that it returns."""
        there, here = os.pipe(), os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            os.close(there[0])
            os.close(here[1])
            return _Worker(pid, _Pipe(here[0], there[1]))
        code = FAILED
        try:
            os.close(there[1])
            os.close(here[0])
            for worker in self.workers:
                worker.pipe.close()
            code = body(_Pipe(there[0], here[1]))
        except (EOFError, BrokenPipeError):
            sys.stderr.write("flowport: the process that this one worked for has ended\n")
        except BaseException:  # this process ends without the interpreter's own last words
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _clerk(self, pipe: _Pipe) -> int:
        from flowport.runtime.task import finish, guarded
        from flowport.runtime.work import Work

        def body() -> int:
            work = Work(self.invocation, self.program, open_store(self.invocation.store))
            return finish(work, _Ordering(work, pipe, max(1, self.width)))

        return guarded(body)

    def _work(self, pipe: _Pipe) -> int:
        from flowport.runtime.work import Work

        work = Work(self.invocation, self.program, open_store(self.invocation.store))
        while True:
            try:
                row, tried = pipe.receive()
            except EOFError:
                return STOP
            try:
                pipe.send(execute(work, row, tried))
            except (Refusal, Missing, Corrupt) as error:
                pipe.send({"row": row, "refused": str(error)})
            sys.stdout.flush()


class _Ordering:
    """The clerk's way of running items: ask the supervisor."""

    def __init__(self, work: Any, pipe: _Pipe, width: int) -> None:
        self.work, self.pipe, self.width = work, pipe, width
        self.tried: dict[int, int] = {}

    def begin(self, row: int, tried: int) -> None:
        self.tried[row] = tried
        self.pipe.send((row, tried))

    def wait(self) -> Outcome:
        outcome: Outcome = self.pipe.receive()
        if "refused" in outcome:
            raise Refusal(outcome["refused"])
        if "error" in outcome and not outcome["error"]["item"]:
            outcome["error"]["item"] = self.work.lineage.address(outcome["row"])
            if told(self.work, self.tried[outcome["row"]]):
                sys.stderr.write(outcome["error"]["traceback"])
        return outcome


def _lost(row: int | None, kind: str, message: str) -> Outcome:
    """The outcome of an item whose process could not tell it; the clerk fills in the item's address."""
    return {"row": row, "error": {"type": kind, "message": message, "traceback": f"{kind}: {message}\n", "item": ""}, "own": {}}


def _ending(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
