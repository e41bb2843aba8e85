"""What a node of a gang prints: it goes to the log of its task, each line with the name of the node."""

from __future__ import annotations

import os
import select

LONGEST = 1 << 16
"""Bytes that are kept back until their line is complete."""


class NodeLog:
    """The pipe from the output of a node to that of this process. The node calls `take`, the process that starts it all the rest."""

    def __init__(self, index: str) -> None:
        self.name = f"node {index}"
        self.source, self._sink = os.pipe()
        self.is_open = True
        self._held = b""

    def take(self) -> None:
        """In the node: print into the pipe."""
        for number in (1, 2):
            os.dup2(self._sink, number)
        os.close(self._sink)
        os.close(self.source)

    def started(self) -> None:
        """When the node is there."""
        os.close(self._sink)

    def read(self) -> bool:
        """Pass on the lines that are there; False at the end of the output."""
        try:
            data = os.read(self.source, 1 << 16)
        except BlockingIOError:
            return False
        *lines, self._held = (self._held + data).split(b"\n")
        if self._held and (not data or len(self._held) > LONGEST):
            lines.append(self._held)
            self._held = b""
        _write(b"".join(b"[%b] %b\n" % (self.name.encode(), line) for line in lines))
        if not data:
            os.close(self.source)
            self.is_open = False
        return bool(data)

    def wait(self, woken: int) -> set[int]:
        """Wait for output, which is passed on, or until there is something to read from `woken`; what there was to read."""
        poll = select.poll()
        for end in (self.source, woken):
            poll.register(end, select.POLLIN)
        ready = {end for end, _ in poll.poll()}
        if self.source in ready:
            self.read()
        return ready

    def close(self) -> None:
        """When the node has ended: pass on the rest, without waiting for processes that it left behind."""
        if self.is_open:
            os.set_blocking(self.source, False)
            while self.is_open and self.read():
                continue
        if self.is_open:
            if self._held:
                _write(b"[%b] %b\n" % (self.name.encode(), self._held))
            os.close(self.source)
            self.is_open = False


def _write(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]
