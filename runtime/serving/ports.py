"""The port of a server: the one that its clients expect, or a free one where something else of this machine has it."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile

from flowport.runtime.process.nodes import LOOPBACK, free_port


class Port:
    """A port for a server of this process. `number` is `usual` if nothing listens there and no other task has taken it."""

    def __init__(self, usual: int) -> None:
        self._lock = _lock(usual)
        self.number = usual if self._lock is not None and _is_free(usual) else free_port()

    def release(self) -> None:
        """Let another task have it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _lock(number: int) -> int | None:
    """A locked file that stands for a port; None if another task has it.

    A task sees that a port is free before its server listens there: without this, two of them would both choose it, and one would talk to
    the server of the other.
    """
    path = os.path.join(tempfile.gettempdir(), f"flowport-port-{number}-{os.getuid()}")
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:  # there is no folder for temporary files that can be written: a free port needs no lock
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file


def _is_free(number: int) -> bool:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do, to which a port that was just left is free
        try:
            one.bind((LOOPBACK, number))
        except OSError:
            return False
    return True
