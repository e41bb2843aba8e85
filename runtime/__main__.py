"""The command in a task's container: `python -m flowport.runtime task ...`, or `block` for the fused rest of a loop."""

from __future__ import annotations

import os
import sys

from flowport.runtime.contract import STOP, Invocation, Mismatch
from flowport.runtime.log import Log
from flowport.runtime.program import Program
from flowport.runtime.store import open_store
from flowport.runtime.task import guarded, perform, supervised

LOGGED = "FLOWPORT_LOGGED"
"""Set while another process already keeps the log of this task."""


def main(argv: list[str]) -> int:
    """Run one invocation; returns its exit code."""
    try:
        invocation = Invocation.parse(argv)
    except Mismatch as error:
        sys.stderr.write(f"flowport: {error}\n")
        return STOP
    if LOGGED in os.environ:
        return guarded(lambda: _run(invocation, argv))
    with Log(invocation):
        return guarded(lambda: _run(invocation, argv))


def _run(invocation: Invocation, argv: list[str]) -> int:
    program = Program.cached(invocation.code)
    if program is None:
        store = open_store(invocation.store)
        program = Program.fetched(store, invocation.code)
        if "://" in invocation.store and (invocation.block or supervised(program.step(invocation.step))):
            # A process that has used a remote store must not fork: begin again, now that the code is here.
            os.environ[LOGGED] = "1"
            os.execv(sys.executable, [sys.executable, "-m", "flowport.runtime", *argv])
    if invocation.block:
        from flowport.runtime.block import rest

        return rest(invocation, program)
    return perform(invocation, program)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
