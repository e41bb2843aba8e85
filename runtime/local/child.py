"""Starts one task for the server: by forking, or with the command that a container would run.

Both ways, a lifeline binds the task to the server. The task reads nothing from standard input, and writes its output to its log.
"""

from __future__ import annotations

import os
import signal
import sys

from flowport.runtime.package.code_package import SOURCE
from flowport.runtime.process import lifecycle
from flowport.runtime.process.leave import leave
from flowport.runtime.process.lifeline import LIFELINE, Lifeline, crash_note, outcome
from flowport.runtime.protocol import ENDED, FAILED, RUNTIME, SECRETS

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import NoReturn

    from flowport.runtime.local.run_spec import RunSpec
    from flowport.runtime.package.code_package import CodePackage

NOTHING = 79
"""What stands for the exit code of a task that ended with 0 without saying that it is done."""


class TaskProcess:
    """A task's process, as the server sees it."""

    def __init__(self, pid: int, line: Lifeline, log: str) -> None:
        self.pid, self._line, self._log = pid, line, log

    def news(self) -> tuple[int, int] | None:
        """The items that are done and all of them, if that has changed since this was asked last."""
        before = self._line.items
        self._line.hear()
        return self._line.items if self._line.items != before else None

    def code(self, status: int) -> int:
        """The exit code from its wait status: minus the signal when one ended it. The log says what the task itself could not."""
        code = outcome(status, self._line.result(), NOTHING)
        if crash_note(code, b""):
            with open(self._log, "ab+") as file:
                file.seek(-min(1, file.tell()), os.SEEK_END)
                file.write(crash_note(code, file.read() or b"\n"))
        return code


def fork(spec: RunSpec, program: CodePackage, step: str, slice: str, attempt: int, channel: socket.socket) -> TaskProcess:
    """Start a task in a fork of this process."""
    line = Lifeline.new()
    pid = os.fork()
    if pid == 0:
        channel.close()
        _child(spec, program, step, slice, attempt, line)
    line.started()
    return TaskProcess(pid, line, spec.log(step, slice, attempt))


def _child(spec: RunSpec, program: CodePackage, step: str, slice: str, attempt: int, line: Lifeline) -> NoReturn:
    from flowport.runtime.task.entry import perform

    code = FAILED
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        lifecycle.adopt(line)
        Lifeline.of_task = line
        log = spec.open_log(step, slice, attempt)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        lifecycle.begin()
        reseed()
        code = perform(spec.invocation(step, slice), program)
        line.say(code)
    except lifecycle.Ended:
        code = ENDED
    except BaseException:
        sys.excepthook(*sys.exc_info())
    leave(code)


def reseed() -> None:
    """Give NumPy's global generator a state of its own, as `random` does itself; a seed that the flow set while it was imported stays."""
    random = sys.modules.get("numpy.random")
    if random is not None and random.mtrand._rand._bit_generator.seed_seq is not None:
        random.seed()


def command(spec: RunSpec, step: str, slice: str, attempt: int, variables: dict[str, str]) -> TaskProcess:
    """Start a task as a container would, in an environment that has the variables of its step from the beginning."""
    line = Lifeline.new()
    log = spec.open_log(step, slice, attempt)
    # Its log is kept here.
    secrets = {SECRETS: spec.secrets} if spec.secrets else {}
    environment = {**os.environ, **variables, **secrets, "PYTHONSAFEPATH": "1", LIFELINE: line.handed_on(), SOURCE: spec.source}
    argv = [sys.executable, *RUNTIME, *spec.invocation(step, slice).argv()]
    try:
        pid = os.posix_spawn(
            sys.executable,
            argv,
            environment,
            setpgroup=0,
            setsigdef=[signal.SIGPIPE],
            file_actions=[(os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)],
        )
    finally:
        os.close(log)
    line.started()
    return TaskProcess(pid, line, spec.log(step, slice, attempt))
