"""Why a run failed, from what its tasks left in the store: their tries, and their logs where there is no try."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowport.runtime.local.coordinator import Task
from flowport.runtime.local.job import Job
from flowport.runtime.local.screen import Screen, ending

if TYPE_CHECKING:
    from flowport.runtime.store import Store

SHOWN = 5
"""How many failures are shown; the others are counted."""

TAIL = 20
"""How many lines of a log are shown for a task that left no try."""


def explain(store: Store, job: Job, screen: Screen, failed: list[Task]) -> Iterator[str]:
    """One text for each task that failed, and one for those that are left out."""
    for task in failed[:SHOWN]:
        name = screen.name(task)
        yield f"\n{name} {ending(task.code)}\n{_tail(job, task)}\n  all of its output: flowport logs {job.flow}/{job.run}/{name}"
    if len(failed) > SHOWN:
        yield f"\n{len(failed) - SHOWN} more tasks failed"


def _tail(job: Job, task: Task) -> str:
    with open(job.log(task.step, task.slice, task.attempt), encoding="utf-8", errors="replace") as file:
        lines = file.read().splitlines()
    return "\n".join(f"  {line}" for line in lines[-TAIL:])
