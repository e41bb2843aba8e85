"""Messages between two processes, one of which has forked the other."""

from __future__ import annotations

import os
from _pickle import dumps, loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Channel:
    """One end: a message is a length and a pickle."""

    def __init__(self, source: int, sink: int) -> None:
        self.source, self.sink = source, sink

    @classmethod
    def pair(cls) -> tuple[Channel, Channel]:
        """Both ends; each process closes the one that is not its own."""
        there, here = os.pipe(), os.pipe()
        return cls(here[0], there[1]), cls(there[0], here[1])

    def send(self, message: object) -> None:
        """Raises BrokenPipeError when the other side is gone."""
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
