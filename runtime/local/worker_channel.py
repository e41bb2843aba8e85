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
    """A server ended before the coordinator told it to: that of `channel`."""

    def __init__(self, channel: WorkerChannel) -> None:
        super().__init__()
        self.channel = channel


class WorkerChannel:
    """A server process for one run, and what was received from it.

    It is in the environment with the name `environment`, whose Python is `python`, or in this Python if that is None. What the flow
    prints while it is imported, and what a task says before it has a log, goes to `output`.
    """

    def __init__(self, spec: RunSpec, environment: str = "", python: str | None = None) -> None:
        self.environment = environment
        self.socket, other = socket.socketpair()
        self.output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._received = b""
        self._shown = 0
        with other:
            self._process = subprocess.Popen(
                [python or sys.executable, "-c", SERVER, str(other.fileno())],
                env=_variables(environment, python),
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
        """Say something to the server; raises ServerLost when it is gone."""
        try:
            self.socket.sendall(("\n".join(lines) + "\n").encode())
        except OSError:
            raise ServerLost(self) from None

    def receive(self) -> Iterator[list[str]]:
        """Wait for the server and give the words of each line that it sent; raises ServerLost when it is gone."""
        try:
            data = self.socket.recv(1 << 20)
        except ConnectionError:  # Linux: a server that was killed with words of ours unread resets the socket
            raise ServerLost(self) from None
        if not data:
            raise ServerLost(self)
        *lines, self._received = (self._received + data).split(b"\n")
        return (line.decode().split(" ") for line in lines)

    def printed(self) -> str:
        """What was printed outside of any task since this was asked last."""
        size = os.fstat(self.output.fileno()).st_size
        data = os.pread(self.output.fileno(), size - self._shown, self._shown)
        self._shown = size
        return data.decode(errors="replace").rstrip()

    def hang_up(self) -> None:
        """Let the server know that it is no longer needed; it ends when it has ended everything that it started."""
        self.socket.close()

    def close(self) -> None:
        """Let the server end, and with it everything that it started; it may still be importing the flow, and is killed then."""
        self.hang_up()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.output.close()


def _variables(environment: str, python: str | None) -> dict[str, str] | None:
    """The variables of a server, None for those of this process."""
    if python is None:
        return None
    from flowport.runtime.environments.enter import inside

    return inside(python, environment, os.environ)
