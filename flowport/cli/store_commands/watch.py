"""`flowport status --watch`: how far a run is, again and again, until it is over.

train     [=======             ] 37 of 100, 4 running, 1 failed  about 2 min left
3 of 6 steps, 4 tasks running, last sign 2 s ago  1:12
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from flowport.cli.console import warn
from flowport.cli.store_commands.follow import PAUSE_OF_BUCKET, begun
from flowport.runtime.live.bars import StepCounts, progress_lines
from flowport.runtime.live.terminal import BottomLines
from flowport.runtime.records.attempts import failures
from flowport.workspace.progress import expected_items, step_progress
from flowport.workspace.runs import status
from flowport.workspace.times import age

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowport.runtime.run.reader import Run
    from flowport.runtime.store.interface import Store
    from flowport.workspace.address import Address
    from flowport.workspace.progress import StepProgress

PAUSE = 1.0
"""Seconds between two looks into a folder; where a look takes long, they are four times as long."""


def watch(store: Store, address: Address) -> None:
    """Show how far a run is until it is over: on a terminal in place, elsewhere a line for each change."""
    bottom = BottomLines() if sys.stderr.isatty() else None
    said: dict[str, str] = {}
    try:
        while True:
            began = time.monotonic()
            run = begun(store, address)
            address = address._replace(run=run.doc["run"])  # a newer one may begin
            found = status(store, run.doc, warn)
            if found is None or found.is_over:
                return
            steps = step_progress(run, failures(run.store, run.keys, lambda key: None), True)
            if bottom is not None:
                bottom.show(_lines(run, steps, found.seen, bottom.columns - 1))
            else:
                _say(steps, said)
            time.sleep(max(PAUSE_OF_BUCKET if "://" in store.url else PAUSE, 4 * (time.monotonic() - began)))
    finally:
        if bottom is not None:
            bottom.close()


def _lines(run: Run, steps: list[StepProgress], seen: float | None, width: int) -> list[str]:
    """A bar for each step of a foreach that is going on, and a line about the whole run."""
    now = time.time()
    bars = [
        (step.step, _counts(step, total), step.running, 0.0)
        for step in steps
        if step.status == "running" and (total := expected_items(run, step.step)) > 1
    ]
    done = sum(step.status == "done" for step in steps)
    lost = sum(step.lost for step in steps)
    tasks = f"{sum(step.running for step in steps)} tasks running" + (f", {lost} lost" if lost else "")
    sign = f", last sign {age(seen)} ago" if seen else ""
    seconds = int(now - run.doc["started"])
    return progress_lines(bars, f"{done} of {len(steps)} steps, {tasks}{sign}  {seconds // 60}:{seconds % 60:02}", now, width)


def _counts(step: StepProgress, total: int) -> StepCounts:
    counts = StepCounts()
    counts.total, counts.done, counts.failed, counts.began = total, step.items, step.failed, step.started
    return counts


def _say(steps: Iterable[StepProgress], said: dict[str, str]) -> None:
    """Print a line for each step of which something has changed."""
    for step in steps:
        failed = f", {step.failed} failed" if step.failed else ""
        line = f"{step.step}: {step.status}, {step.items} done{failed}"
        if step.status and said.get(step.step) != line:
            said[step.step] = line
            print(line, file=sys.stderr, flush=True)
