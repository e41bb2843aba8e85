"""`flowport logs -f`: what the tasks of a run print, as they print it."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from flowport.cli.console import colored, warn
from flowport.runtime.live.follow import Follower
from flowport.runtime.local.console import COLORS
from flowport.workspace.errors import UnknownFlow, UnknownRun
from flowport.workspace.runs import find_run, find_step, slice_of, status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowport.runtime.live.follow import Line
    from flowport.runtime.run.reader import Run
    from flowport.runtime.store.interface import Store
    from flowport.workspace.address import Address

PAUSE, PAUSE_OF_BUCKET = 0.5, 3.0
"""Seconds between two looks into a folder and into a bucket, at least; where a look takes long, they are four times as long."""

WAIT = 60.0
"""Seconds that a run may take to begin."""

STATUS = 10.0
"""Seconds between two looks at the status of the run, which takes more requests."""

DONE, FAILED = 0, 1
"""The exit statuses: the run is done; it failed, was stopped or is lost."""


def follow(store: Store, address: Address) -> int:
    """Print the output of the tasks of an address until the run ends; the exit status."""
    run = begun(store, address)
    step = find_step(run, address.step) if address.step else ""
    slice = slice_of(run, step, address.item, warn) if address.item else ""
    follower, printer = Follower(run, step, slice), _Printer()
    usual = PAUSE_OF_BUCKET if "://" in store.url else PAUSE
    looked_at, is_over, quiet, code = 0.0, False, 0, FAILED
    while True:
        began = time.monotonic()
        if not is_over and (began - looked_at >= STATUS or store.exists(run.keys.ended())):
            looked_at = began
            found = status(store, run.doc, warn)
            is_over, code = found is not None and found.is_over, DONE if found is not None and found.status == "done" else FAILED
        # The last tasks store their logs after their results: the end is where two looks after it find nothing new.
        quiet = 0 if printer.show(follower.look()) or not is_over or follower.is_running else quiet + 1
        if quiet == 2:
            printer.show(follower.rest())
            return code
        time.sleep(max(usual, 4 * (time.monotonic() - began)))


def begun(store: Store, address: Address) -> Run:
    """The run, when its first task has begun; raises UnknownFlow or UnknownRun if that takes too long."""
    until, has_said = time.monotonic() + WAIT, False
    while True:
        try:
            return find_run(store, address, warn)
        except (UnknownFlow, UnknownRun):
            if time.monotonic() > until:
                raise
        if not has_said:
            has_said = True
            warn(f"waiting for {'/'.join(part for part in address[:2] if part)} to begin")
        time.sleep(1)


class _Printer:
    """Writes lines with the names of their tasks in front, each step in a colour of its own."""

    def __init__(self) -> None:
        self._colored = colored(sys.stdout)
        self._colors: dict[str, int] = {}

    def show(self, lines: Iterable[Line]) -> bool:
        """Print lines; whether there were any."""
        found = False
        for line in lines:
            found = True
            name = line.task if line.attempt == 1 else f"{line.task}, attempt {line.attempt}"
            prefix = f"{name} |"
            if self._colored:
                color = self._colors.setdefault(line.step, COLORS[len(self._colors) % len(COLORS)])
                prefix = f"\x1b[{color}m{prefix}\x1b[0m"
            sys.stdout.write(f"{prefix} {line.text}\n")
        sys.stdout.flush()
        return found
