"""`python -m flowport.runtime hooks`: calls the exit hooks of a run that has ended, and tells its receivers.

All of them are tried. What became of them is printed, and stands in the store for `flowport status`. The exit code is 1 if one of them
failed, which changes nothing about the run.
"""

from __future__ import annotations

import os
import sys
from traceback import print_tb

from flowport.runtime.environments.errors import EnvironmentProblem
from flowport.runtime.hooks import functions
from flowport.runtime.hooks.constants import COMMAND_WORD
from flowport.runtime.hooks.ending import Ending
from flowport.runtime.hooks.message import message
from flowport.runtime.hooks.receivers import NotSent, send
from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.process.exit_code import guarded
from flowport.runtime.protocol import DONE, ENVIRONMENT, FAILED, RUNTIME, finds_environment
from flowport.runtime.records.hooks import HookOutcome, write_outcomes
from flowport.runtime.run.gate import did_not_begin
from flowport.runtime.store.documents import load
from flowport.runtime.store.errors import StoreError
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store
from flowport.runtime.text import shown, take_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowport.runtime.records.life import End
    from flowport.runtime.store.interface import Store


def main(argv: list[str]) -> int:
    """Do what the arguments and the environment say; the exit code."""
    take_all()
    return guarded(lambda: _run(Ending.parse(argv, os.environ)))


def _run(ending: Ending) -> int:
    store, keys = open_store(ending.store), Keys(ending.flow, ending.run)
    if not ending.function and not _began(ending, store, keys):
        return DONE
    program = CodePackage.fetched(store, ending.code)
    try:
        _enter(ending, program)
        obstacle = ""
    except EnvironmentProblem as error:  # then no step ran either, which is what receivers are to hear of
        if ending.function:
            raise
        obstacle = str(error)
    if ending.function:
        return functions.perform(ending, program)
    end, outcomes = ending.end(store, keys), []
    for outcome in (*_hooks(ending, program, end, obstacle), *_receivers(ending, end, store, keys)):
        how = f" failed: {outcome.error}" if outcome.error else ": done"
        print(f"flowport: {outcome.name}{shown(how)}", file=sys.stderr, flush=True)
        outcomes.append(outcome)
    if outcomes:
        try:
            write_outcomes(store, keys, outcomes)
        except StoreError as error:
            print(f"flowport: what became of the exit hooks is not kept: {error}", file=sys.stderr)
    return FAILED if any(outcome.error for outcome in outcomes) else DONE


def _began(ending: Ending, store: Store, keys: Keys) -> bool:
    """Whether there is a run that has ended; asked first, as it takes a while to make an environment."""
    if did_not_begin(store, keys):
        return False
    if ending.end(store, keys) == "done" and not store.exists(keys.run()):
        print("flowport: the engine began no run, so there is nothing to do at its end", file=sys.stderr)
        return False
    return True


def _enter(ending: Ending, program: CodePackage) -> None:
    """Begin again in the environment of the first step, which hooks run in, unless this process is in it or needs none."""
    plan = program.step(program.flow["start"])
    if not finds_environment(os.environ) or "locked" not in plan or os.environ.get(ENVIRONMENT) == plan["locked"]:
        return
    from flowport.runtime.environments.enter import inside, python_of

    python = python_of(program, plan)
    if python is not None:
        os.execve(python, [python, *RUNTIME, COMMAND_WORD], inside(python, plan["locked"], {**os.environ, **ending.variables()}))


def _hooks(ending: Ending, program: CodePackage, end: End, obstacle: str) -> Iterator[HookOutcome]:
    """Call the exit hooks of the flow, unless there is an obstacle: no environment for them."""
    for function in program.flow.get("hooks", {}).get("success" if end == "done" else "error", []):
        yield HookOutcome(f"exit hook `{function.removeprefix(':')}`", obstacle or functions.call(ending, function))


def _receivers(ending: Ending, end: End, store: Store, keys: Keys) -> Iterator[HookOutcome]:
    """Tell the receivers that ask for this end."""
    asked = [each for each in load(ending.receivers or "[]") if each["on"] == ("success" if end == "done" else "failure")]
    told = message(ending, end, store, keys) if asked else {}
    for receiver in asked:
        problem = ""
        try:
            send(receiver, told)
        except NotSent as error:
            problem = str(error)
        except Exception as error:  # the others are told all the same; its text may have the address in it, and its traceback has not
            print_tb(error.__traceback__)
            problem = f"flowport fails on it: {type(error).__name__}"
        yield HookOutcome(f"the message to `{receiver['name']}`", problem)
