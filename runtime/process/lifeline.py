"""Connects the process of a task with the one that started it: they end together, and the task reports its result before its end.

keeper, server, supervisor     starts a task's process, holds one end of a `Lifeline`, waits, and kills what is left of the group
the task's process             leads a process group, and reports its result before it leaves
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # not `signal`, which loads `enum`
import fcntl
import os
import sys

SET_SIGNAL = 10
"""`F_SETSIG` of Linux, which the module `fcntl` does not name: the signal that an asynchronous file descriptor sends."""


LIFELINE = "FLOWPORT_LIFELINE"
"""The variable that is set if another process has started this one as the task and keeps its log: the result of `Lifeline.handed_on`."""

STARTER = "FLOWPORT_STARTER"
"""The variable with the reading end of a pipe whose other end is with the process that started the keeper of a task, and dies with it."""


class Lifeline:
    """Two pipes between a task's process and the one that started it.

    The first has its writing end with the starter alone: when the starter dies, however it does, Linux kills the group of the task.
    Through the second the task says how it ended, since what it does when it leaves can change its exit status.
    """

    open: list[Lifeline] = []
    """The lifelines of the tasks that this process has started and whose results it has not read yet."""

    of_task: Lifeline | None = None
    """That of the task which this process is, or which it is a part of."""

    def __init__(self, held: int, watch: int, results: int, said: int) -> None:
        self._held, self._watch, self._results, self._said = held, watch, results, said
        self._heard = b""
        self.items: tuple[int, int] | None = None
        """In the starter: the items that are done and all of them, as the task said last; None for a task of one item."""

    @classmethod
    def new(cls) -> Lifeline:
        """The pipes, before the task's process is started."""
        watch, held = os.pipe()
        results, said = os.pipe()
        line = cls(held, watch, results, said)
        cls.open.append(line)
        return line

    @classmethod
    def inherited(cls, words: str) -> Lifeline:
        """The task's ends, from what `handed_on` returned to the program that this process ran or was started by."""
        watch, said = [int(word) for word in words.split()]
        for end in (watch, said):
            os.set_inheritable(end, False)
        return cls(-1, watch, -1, said)

    def handed_on(self) -> str:
        """Make the task's ends survive an `exec`; returns what `inherited` needs to know."""
        for end in (self._watch, self._said):
            os.set_inheritable(end, True)
        return f"{self._watch} {self._said}"

    def started(self) -> None:
        """In the starter, when the task's process is there."""
        os.close(self._watch)
        os.close(self._said)

    def result(self) -> int | None:
        """In the starter, after the process of the task has ended: its result, or None if it reported none."""
        self.hear()
        self._close()
        return int(self._heard) if self._heard else None

    def hear(self) -> None:
        """In the starter: take what the task has said of its items."""
        os.set_blocking(self._results, False)
        try:
            while data := os.read(self._results, 1 << 12):
                *lines, self._heard = (self._heard + data).split(b"\n")
                if lines:
                    done, _, of = lines[-1].partition(b"/")
                    self.items = int(done), int(of)
        except BlockingIOError:  # there is no more so far, or a process that the task has started still holds the other end
            return

    def _close(self) -> None:
        """Close the starter's ends."""
        self.open.remove(self)
        os.close(self._results)
        os.close(self._held)

    def hold(self) -> None:
        """In the task's process: lead a group, and die with the starter. A fork has the starter's ends of all tasks: they are closed."""
        for line in list(self.open):
            line._close()
        if os.getpgrp() != os.getpid():
            os.setpgid(0, 0)
        if sys.platform == "linux":
            fcntl.fcntl(self._watch, fcntl.F_SETOWN, -os.getpid())
            fcntl.fcntl(self._watch, SET_SIGNAL, _signal.SIGKILL)
            os.set_blocking(self._watch, False)
            fcntl.fcntl(self._watch, fcntl.F_SETFL, fcntl.fcntl(self._watch, fcntl.F_GETFL) | fcntl.FASYNC)
            try:
                os.read(self._watch, 1)
            except BlockingIOError:
                return
            os.killpg(0, _signal.SIGKILL)  # the starter died before this process could be bound to it

    def say(self, code: int) -> None:
        """In the task's process: its result."""
        self._write(b"%d" % code)

    def say_progress(self, done: int, of: int) -> None:
        """In the task's process: how many of its items are done. The starter need not read this soon, so it is not for every item."""
        self._write(b"%d/%d\n" % (done, of))

    def _write(self, words: bytes) -> None:
        try:
            os.write(self._said, words)
        except OSError:  # the starter has ended, or the step closed a descriptor that it did not open
            return


def outcome(status: int, said: int | None, lost: int) -> int:
    """The exit code of a task, from its result if it reported one, else from its wait status; `lost` if that is 0."""
    if said is not None:
        return said
    return os.waitstatus_to_exitcode(status) or lost


def crash_note(code: int, printed: bytes) -> bytes:
    """What the log of a task says after what it `printed`, if the task could not: that it ended with a segmentation fault; else nothing."""
    if code != -_signal.SIGSEGV:
        return b""
    return b"\n" * (not printed.endswith(b"\n")) + b"flowport: the task ended with a segmentation fault (SIGSEGV)\n"


def end_group(leader: int) -> None:
    """Kill what is left of a group. Its leader must not have been waited for, so that the number is still its own."""
    try:
        os.killpg(leader, _signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS answers so where only the leader is left, and it has ended
        return
