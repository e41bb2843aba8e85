"""When the tasks of a run ran: a bar for each step, and for each of its tasks as long as there are few."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flowport.runtime.run.reader import Run
    from flowport.ui.step_row import StepRow

MOST_TASKS = 60
"""Tasks of a step that have bars of their own."""

SHORTEST = 0.3
"""The width of the shortest bar, in percent."""


class Span(NamedTuple):
    """A task, or all of a step: where its bar begins and how wide it is, in percent of the time of the run; times are in seconds."""

    left: float
    width: float
    started: float
    seconds: float
    label: str


class Bar(NamedTuple):
    """A row of the timeline: a step and its tasks."""

    step: str
    url: str
    state: str
    whole: Span
    tasks: list[Span]


def timeline(run: Run, steps: Sequence[StepRow], started: float, ended: float | None) -> list[Bar]:
    """The steps of a run that have begun. Of a task that was taken over, the times are those of the run in which it ran; it has no bar."""
    end = max([ended or time.time(), *(step.started + (step.seconds or 0) for step in steps if step.started)], default=started)
    whole = max(end - started, 0.001)

    def span(begun: float, seconds: float, label: str) -> Span:
        left = min(100 * max(begun - started, 0) / whole, 100 - SHORTEST)
        return Span(left, min(max(100 * seconds / whole, SHORTEST), 100 - left), begun, seconds, label)

    bars = []
    for step in steps:
        if step.started is None or step.started + (step.seconds or 0) < started:
            continue
        tasks = [span(*task) for task in _tasks(run, step.step)]
        bars.append(Bar(step.step, step.url, step.state or "done", span(step.started, step.seconds or 0, step.step), tasks))
    return sorted(bars, key=lambda bar: bar.whole.started)


def _tasks(run: Run, step: str) -> Iterator[tuple[float, float, str]]:
    """The tasks of a step with several: when each began, how long it took, and its items."""
    slices = run.slices(step)
    if 1 < len(slices) <= MOST_TASKS:
        for slice in slices:
            found = run.guarded(f"{step}/{slice}", lambda: run.shelf(step, slice), None)  # noqa: B023 - called at once
            if found is not None:
                manifest, shelf = found
                yield manifest.doc["started"], manifest.doc["ended"] - manifest.doc["started"], shelf.lineage.span()
