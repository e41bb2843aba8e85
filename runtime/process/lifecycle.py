"""The process of a task: its setup, its signals, and the end of a step's body.

Signals become exceptions inside the step, so that `finally:` runs: `Ended` for SIGTERM, a `TimeoutException` for SIGALRM. If a task does
not end, the process that started it kills its process group.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # not `signal`, which loads `enum`
import os
import sys
import time

from flowport.runtime.process.leave import leave
from flowport.runtime.process.lifeline import Lifeline, end_group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType


class Ended(KeyboardInterrupt):
    """The task was asked to end. Libraries that let a KeyboardInterrupt through let this through too."""


def fork() -> tuple[int, Lifeline]:
    """Fork a process that has imported nothing of the user's; 0 in the child, which leads a group and has no exit hooks yet."""
    line = Lifeline.new()
    pid = os.fork()
    if pid:
        line.started()
    else:
        import atexit

        atexit._clear()
        adopt(line)
    return pid, line


def adopt(line: Lifeline) -> None:
    """Set up a forked process: bind it to its starter, install signal handlers, and keep it from closing the starter's files."""
    import gc

    gc.freeze()
    _Now.ended = False
    line.hold()
    _listen()


def wait(leader: int) -> int:
    """Wait until a process has ended, kill what it left of its group, and return its wait status. Who is asked to end asks it to end."""
    before = _Now.child
    _Now.child = leader
    try:
        if _Now.ended:
            os.kill(leader, _signal.SIGTERM)
        if hasattr(os, "waitid"):
            os.waitid(os.P_PID, leader, os.WEXITED | os.WNOWAIT)
            end_group(leader)
        return os.waitpid(leader, 0)[1]
    finally:
        _Now.child = before


def begin() -> None:
    """Set up the process of a task: install signal handlers, and make the standard streams unbuffered."""
    _listen()
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = _unbuffered(number)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _listen() -> None:
    for number in (_signal.SIGTERM, _signal.SIGINT):
        _signal.signal(number, _asked)
    _signal.signal(_signal.SIGALRM, _overdue)
    if not _Now.forks:
        _Now.forks = True
        os.register_at_fork(before=_hold_signals, after_in_parent=_release_signals, after_in_child=_forget)


def _hold_signals() -> None:
    """Block signals while the new process is set up, so that none is lost."""
    _Now.mask = _signal.pthread_sigmask(_signal.SIG_BLOCK, (_signal.SIGTERM, _signal.SIGINT, _signal.SIGALRM))


def _release_signals() -> None:
    _signal.pthread_sigmask(_signal.SIG_SETMASK, _Now.mask)


def _forget() -> None:
    """In a process that the step forks: a signal ends it, as it ends every process."""
    for number, handler in ((_signal.SIGTERM, _asked), (_signal.SIGINT, _asked), (_signal.SIGALRM, _overdue)):
        if _signal.getsignal(number) is handler:
            _signal.signal(number, _signal.default_int_handler if number == _signal.SIGINT else _signal.SIG_DFL)
    _release_signals()


def _unbuffered(number: int) -> object:
    """A text stream that keeps nothing back: what was printed before a process is killed is not lost."""
    from io import FileIO, TextIOWrapper

    raw = FileIO(number, "w", closefd=False)
    # What reads a log takes it for UTF-8, whatever the locale of the container.
    return TextIOWrapper(raw, "utf-8", "backslashreplace", newline="\n", write_through=True)


class _Now:
    """In which process the user's step runs, for which child of its own a process waits, and whether this one was asked to end."""

    process = 0
    child = 0
    forks = False
    mask: set[int] = set()
    ended = False
    late = ""


class Step:
    """The body of a step. Signals raise exceptions only inside it, and only the process that entered it continues after it."""

    def __init__(self, late: str, over: Callable[[], None] | None = None) -> None:
        self._late, self._over = late, over

    def __enter__(self) -> None:
        check()
        _Now.late = self._late
        _Now.process = os.getpid()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        began, _Now.process = _Now.process, 0
        if began != os.getpid():
            leave(_status(error))
        if self._over is not None:
            self._over()


class Limited:
    """Code of the user's beside a step or after it, such as that of a card: after `seconds` a TimeoutException with `late` is raised in it.

    It may be inside of a step, whose own timeout goes on. Code that waits in C is not interrupted before it returns.
    """

    def __init__(self, late: str, seconds: float) -> None:
        self._late, self._seconds = late, seconds

    def __enter__(self) -> None:
        from flowport.runtime.names import exceptions  # noqa: F401 - what `_overdue` raises, before it is needed

        check()
        self._process, self._outer = os.getpid(), (_Now.process, _Now.late)
        self._ends = time.monotonic() + self._seconds
        _Now.process, _Now.late = self._process, self._late
        self._is_set = _signal.getsignal(_signal.SIGALRM) is _overdue
        if self._is_set:
            _signal.setitimer(_signal.ITIMER_REAL, self._seconds)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process != os.getpid():
            leave(_status(error))
        if self._is_set:
            _signal.setitimer(_signal.ITIMER_REAL, 0)
        _Now.process, _Now.late = self._outer
        if error is not None and str(error) == self._late and time.monotonic() < self._ends:
            raise type(error)(_Now.late)  # the alarm was that of the step around


def is_asked_to_end() -> bool:
    """Whether this process was asked to end."""
    return _Now.ended


def check() -> None:
    """Raise Ended when this process was asked to end while no step ran."""
    if _Now.ended:
        raise Ended("the task was asked to end")


def _status(error: BaseException | None) -> int:
    """The exit status of a process that the step forked and that came back from the step, as Python would end it."""
    if error is None:
        return 0
    if isinstance(error, SystemExit):
        if error.code is None or isinstance(error.code, int):
            return error.code or 0
        sys.stderr.write(f"{error.code}\n")
        return 1
    sys.excepthook(type(error), error, error.__traceback__)
    return 1


def _asked(number: int, frame: FrameType | None) -> None:
    _Now.ended = True
    if _Now.child:
        os.kill(_Now.child, number)
    if _Now.process == os.getpid():
        check()


def _overdue(number: int, frame: FrameType | None) -> None:
    if _Now.process == os.getpid():
        from flowport.runtime.names.exceptions import TimeoutException  # which processes with a timeout have loaded

        raise TimeoutException(_Now.late)
