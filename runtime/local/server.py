"""The process that starts the tasks of a local run and tells the coordinator how they ended.

It forks a child for every task, and touches neither the store nor threads, because a child that inherits either of them hangs (obstore,
OpenMP). On macOS, or without `fork`, it starts the command that a container would run.

A task imports the flow itself, as it does in a container. Where that takes long it is done once: a fork of this process imports the flow
under a `Watch`, and goes on in its place when what came of it may be shared by all tasks.

It listens on a socket to the coordinator, and the end of that socket is the end of everything that it started.

    in   <number> <step> <slice> <attempt> <workers>
                                               a task to run as soon as so many of the workers are free, or all
         go                                    go on after a task that did not end well: nothing begins before this is said
         stop                                  forget the tasks that have not begun
         end | kill                            stop, and terminate or kill what is running
    out  fork | spawn | broken                 how tasks will be started, or that the flow cannot be imported
         + <number> <process>                  a task has begun
         = <number> <done>/<items>             how many items of a task are done
         - <number> <exit code>                a task is over; minus the signal when one ended it
         . <number> 0                          a task was forgotten
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
import sys
import time
from collections import deque
from contextlib import suppress
from importlib import import_module

from flowport.runtime.local.child import TaskProcess, command, fork
from flowport.runtime.local.run_spec import RunSpec
from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.process import lifecycle
from flowport.runtime.process.lifeline import Lifeline, end_group
from flowport.runtime.protocol import DONE
from flowport.runtime.text import take_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SIGNALS = {b"end": signal.SIGTERM, b"kill": signal.SIGKILL}


LOOK = 1.0
"""Seconds between two looks at what the tasks say of their items."""

QUICK = 0.05
"""Seconds for which a flow's import is not worth sharing."""

BROKEN, ALONE, OWN = 1, 2, 3
"""What the process that imports the flow says when it does not go on itself: the flow cannot be imported; each task has to import it; each
task has to import the flow's own files, and libraries are shared."""


def main() -> None:
    """`python -c "... main()" FD`: serve the coordinator at the other end of the inherited socket FD."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    received = b""
    while b"\n" not in received:
        data = channel.recv(65536)
        if not data:  # the coordinator was killed before it said what to run
            return
        received += data
    first, _, rest = received.partition(b"\n")
    server = Server(channel, RunSpec(**json.loads(first)), rest)
    # macOS: a fork of a process that has used its frameworks may end at once, and many libraries use them.
    server.spec.fork = server.spec.fork and sys.platform != "darwin"
    # The parent process may ignore this signal; then no process could be waited for.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    take_all()
    for name in ("task.entry", "joins.inputs", "store.folder", "task.supervise", "task.resume"):
        import_module(f"flowport.runtime.{name}")
    import_module("flowport.runtime.task.entry").name_store(server.spec.store)
    _serve(server)
    # What the flow registered with `atexit` is not for this process, and big libraries take their time to go.
    os._exit(0)


def _serve(server: Server) -> None:
    """Import the flow in a fork, which serves where its tasks may share that; otherwise serve here."""
    if not server.spec.fork or server.lacks_variables():
        server.serve(b"spawn")
        return
    line = Lifeline.new()
    pid = os.fork()
    if pid == 0:
        lifecycle.adopt(line)
        found = server.imported()
        line.say(found)
        if found == DONE:
            server.serve(b"fork")
        os._exit(DONE)
    line.started()
    lifecycle.wait(pid)
    said = line.result()
    if said == BROKEN or said is None:
        server.answers.append(b"broken")
        server.answer()
    elif said != DONE:
        server.serve(b"fork" if said == ALONE or server.preloaded() else b"spawn")


class Server:
    """The tasks that wait and those that run."""

    def __init__(self, channel: socket.socket, spec: RunSpec, received: bytes) -> None:
        self.channel, self.spec, self.received = channel, spec, received
        self.program = CodePackage.unpacked(spec.folder, spec.source)
        self.waiting: deque[tuple[bytes, str, str, int, int]] = deque()
        self.running: dict[int, tuple[TaskProcess, bytes, int]] = {}
        self.busy = 0
        self.answers: list[bytes] = []
        self.held = False
        self._next_at = 0.0
        self.compared: set[str] = set()
        """The steps whose packages were compared here."""

    def serve(self, how: bytes) -> None:
        """Say how tasks are started and work until the coordinator is gone; then end everything that still runs."""
        self.spec.fork = how == b"fork"
        self.answers.append(how)
        # The most processes that one task starts for its items.
        os.environ["FLOWPORT_MAX_WORKERS"] = str(self.spec.workers)
        woken, waker = os.pipe()
        for end in (woken, waker):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        selector = selectors.DefaultSelector()
        selector.register(self.channel, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        there = True
        while there:
            self._begin()
            self.answer()
            for key, _ in selector.select(LOOK if self.running else None):
                if key.fileobj == woken:
                    os.read(woken, 4096)
                else:
                    there = self._receive()
            self._hear()
            self._reap()
        self._signal(signal.SIGKILL)

    def lacks_variables(self) -> bool:
        """Whether the flow reads variables that this process does not have: each task finds them, and imports the flow with them."""
        return any(
            name not in os.environ and (required or self.spec.secrets) for name, required in self.program.plan.get("reads", {}).items()
        )

    def imported(self) -> int:
        """Import the flow, and see whether tasks may share that; prints why they may not, or the error."""
        from flowport.runtime.local.watch import Watch, threads

        began, watch = time.monotonic(), Watch(self.program.source)
        try:
            self._preload()
            with watch:
                self.program.flow_class()
        except BaseException as error:
            from flowport.runtime.local.trace import show

            show(error, self.program.source)
            return BROKEN
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
        seconds = time.monotonic() - began
        if seconds < QUICK:
            return ALONE
        if names := threads():
            why = f"what it imports has started threads ({', '.join(sorted(set(names)))}), which no fork has"
            print(f"each task imports the flow anew, which takes {seconds:.1f} s: {why}", flush=True)
            return ALONE
        if watch.made:
            print(f"each task imports the flow's own files anew, as they make {', and '.join(watch.made)}", flush=True)
            return OWN
        _freeze()
        return DONE

    def preloaded(self) -> bool:
        """Import the libraries that the flow begins with; whether this process may be forked then."""
        from flowport.runtime.local.watch import threads

        self._preload()
        _freeze()
        return not threads()

    def _preload(self) -> None:
        from flowport.runtime.local.preload import preload

        own = {name.partition(".")[0] for folder in self.program.find_modules() for name in os.listdir(folder)}
        preload(self.program.file, own)

    def _receive(self) -> bool:
        """Take what the coordinator sent; False when it is gone."""
        data = self.channel.recv(1 << 20)
        *lines, self.received = (self.received + data).split(b"\n")
        for line in lines:
            words = line.split(b" ")
            if len(words) == 5:
                number, step, slice, attempt, workers = words
                self.waiting.append((number, step.decode(), slice.decode(), int(attempt), min(int(workers), self.spec.workers)))
            elif line == b"go":
                self.held = False
            else:
                self.answers += [b". %b 0" % number for number, *_ in self.waiting]
                self.waiting.clear()
                if line in SIGNALS:
                    self._signal(SIGNALS[line])
        return bool(data)

    def _begin(self) -> None:
        while self.waiting and not self.held and self.busy + self.waiting[0][4] <= self.spec.workers:
            number, step, slice, attempt, workers = self.waiting.popleft()
            plan = self.program.step(step)
            variables = plan["environment"]
            # Variables of a step, and of the nodes of a gang, are there before anything is imported: some are read by what imports it.
            if self.spec.fork and not variables and not {"forwarded", "secrets", "gang"} & plan.keys():
                if "packages" in plan and step not in self.compared:
                    self._compare(step, plan)
                task = fork(self.spec, self.program, step, slice, attempt, self.channel)
            else:
                task = command(self.spec, step, slice, attempt, variables)
            self.running[task.pid] = (task, number, workers)
            self.busy += workers
            self.answers.append(b"+ %b %d" % (number, task.pid))

    def _compare(self, step: str, plan: dict[str, Any]) -> None:
        """Compare the packages of a step, as each of its tasks does: what that imports and finds takes 70 ms, which forks save."""
        self.compared.add(step)
        with suppress(Exception):  # whatever it is, a task meets it again and shows it
            from flowport.runtime.requirements.check import is_here

            is_here(plan["packages"])

    def _hear(self) -> None:
        """Hand on what the tasks say of their items, once a second."""
        if self.running and time.monotonic() >= self._next_at:
            self._next_at = time.monotonic() + LOOK
            for task, number, _ in self.running.values():
                if (items := task.news()) is not None:
                    self.answers.append(b"= %b %d/%d" % (number, *items))

    def _reap(self) -> None:
        while self.running:
            if hasattr(os, "waitid"):
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                if ended is not None and ended.si_pid in self.running:
                    end_group(ended.si_pid)
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            found = self.running.pop(pid, None)
            # None: a process that the user's module started while it was imported.
            if found is not None:
                task, number, workers = found
                self.busy -= workers
                code = task.code(status)
                self.held |= code != DONE
                self.answers.append(b"- %b %d" % (number, code))

    def answer(self) -> None:
        """Send the pending messages to the coordinator."""
        if self.answers:
            answers, self.answers = self.answers, []
            try:
                self.channel.sendall(b"\n".join(answers) + b"\n")
            except OSError:
                # The coordinator is gone; its end of the socket says so on the next read.
                return

    def _signal(self, number: int) -> None:
        """Ask the running tasks to end, or kill them with everything that they have started."""
        for leader in self.running:
            if number == signal.SIGKILL:
                end_group(leader)
            else:
                os.kill(leader, number)


def _freeze() -> None:
    """Leave what is there to the forks as it is: collecting garbage would copy it."""
    gc.collect()
    gc.freeze()
