"""Threads and processes of a step take turns: two that save at once would choose the same slot."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager, suppress
from threading import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

_in_turn: set[int] = set()
"""The threads of this process whose turn it is."""


@contextmanager
def turn(path: str) -> Iterator[None]:
    """Lock a file, which is made if it is not there, as long as the block runs. Without a path nothing is locked.

    A signal handler that interrupts the turn of its own thread does not wait for it. Neither does anything wait where the file cannot be
    locked, as on some file systems of a network.
    """
    thread = get_ident()
    file = _opened(path) if path and thread not in _in_turn else None
    if file is None:
        yield
        return
    with file:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        _in_turn.add(thread)
        try:
            yield
        finally:
            _in_turn.discard(thread)
            with suppress(OSError):  # a process that was forked meanwhile has the file too, so closing it here does not unlock it
                fcntl.flock(file, fcntl.LOCK_UN)


def _opened(path: str) -> TextIO | None:
    try:
        return open(path, "w")
    except OSError:
        return None
