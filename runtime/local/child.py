"""How the server starts one task: by a fork of itself, or by the command that a container would run.

Both ways the task is bound to the server by a lifeline, reads nothing, and writes what it prints to its log.
"""

from __future__ import annotations

import os
import signal
import sys

from flowport.runtime import process
from flowport.runtime.contract import ENDED, FAILED
from flowport.runtime.leave import leave
from flowport.runtime.lifeline import Lifeline, outcome
from flowport.runtime.program import SOURCE

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import NoReturn

    from flowport.runtime.local.terms import Terms
    from flowport.runtime.program import Program

NOTHING = 79
"""What stands for the exit code of a task that ended with 0 without saying that it is done."""


class Task:
    """A task's process, as the server sees it."""

    def __init__(self, pid: int, line: Lifeline) -> None:
        self.pid, self._line = pid, line

    def code(self, status: int) -> int:
        """The exit code from its wait status: minus the signal when one ended it."""
        return outcome(status, self._line.result(), NOTHING)


def fork(terms: Terms, program: Program, step: str, slice: str, attempt: int, link: socket.socket) -> Task:
    """Start a task in a fork of this process."""
    line = Lifeline.new()
    pid = os.fork()
    if pid == 0:
        link.close()
        _child(terms, program, step, slice, attempt, line)
    line.started()
    return Task(pid, line)


def _child(terms: Terms, program: Program, step: str, slice: str, attempt: int, line: Lifeline) -> NoReturn:
    from flowport.runtime.task import perform

    code = FAILED
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        process.adopt(line)
        log = terms.open_log(step, slice, attempt)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        process.begin()
        _shuffle()
        code = perform(terms.invocation(step, slice), program)
        line.say(code)
    except process.Ended:
        code = ENDED
    except BaseException:
        sys.excepthook(*sys.exc_info())
    leave(code)


def _shuffle() -> None:
    """Give NumPy's global generator a state of its own, as `random` does itself; a seed that the flow set while it was imported stays."""
    random = sys.modules.get("numpy.random")
    if random is not None and random.mtrand._rand._bit_generator.seed_seq is not None:
        random.seed()


def command(terms: Terms, step: str, slice: str, attempt: int, variables: dict[str, str]) -> Task:
    """Start a task as a container would, in an environment that has the variables of its step from the beginning."""
    line = Lifeline.new()
    log = terms.open_log(step, slice, attempt)
    # The folder that the user works in is no place for the modules of a task: the code package is. Its log is kept here.
    environment = {**os.environ, **variables, "PYTHONSAFEPATH": "1", "FLOWPORT_LIFELINE": line.handed_on(), SOURCE: terms.source}
    argv = [sys.executable, "-m", "flowport.runtime", *terms.invocation(step, slice).argv()]
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
    return Task(pid, line)
