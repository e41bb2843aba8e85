"""The command in a task's container: `python -m flowport.runtime task ...`, or `block` for the fused rest of a loop.

What is not among its arguments stands in the environment: `FLOWPORT_STEP` for `--step`.
"""

from __future__ import annotations

import os
import sys

from flowport.runtime.contract import STOP, Invocation, Mismatch
from flowport.runtime.log import Handed, Log
from flowport.runtime.program import Program
from flowport.runtime.store import open_store
from flowport.runtime.task import guarded, perform, supervised

LOGGED = "FLOWPORT_LOGGED"
"""Set while another process already keeps the log of this task: `1`, or what `Log.handed_on` said."""


def main(argv: list[str]) -> int:
    """Run one invocation; returns its exit code."""
    try:
        invocation = Invocation.parse(argv, os.environ)
    except Mismatch as error:
        sys.stderr.write(f"flowport: {error}\n")
        return STOP
    logged = os.environ.get(LOGGED)
    if logged == "1":
        return guarded(lambda: _run(invocation, None))
    log = Handed(invocation, os.environ.pop(LOGGED)) if logged else Log(invocation)
    with log:
        return guarded(lambda: _run(invocation, log))


def _run(invocation: Invocation, log: Log | None) -> int:
    program = Program.cached(invocation.code)
    if program is None:
        store = open_store(invocation.store)
        program = Program.fetched(store, invocation.code)
        if "://" in invocation.store and (invocation.block or supervised(program.step(invocation.step))):
            # A process that has used a remote store must not fork: begin again, now that the code is here.
            if log is not None:
                os.environ[LOGGED] = log.handed_on()
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    if invocation.block:
        from flowport.runtime.block import rest

        return rest(invocation, program)
    return perform(invocation, program)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
