"""The process of a task: how it is bound to the process that started it, how it is asked to end, and how it leaves.

    keeper, server, supervisor     starts a task's process, holds one end of a `Lifeline`, waits, and kills what is left of the group
    the task's process             leads a process group, and hands its result over before it leaves as every Python program does

A task's process is asked to end by an exception that is raised inside the step, so that `finally:` runs: `Ended` after SIGTERM, a
`TimeoutError` after SIGALRM. What does not end then is killed with its group by whoever started it.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # not `signal`, which loads `enum`
import fcntl
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType
    from typing import NoReturn

SET_SIGNAL = 10
"""`F_SETSIG` of Linux, which the module `fcntl` does not name: the signal that an asynchronous file descriptor sends."""


class Ended(KeyboardInterrupt):
    """The task was asked to end. Libraries that let a KeyboardInterrupt through let this through too."""


class Lifeline:
    """Two pipes between a task's process and the one that started it.

    The first has its writing end with the starter alone: when the starter dies, however it does, Linux kills the group of the task.
    Through the second the task says how it ended, since what it does when it leaves can change its exit status.
    """

    open: list[Lifeline] = []
    """Those of the tasks that this process has started and not yet asked for a result."""

    def __init__(self, held: int, watch: int, results: int, said: int) -> None:
        self._held, self._watch, self._results, self._said = held, watch, results, said

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
        """In the starter, when the task's process is gone: what it said, None when it said nothing."""
        os.set_blocking(self._results, False)
        try:
            word = os.read(self._results, 16)
        except BlockingIOError:  # a process that the task has started still holds the other end
            word = b""
        self._forget()
        return int(word) if word else None

    def _forget(self) -> None:
        """Close the starter's ends."""
        self.open.remove(self)
        os.close(self._results)
        os.close(self._held)

    def hold(self) -> None:
        """In the task's process: lead a group, and die with the starter. A fork has the starter's ends of all tasks: they are closed."""
        for line in list(self.open):
            line._forget()
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
        try:
            os.write(self._said, b"%d" % code)
        except OSError:  # nobody waits for it any more, or the step closed what it did not open
            return


def outcome(status: int, said: int | None, lost: int) -> int:
    """The exit code of a task from its wait status and what it said; `lost` where it ended with 0 and had said nothing."""
    if said is not None:
        return said
    return os.waitstatus_to_exitcode(status) or lost


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
    """What a forked process does first: be bound to its starter, hear when it is asked to end, and leave the starter's files alone."""
    import gc

    gc.freeze()
    _Now.ended = False
    line.hold()
    _listen()


def end_group(leader: int) -> None:
    """Kill what is left of a group. Its leader must not have been waited for, so that the number is still its own."""
    try:
        os.killpg(leader, _signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS answers so where only the leader is left, and it has ended
        return


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
    """What the process of a task does first: hear when it is asked to end, and print without a delay."""
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
    """Until it is clear what a signal means in the new process; one that came meanwhile would be lost."""
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
    """While the body of a step runs: only then a signal raises something, and only the process that began it goes on afterwards."""

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
        raise TimeoutError(_Now.late)


def leave(code: int) -> NoReturn:
    """End a forked process as the interpreter ends: threads, exit hooks, files. What it has imported is not torn down, which takes long."""
    import atexit

    try:
        threading = sys.modules.get("threading")
        if threading is not None:
            threading._shutdown()  # what `Py_FinalizeEx` calls first
        atexit._run_exitfuncs()
        _flush()
    except BaseException:  # as the interpreter does: it is printed, and the process ends
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


def _flush() -> None:
    """Close what the step left open, outermost first: text, then compressed and other files of libraries, then plain ones."""
    import gc
    from io import BufferedRandom, BufferedWriter, IOBase, TextIOWrapper

    plain = (TextIOWrapper, BufferedWriter, BufferedRandom)
    files = [each for each in gc.get_objects() if isinstance(each, IOBase)]
    for kind in plain[:1], (IOBase,), plain[1:]:
        for file in files:
            try:
                if file.closed:
                    continue
                if isinstance(file, plain):
                    if isinstance(file, kind):
                        file.flush()
                elif kind == (IOBase,):
                    file.close()
            except Exception as error:  # a file of the user's: its own failure, as it would be when the interpreter ends
                sys.stderr.write(f"{type(error).__name__}: {error}\n")
