"""The command `flowport`: reads the first word and imports what that command needs, and nothing else."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run one command line and end the process: 0 done, 1 the flow or the run failed, 2 wrong use, 130 interrupted."""
    words = list(sys.argv[1:] if argv is None else argv)
    # What a compiler makes lives until its end, so looking for garbage is lost time: an eighth of compiling a small flow.
    gc.set_threshold(100_000, 50, 50)
    status = execute(words)
    if words[:1] in (["check"], ["compile"]):
        _leave(status)
    _end(status)


def flow_main(file: str, class_name: str, argv: Sequence[str]) -> NoReturn:
    """What `python flow.py COMMAND ...` does: the command for the flow `class_name` in `file`."""
    _end(execute(argv, f"{file}:{class_name}"))


def execute(words: Sequence[str], flow: str = "") -> int:
    """Run a command line; its exit status. `flow` is the first argument of its command when a flow's own file is run.

    With `--diff` a failure is 2, as 1 says that something differs (diff(1)).
    """
    from flowport.cli.console import prepare_streams

    prepare_streams()
    try:
        from flowport.cli.group import run

        status = run(words, flow)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return _without_reader()
    except OSError as error:
        return _cannot_write(error, words)


def _cannot_write(error: OSError, words: Sequence[str]) -> int:
    from flowport.runtime.text import shown

    where = "standard output" if error.filename is None else f"`{error.filename}`"
    print(shown(f"{' '.join(['flowport', *words[:1]])}: {where}: {error.strerror or error}"), file=sys.stderr)
    if error.filename is None:
        _silence(1)
    return 2 if "--diff" in words else 1


def _end(status: int) -> NoReturn:
    """End the process; threads of rattler, which `flowport lock` leaves, abort it while the interpreter is taken apart."""
    if "rattler" in sys.modules:
        _leave(status)
    sys.exit(status)


def _leave(status: int) -> NoReturn:
    """End the process without taking the interpreter apart, which takes a twentieth of compiling a small flow."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _without_reader() -> int:
    """The reader of the output has ended (`flowport logs ... | head`). The interpreter must not write to it again.

    The status is that of a command which SIGPIPE ends, because the output is not complete.
    """
    _silence(1)
    _silence(2)
    return 141


def _silence(output: int) -> None:
    """So that the interpreter, as it ends, does not try again to write what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), output)
