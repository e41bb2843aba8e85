"""How the server starts one task: by a fork of itself, or by the command that a container would run.

Both ways the task leads a process group of its own, reads nothing, and writes what it prints to its log.
"""

from __future__ import annotations

import os
import signal
import sys

from flowport.runtime.contract import DONE, FAILED

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import NoReturn

    from flowport.runtime.local.terms import Terms
    from flowport.runtime.program import Program

COMMITTED = 79
"""What a forked child that is done exits with, and nothing else does: a step that ends its process itself has committed nothing."""


def fork(terms: Terms, program: Program, step: str, slice: str, attempt: int, link: socket.socket) -> int:
    """Start a task in a fork of this process; its process id."""
    process = os.fork()
    if process == 0:
        link.close()
        _child(terms, program, step, slice, attempt)
    return process


def _child(terms: Terms, program: Program, step: str, slice: str, attempt: int) -> NoReturn:
    from flowport.runtime.task import perform

    code = FAILED
    try:
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = terms.open_log(step, slice, attempt)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        _shuffle()
        code = perform(terms.invocation(step, slice), program)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        _leave(COMMITTED if code == DONE else code)


def _shuffle() -> None:
    """Give NumPy's global generator a state of its own, as `random` does itself; a seed that the flow set while it was imported stays."""
    random = sys.modules.get("numpy.random")
    if random is not None and random.mtrand._rand._bit_generator.seed_seq is not None:
        random.seed()


def _leave(code: int) -> NoReturn:
    """Without the exit handlers: they belong to the server."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def command(terms: Terms, step: str, slice: str, attempt: int) -> int:
    """Start a task as a container would; its process id."""
    log = terms.open_log(step, slice, attempt)
    # The folder that the user works in is no place for the modules of a task: the code package is. Its log is kept here.
    environment = {**os.environ, "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1", "FLOWPORT_LOGGED": "1"}
    argv = [sys.executable, "-m", "flowport.runtime", *terms.invocation(step, slice).argv()]
    try:
        return os.posix_spawn(
            sys.executable,
            argv,
            environment,
            setpgroup=0,
            setsigdef=[signal.SIGPIPE],
            file_actions=[(os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)],
        )
    finally:
        os.close(log)
