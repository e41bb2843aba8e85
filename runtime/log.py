"""The output of a task in a container: passed on as it comes, and kept in the store when the task has ended, however it ended.

A process of its own does both, so the log of a task that was killed is kept too, and the task itself has neither a thread nor an open
store for it.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # not `signal`, which loads `enum`
import os
import select
import sys

from flowport.runtime.address import Keys
from flowport.runtime.store import Refusal, open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from flowport.runtime.contract import Invocation

LONGEST = 8 << 20
"""Bytes of a log that are kept at its end, and as many at its beginning."""


class Log:
    """While it is open, what the process prints goes through the keeper."""

    def __init__(self, invocation: Invocation) -> None:
        self.invocation = invocation

    def handed_on(self) -> str:
        """What the program that replaces this one in its process gives to `Handed`, to keep the same log."""
        os.set_inheritable(self.control, True)
        return f"{self.pid} {self.control}"

    def __enter__(self) -> None:
        output, control = os.pipe(), os.pipe()
        self.pid = os.fork()
        if not self.pid:
            code = 1
            try:
                os.close(output[1])
                os.close(control[1])
                _keep(self.invocation, output[0], control[0])
                code = 0
            finally:
                os._exit(code)
        os.close(output[0])
        os.close(control[0])
        self.control = control[1]
        for stream, number in ((sys.stdout, 1), (sys.stderr, 2)):
            stream.flush()
            os.dup2(output[1], number)
        os.close(output[1])
        _by_lines()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is not None:
            sys.excepthook(kind, error, trace)  # type: ignore[arg-type]
        sys.stdout.flush()
        sys.stderr.flush()
        os.close(self.control)
        os.waitpid(self.pid, 0)


class Handed(Log):
    """A log that was begun by the program that ran in this process before."""

    def __init__(self, invocation: Invocation, handed: str) -> None:
        super().__init__(invocation)
        self.pid, self.control = [int(word) for word in handed.split()]

    def __enter__(self) -> None:
        os.set_inheritable(self.control, False)
        _by_lines()


def _by_lines() -> None:
    """So that what was printed before a kill is not lost."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def _keep(invocation: Invocation, output: int, control: int) -> None:
    """Pass on what comes until the task has ended; then store it."""
    # What ends the task ends this process by the closed pipe, and not before its last words are kept.
    for number in (_signal.SIGINT, _signal.SIGTERM):
        _signal.signal(number, _signal.SIG_IGN)
    head, tail, cut = bytearray(), bytearray(), 0
    waiting = True
    while True:
        ready = select.select([output, control] if waiting else [output], [], [], None if waiting else 0)[0]
        if output in ready:
            data = os.read(output, 1 << 16)
            if not data:
                break
            _pass_on(data)
            room = LONGEST - len(head)
            head += data[:room]
            tail += data[room:]
            if len(tail) > 2 * LONGEST:
                cut += len(tail) - LONGEST
                del tail[:-LONGEST]
        elif waiting:
            waiting = False
        else:
            break
    if head:
        middle = f"\n... {cut} bytes left out ...\n".encode() if cut else b""
        _store(invocation, bytes(head + middle + tail))


def _pass_on(data: bytes) -> None:
    """To where the output went before; nobody may be there any more."""
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(1, view) :]
    except OSError:
        return


def _store(invocation: Invocation, data: bytes) -> None:
    keys = Keys(invocation.flow, invocation.run)
    try:
        store = open_store(invocation.store)
        number = store.count(keys.log(invocation.step, invocation.slice, invocation.epoch, 0)[:-1], "")
        while not store.create(keys.log(invocation.step, invocation.slice, invocation.epoch, number), data):
            number += 1
    except Refusal as error:
        _pass_on(f"flowport: the log of this task is not kept: {error}\n".encode())
