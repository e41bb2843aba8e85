"""A step in the list of a run."""

from __future__ import annotations

from typing import NamedTuple


class StepRow(NamedTuple):
    """A step of a run: how many items are done, of how many that are `expected`, and how many tasks are `running`."""

    step: str
    url: str
    state: str
    done: int
    expected: int
    failed: int
    taken_over: int
    running: int
    started: float | None
    seconds: float | None
