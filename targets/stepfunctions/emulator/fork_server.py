"""`python -m flowport.targets.stepfunctions.emulator.fork_server FD LIBRARIES`: a process whose forks are jobs of a dry run.

It imports the runtime and the libraries that the flow begins with once. Each fork gets the folder, the environment and the command of a
job and runs `flowport.runtime` as a new process would. `forked_jobs` has the other end of the socket FD, in these messages:

    out  {"ready": true}                                    or false, when a library has started threads, which no fork has
    in   {"job": 1, "command": [...], "folder": "...", "environment": {...}}, with the file of the output
    out  {"job": 1, "pid": 4711}
         {"job": 1, "exit": 0}                              minus the signal when one ended it
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from importlib import import_module
from typing import Any

from flowport.runtime.local.child import reseed
from flowport.runtime.local.watch import threads
from flowport.runtime.process.lifeline import end_group

RUNTIME = ("process.log", "task.entry", "task.commit", "task.context", "task.supervise", "task.resume", "store.bucket")
"""The rooms and modules of the runtime that a task loads."""

LARGEST = 1 << 20
"""Bytes of a message."""


def main(channel: socket.socket, libraries: list[tuple[str, list[str]]]) -> None:
    """Serve until the other end is closed, and end all jobs then; returns in a fork, which has become a job."""
    for name in RUNTIME:
        import_module(f"flowport.runtime.{name}")
    for name, members in libraries:
        try:
            __import__(name, fromlist=members)
        except Exception:  # whatever a library raises: the tasks meet it again, and show it with the user's line
            break
    gc.collect()
    gc.freeze()
    channel.send(json.dumps({"ready": not threads()}).encode())
    request = _Server(channel).serve()
    if request is None:
        os._exit(0)
    _become(request)


class _Server:
    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._jobs: dict[int, int] = {}
        self._woken, self._waker = os.pipe()
        for end in (self._woken, self._waker):
            os.set_blocking(end, False)

    def serve(self) -> dict[str, Any] | None:
        """Fork for every request; returns the request in the fork, and None when the other end is closed."""
        try:
            request = self._serve()
        except (ConnectionResetError, BrokenPipeError):  # a process that was killed before it read its last message (unix(7))
            request = None
        if request is None:
            for pid in self._jobs:
                end_group(pid)
        return request

    def _serve(self) -> dict[str, Any] | None:
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self._waker)
        selector = selectors.DefaultSelector()
        selector.register(self._channel, selectors.EVENT_READ)
        selector.register(self._woken, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj == self._woken:
                    os.read(self._woken, 4096)
                    continue
                data, files, _, _ = socket.recv_fds(self._channel, LARGEST, 1)
                if not data:
                    return None
                if (request := self._forked(json.loads(data), files[0])) is not None:
                    selector.close()
                    return request
            self._reap()

    def _forked(self, request: dict[str, Any], output: int) -> dict[str, Any] | None:
        """The request in the fork; None here."""
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            nothing = os.open(os.devnull, os.O_RDONLY)
            for end, number in ((nothing, 0), (output, 1), (output, 2)):
                os.dup2(end, number)
            for end in (nothing, output, self._woken, self._waker):
                os.close(end)
            self._channel.close()
            return request
        os.close(output)
        self._jobs[pid] = request["job"]
        self._say({"job": request["job"], "pid": pid})
        return None

    def _reap(self) -> None:
        while self._jobs:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._say({"job": self._jobs.pop(pid), "exit": os.waitstatus_to_exitcode(status)})

    def _say(self, event: dict[str, Any]) -> None:
        self._channel.send(json.dumps(event).encode())


def _become(request: dict[str, Any]) -> None:
    """Run the command of a job, as the interpreter does with `-m`."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[0] = request["folder"]
    sys.orig_argv[:] = request["command"]
    sys.argv[1:] = request["command"][3:]
    reseed()
    runpy.run_module("flowport.runtime", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), json.loads(sys.argv[2]))
