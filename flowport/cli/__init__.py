"""The command `flowport`: reads the first word and imports what that command needs, and nothing else."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from flowport.cli.options import Command

COMMANDS = {
    "check": "say everything that is wrong with a flow",
    "compile": "write the files of an engine",
    "run": "run a flow on this machine",
    "resume": "go on from what an earlier run finished",
    "dry-run": "run the compiled files on this machine, on an emulator of their engine",
    "deploy": "put the compiled files where the scheduler finds them",
    "show": "draw a flow's graph: as text, SVG or HTML",
    "runs": "list what ran",
    "status": "show how far a run is",
    "logs": "print what tasks printed",
    "artifacts": "print what tasks stored",
    "explain": "say more about a diagnostic",
    "init": "write a first flow to start from",
    "config": "print the JSON Schema of flowport.toml",
}
"""The commands, each in the module of its name, and what they do."""

MODULES = {"config": "config_command"}
"""Those that are in another module."""

OF_A_FLOW = ("check", "compile", "run", "resume", "dry-run", "deploy", "show")
"""The commands that a flow's own file takes: `python flow.py run`."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run one command line and end the process: 0 done, 1 the flow or the run failed, 2 wrong use, 130 interrupted."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] not in COMMANDS:
        sys.exit(_other(words))
    # What a compiler makes lives until its end, so looking for garbage is lost time: an eighth of compiling a small flow.
    gc.set_threshold(100_000, 50, 50)
    status = execute(words[0], words[1:])
    if words[0] in ("check", "compile"):
        _leave(status)
    sys.exit(status)


def flow_main(file: str, class_name: str, argv: Sequence[str]) -> NoReturn:
    """What `python flow.py COMMAND ...` does: the command for the flow `class_name` in `file`."""
    words = list(argv)
    if words and words[0] in OF_A_FLOW:
        sys.exit(execute(words[0], words[1:], f"{file}:{class_name}"))
    from flowport.cli.front import front

    sys.exit(front(words, {name: COMMANDS[name] for name in OF_A_FLOW}, f"python {file}"))


def execute(name: str, words: Sequence[str], flow: str = "") -> int:
    """Run the command `name`; its exit status. `flow` is its first argument when a flow's own file is run.

    With `--diff` a failure is 2, as 1 says that something differs (diff(1)).
    """
    from flowport.cli.console import prepare
    from flowport.cli.options import WrongUse, page, read
    from flowport.compiler.diagnostics.diagnostic import CompileError
    from flowport.compiler.target import DeployError
    from flowport.runtime.store.errors import Corrupt, Missing, StoreError
    from flowport.runtime.text import shown

    failed = 2 if "--diff" in words else 1
    prepare()
    try:
        command = load(name)
        values = read(command, [flow, *words] if flow else words)
        if values["help"] and not (command.parameters and values.get("flow")):
            print(page(command))
            return 0
        status = command.run(values)
        sys.stdout.flush()
        return status
    except WrongUse as error:
        lines = [
            *(f"flowport {name}: {line}" for line in str(error).split("\n")),
            *(f"  {line}".rstrip() for line in error.hint.split("\n")),
        ]
        print(shown("\n".join(lines).rstrip(), lines=True), file=sys.stderr)
        return 2
    except CompileError as refused:
        from flowport.cli.flow_file import say

        say(refused.diagnostics)
        return failed
    except (StoreError, Missing, Corrupt, DeployError) as error:
        print(shown(f"flowport {name}: {error}", lines=True), file=sys.stderr)
        return failed
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return _without_reader()
    except OSError as error:
        where = "standard output" if error.filename is None else f"`{error.filename}`"
        print(shown(f"flowport {name}: {where}: {error.strerror or error}"), file=sys.stderr)
        if error.filename is None:
            _silence(1)
        return failed


def load(name: str) -> Command:
    """The command `name`."""
    from importlib import import_module

    command: Command = import_module(f"flowport.cli.{MODULES.get(name, name.replace('-', '_'))}").COMMAND
    return command


def _other(words: Sequence[str]) -> int:
    from flowport.cli.front import front

    return front(words, COMMANDS, "flowport")


def _leave(status: int) -> NoReturn:
    """End the process without taking the interpreter apart, which takes a twentieth of compiling a small flow."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _without_reader() -> int:
    """Whoever read the output is gone (`flowport logs ... | head`): nothing is left to say, and the interpreter must not try.

    The status is that of a command which SIGPIPE ends, as not all is done that was asked for.
    """
    _silence(1)
    _silence(2)
    return 141


def _silence(output: int) -> None:
    """So that the interpreter, as it ends, does not try again to write what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), output)
