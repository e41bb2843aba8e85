"""Jobs that are forks of one process, which has imported the runtime and the flow's libraries: a dry run imports them once."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from flowport.runtime.process.lifeline import end_group
from flowport.targets.stepfunctions.emulator.processes import Started, kept, new_process

MODULE = "flowport.targets.stepfunctions.emulator.fork_server"
LOST = 137
"""The exit code of a job whose fork server ended."""


class Fork:
    """The process of a job, with the part of the interface of `subprocess.Popen` that is used."""

    def __init__(self) -> None:
        self.pid = 0
        """0 until it has started: a fork server that ended before has started nothing."""
        self.code: int | None = None
        self.started, self.ended = threading.Event(), threading.Event()

    def poll(self) -> int | None:
        return LOST if self.code is None and self.ended.is_set() else self.code

    def wait(self, timeout: float | None = None) -> int:
        if not self.ended.wait(timeout):
            raise subprocess.TimeoutExpired("a job", timeout or 0)
        return LOST if self.code is None else self.code


class ForkServer:
    """The process that forks; it begins to import at once."""

    def __init__(self, libraries: Sequence[tuple[str, list[str]]]) -> None:
        self._numbers = itertools.count()
        self._forks: dict[int, Fork] = {}
        self._lock = threading.Lock()
        self._answered = threading.Event()
        self._ready = False
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-m", MODULE, str(theirs.fileno()), json.dumps(libraries)]
        # In the root folder, as `-m` would find whatever lies in this one first.
        self._process = subprocess.Popen(
            command, cwd=os.sep, env=kept(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
        )
        theirs.close()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def start(self, command: Sequence[str], folder: str, environment: Mapping[str, str], output: Any) -> Started:
        """Start a job in a folder, with nothing but these variables."""
        self._answered.wait()
        if not self._ready or list(command[1:3]) != ["-m", "flowport.runtime"]:
            return new_process(command, folder, environment, output)
        fork = Fork()
        with self._lock:
            number = next(self._numbers)
            self._forks[number] = fork
            request = {"job": number, "command": list(command), "folder": folder, "environment": dict(environment)}
            socket.send_fds(self._channel, [json.dumps(request).encode()], [output.fileno()])
        fork.started.wait()
        return fork

    def close(self) -> None:
        """End the process, which ends its jobs."""
        self._channel.shutdown(socket.SHUT_RDWR)
        self._process.wait()
        self._listener.join()
        self._channel.close()

    def _received(self) -> bytes:
        """The next message; nothing when the process has ended."""
        try:
            return self._channel.recv(1 << 16)
        except ConnectionResetError:  # a process that was killed before it read its last request (unix(7))
            return b""

    def _listen(self) -> None:
        while data := self._received():
            event = json.loads(data)
            if "ready" in event:
                self._ready = event["ready"]
                self._answered.set()
                continue
            fork = self._forks[event["job"]]
            if "pid" in event:
                fork.pid = event["pid"]
                fork.started.set()
            else:
                fork.code = event["exit"]
                fork.ended.set()
        self._ready = False
        self._answered.set()
        for fork in list(self._forks.values()):
            if fork.pid and not fork.ended.is_set():
                end_group(fork.pid)
            fork.ended.set()
            fork.started.set()
