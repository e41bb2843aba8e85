"""Calls the exit hooks of a run that has ended on this machine, in a process of their own, as a container would."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from flowport.runtime.hooks.constants import COMMAND_WORD
from flowport.runtime.hooks.ending import Ending
from flowport.runtime.package.code_package import SOURCE
from flowport.runtime.protocol import PYTHONS, RUNTIME, SECRETS
from flowport.runtime.records.hooks import read_outcomes
from flowport.runtime.store.keys import Keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowport.runtime.local.console import Console
    from flowport.runtime.store.interface import Store


def call_hooks(console: Console, store: Store, pythons: Mapping[str, str], status: str) -> None:
    """Call the hooks for this end of the run. What they print is shown as it comes, and of a quiet run only what failed."""
    spec = console.spec
    ending = Ending(flow=spec.flow, run=spec.run, store=spec.store, code=spec.code, status=status, target="local", again=spec.again)
    environment = {
        **os.environ,
        **ending.variables(),
        **({SECRETS: spec.secrets} if spec.secrets else {}),
        **({PYTHONS: json.dumps(dict(pythons))} if pythons else {}),
        SOURCE: spec.source,
        "PYTHONSAFEPATH": "1",
    }
    shown = subprocess.DEVNULL if console.quiet else None
    command = [sys.executable, *RUNTIME, COMMAND_WORD]
    subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=shown, stderr=shown, check=False)
    for outcome in read_outcomes(store, Keys(spec.flow, spec.run)) if console.quiet else ():
        if outcome.error:
            console.error(f"{outcome.name} failed: {outcome.error}")
