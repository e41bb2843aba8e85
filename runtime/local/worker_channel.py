"""The coordinator's end of the socket to the server: starts that process, sends it tasks, and receives their results."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from flowport.runtime.local.run_spec import RunSpec

# `-c` puts the folder that the user works in at the top of the module path, where it would hide installed modules.
SERVER = "import sys; sys.path.pop(0); from flowport.runtime.local.server import main; main()"

PATIENCE = 1.0
"""Seconds that the server has to end."""


class ServerLost(Exception):
    """The server ended before the coordinator told it to."""


class WorkerChannel:
    """A server process for one run, and what was received from it.

    What the flow prints while it is imported, and what a task says before it has a log, goes to `output`.
    """

    def __init__(self, spec: RunSpec) -> None:
        self.socket, other = socket.socketpair()
        self.output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._received = b""
        self._shown = 0
        with other:
            self._process = subprocess.Popen(
                [sys.executable, "-c", SERVER, str(other.fileno())],
                pass_fds=(other.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=self.output,
                stderr=self.output,
                start_new_session=True,
            )
        # A server that is gone already is found out by `receive`, when what it printed can be shown.
        with contextlib.suppress(ServerLost):
            self.send(json.dumps(spec.values()))

    def send(self, *lines: str) -> None:
        """Say something to the server; raises Lost when it is gone."""
        try:
            self.socket.sendall(("\n".join(lines) + "\n").encode())
        except OSError:
            raise ServerLost from None

    def receive(self) -> Iterator[list[str]]:
        """Wait for the server and give the words of each line that it sent; raises Lost when it is gone."""
        try:
            data = self.socket.recv(1 << 20)
        except ConnectionError:  # Linux: a server that was killed with words of ours unread resets the socket
            raise ServerLost from None
        if not data:
            raise ServerLost
        *lines, self._received = (self._received + data).split(b"\n")
        return (line.decode().split(" ") for line in lines)

    def printed(self) -> str:
        """What was printed outside of any task since this was asked last."""
        size = os.fstat(self.output.fileno()).st_size
        data = os.pread(self.output.fileno(), size - self._shown, self._shown)
        self._shown = size
        return data.decode(errors="replace").rstrip()

    def close(self) -> None:
        """Let the server end, and with it everything that it started; it may still be importing the flow, and is killed then."""
        self.socket.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.output.close()
