"""Calls exit hooks: functions of the flow, each in a process of its own, which has a limited time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress

from flowport.runtime.hooks.constants import COMMAND_WORD, HOOK_SECONDS
from flowport.runtime.names.current import current
from flowport.runtime.protocol import DONE, FAILED, RUNTIME, variable
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store
from flowport.runtime.task.entry import name_store, surround
from flowport.runtime.task.execute import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

    from flowport.runtime.hooks.ending import Ending
    from flowport.runtime.package.code_package import CodePackage

SHOWN = 1000
"""Characters of an error that are kept."""

ANSWER = "FLOWPORT_HOOK_ANSWER"
"""The variable with the file descriptor to which the process of a hook writes what it raised."""


def call(ending: Ending, function: str, seconds: float = HOOK_SECONDS) -> str:
    """Run the command once more, for one function; what went wrong, "" if nothing did."""
    source, sink = os.pipe()
    os.set_blocking(source, False)  # what a hook leaves behind may hold the other end open
    process = subprocess.Popen(
        [sys.executable, *RUNTIME, COMMAND_WORD],
        env={**os.environ, **ending.variables(), variable("function"): function, ANSWER: str(sink)},
        stdin=subprocess.DEVNULL,
        pass_fds=(sink,),
        start_new_session=True,
    )
    os.close(sink)
    try:
        code = process.wait(seconds)
        return "" if code == DONE else _said(source) or f"its process ended with exit code {code}"
    except subprocess.TimeoutExpired:
        return f"it was killed, as it took longer than {seconds:g} seconds"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(source)


def _said(source: int) -> str:
    """What the process of a hook has written, as far as that is known."""
    try:
        return os.read(source, 65536).decode(errors="replace")
    except BlockingIOError:
        return ""


def perform(ending: Ending, program: CodePackage) -> int:
    """The process of one exit hook; its exit code."""
    name_store(ending.store)
    surround(program.step(program.flow["start"]))
    program.settle()
    current._update_env({"flow_name": ending.flow, "run_id": ending.run, "_store": open_store(ending.store)})
    try:
        _called(_function(program, ending.function), Keys(ending.flow, ending.run))
    except (Exception, SystemExit) as error:
        if isinstance(error, SystemExit) and error.code in (None, 0):
            return DONE
        found = failure(error.with_traceback(_outside(error.__traceback__)))
        message = found["message"].strip().split("\n")[0]
        _answer(f"{found['type']}: {message}" if message else found["type"])
        sys.stderr.write(found["traceback"])
        return FAILED
    return DONE


def _function(program: CodePackage, name: str) -> Callable[..., Any]:
    """A function by its module and name, `alerts:tell`, or `:tell` in the flow's own file."""
    from importlib import import_module

    program.flow_class()
    module, _, function = name.rpartition(":")
    found: Callable[..., Any] = getattr(import_module(module or program.module), function)
    return found


def _called(function: Callable[..., Any], keys: Keys) -> None:
    """Call it, with the run if it takes an argument `run`, as Metaflow does."""
    from inspect import Parameter, signature

    from flowport.runtime.names.exports import load

    taken = signature(function).parameters
    if "run" in taken or any(one.kind is Parameter.VAR_KEYWORD for one in taken.values()):
        function(run=load("Run")(f"{keys.flow}/{keys.id}", _namespace_check=False))
    else:
        function()


def _outside(place: TracebackType | None) -> TracebackType | None:
    """A traceback from the hook on."""
    inner = place
    while inner is not None and inner.tb_frame.f_code.co_filename == __file__:
        inner = inner.tb_next
    return inner or place


def _answer(text: str) -> None:
    os.write(int(os.environ[ANSWER]), text[:SHOWN].encode(errors="backslashreplace"))
