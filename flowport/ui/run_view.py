"""The page of a run: how it is, what failed, the graph, a timeline, its parameters and its code."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.runtime.records.attempts import failures
from flowport.runtime.run.status import STOPPED
from flowport.ui import urls
from flowport.ui.graph import Drawing, Mark, graph
from flowport.ui.runs_view import RunRow, row_of
from flowport.ui.step_row import StepRow
from flowport.ui.table.metrics_view import MetricRow, metrics_of_run
from flowport.ui.timeline import Bar, timeline
from flowport.ui.values import Value, shown_parameter
from flowport.workspace.progress import expected_items, step_progress

if TYPE_CHECKING:
    from flowport.runtime.run.reader import Run
    from flowport.ui.readers import Readers
    from flowport.workspace.progress import StepProgress

SHOWN_FAILURES = 5

NARROW = 460
"""Pixels up to which a graph stands beside the list of steps."""


class Failed(NamedTuple):
    """An item that failed, and has not been done since; `lines` is the traceback from the user's step on."""

    step: str
    item: str
    url: str
    type: str
    message: str
    lines: str
    is_last: bool

    @property
    def headline(self) -> str:
        """What happened, in a line."""
        if self.type in STOPPED:
            return "was stopped"
        first = self.message.strip().split("\n")[0]
        return first if self.type == "Misuse" else f"{self.type}: {first}" if first else self.type


class RunPage(NamedTuple):
    """What the page of a run shows."""

    row: RunRow
    ended: float | None
    engine: str
    graph: Drawing | None
    steps: list[StepRow]
    bars: list[Bar]
    failures: list[Failed]
    more_failures: int
    parameters: list[tuple[str, Value]]
    metrics: list[MetricRow]
    resume: str
    code: str
    damage: list[str]
    is_live: bool

    @property
    def is_narrow(self) -> bool:
        """Whether there is room for the steps beside the graph."""
        return self.graph is not None and self.graph.width < NARROW


def run_page(readers: Readers, flow: str, run: str, store: str) -> RunPage:
    """The page of a run; `store` is what the command line needs to name its store, or "". Raises Missing and Corrupt."""
    info = readers.info(flow, run)
    reader, damage = readers.run(flow, run)
    row = row_of(info)
    failed = failures(reader.store, reader.keys, lambda key: None)
    progress = step_progress(reader, failed, not info.is_over)
    running = {} if info.is_over else {name: readers.live(flow, run).counts(name)["running"] for name in reader.steps()}
    rows = [_step(reader, step, row.state, running.get(step.step, 0)) for step in progress]
    unread: list[str] = []
    is_open = row.state not in ("done", "running")
    return RunPage(
        row=row,
        ended=info.status.seen if info.status and info.status.is_over else None,
        engine=reader.doc.get("engine") or "",
        graph=graph(reader.program, {one.step: _mark(one) for one in rows}),
        steps=rows,
        bars=timeline(reader, rows, row.started or 0.0, info.status.seen if info.is_over and info.status else None),
        failures=[failed_item(flow, run, failure) for failure in failed[:SHOWN_FAILURES]],
        more_failures=max(0, len(failed) - SHOWN_FAILURES),
        parameters=parameters(reader),
        metrics=metrics_of_run(reader, unread),
        resume=resume_command(flow, run, store) if is_open else "",
        code=reader.doc["code"],
        damage=[*info.damage, *damage, *unread],
        is_live=not info.is_over,
    )


def resume_command(flow: str, run: str, store: str) -> str:
    """What resumes a run."""
    return f"flowport resume {quote(f'{flow}/{run}')}" + (f" --store {quote(store)}" if store else "")


def failed_item(flow: str, run: str, failure: dict[str, Any]) -> Failed:
    """What is shown of a failure."""
    step, item = failure["step"], failure["item"]
    url = urls.item_url(flow, run, step, item)
    return Failed(step, item, url, failure["type"], failure["message"], failure.get("traceback", ""), failure.get("last", False))


def _step(reader: Run, step: StepProgress, state: str, running: int) -> StepRow:
    """A step of a run that is in a `state`, with the number of its tasks that run."""
    expected = expected_items(reader, step.step) or max(1, step.items + step.failed)
    seconds = None if step.started is None else (step.ended or step.started) - step.started
    url = urls.step_url(reader.doc["flow"], reader.doc["run"], step.step)
    status = step.status or ("not taken" if state == "done" else "")
    return StepRow(step.step, url, status, step.items, expected, step.failed, step.taken_over, running, step.started, seconds)


def _mark(step: StepRow) -> Mark:
    """What the graph shows of a step."""
    words = step.state or "not begun"
    if step.expected > 1 and step.state != "not taken":
        words = f"{step.done:,} of {step.expected:,}" + (f", {step.failed:,} failed" if step.failed else "")
    elif step.taken_over:
        words = "taken over"
    if step.expected > 1 and step.running:
        words += f", {step.running:,} running"
    own = step.done - step.taken_over
    total = max(step.expected, step.done + step.failed)
    parts = (("reused", step.taken_over / total), ("done", own / total), ("failed", step.failed / total))
    return Mark(step.state, words, step.url, parts)


def parameters(reader: Run) -> list[tuple[str, Value]]:
    """The configs and parameters of a run; values of the user's own types stay pickled."""
    held = {**reader.doc.get("configs", {}), **reader.doc["parameters"]}
    return [(name, shown_parameter(held[name], reader.store)) for name in sorted(held)]
