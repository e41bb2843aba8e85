"""The command of a task in its container: `python -m flowport.runtime task ...`, or `block` for the fused rest of a loop.

`hooks` calls the exit hooks of a run that has ended (`hooks/command.py`).

Options may also be environment variables: `FLOWPORT_STEP` for `--step`.
"""

from __future__ import annotations

import os
import sys

from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.process import lifecycle
from flowport.runtime.process.exit_code import guarded
from flowport.runtime.process.lifeline import LIFELINE, Lifeline
from flowport.runtime.process.log import keep
from flowport.runtime.protocol import GATE, STOP, Invocation, VersionError, finds_environment
from flowport.runtime.store.open import open_store
from flowport.runtime.task.entry import name_store, perform, supervised

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn


def main(argv: list[str]) -> int:
    """Run one invocation; returns the exit code, in the container's first process and in the task's, which is its child."""
    if argv[:1] == ["hooks"]:
        from flowport.runtime.hooks.command import main as hooks

        return hooks(argv[1:])
    try:
        invocation = Invocation.parse(argv, os.environ)
    except VersionError as error:
        sys.stderr.write(f"flowport: {error}\n")
        return STOP
    inherited = os.environ.pop(LIFELINE, None)
    line = Lifeline.inherited(inherited) if inherited else Lifeline.new()
    if not inherited:
        code = keep(invocation, line)
        if code is not None:
            os._exit(code)  # the keeper has no exit hooks, and what it prints it has written
    line.hold()
    Lifeline.of_task = line
    lifecycle.begin()
    code = guarded(lambda: _run(invocation, line))
    line.say(code)
    return code


def _run(invocation: Invocation, line: Lifeline) -> int:
    program = CodePackage.cached(invocation.code)
    if program is None:
        store = open_store(invocation.store)
        program = CodePackage.fetched(store, invocation.code)
        if "://" in invocation.store and _forks(invocation, program):
            # A process that has used a remote store must not fork: begin again, now that the code is here.
            _begin_again(sys.executable, os.environ, line)
    name_store(invocation.store)
    if invocation.step == GATE:
        from flowport.runtime.run.gate import run_gate

        return run_gate(open_store(invocation.store), invocation, program)
    if finds_environment(os.environ) and not invocation.block:
        _enter(program, invocation, line)
    if invocation.block:
        from flowport.runtime.task.fused_loop import run

        return run(invocation, program)
    return perform(invocation, program)


def _forks(invocation: Invocation, program: CodePackage) -> bool:
    return invocation.block or (invocation.step != GATE and supervised(program.step(invocation.step)))


def _enter(program: CodePackage, invocation: Invocation, line: Lifeline) -> None:
    """Begin again in the environment of the step, unless this process is in it or needs none."""
    plan = program.step(invocation.step)
    if "locked" in plan:
        from flowport.runtime.environments.enter import inside, python_of

        python = python_of(program, plan)
        if python is not None:
            _begin_again(python, inside(python, plan["locked"], os.environ), line)


def _begin_again(python: str, variables: Mapping[str, str], line: Lifeline) -> NoReturn:
    """Replace this process by one with the same command, which is the task in its place."""
    os.execve(python, [python, *sys.orig_argv[1:]], {**variables, LIFELINE: line.handed_on()})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
