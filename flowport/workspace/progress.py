"""How far the steps of a run are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from flowport.runtime.live.tasks import LiveRun
from flowport.runtime.records.reuse import ReuseCount
from flowport.runtime.records.signs import places
from flowport.runtime.run.status import STOPPED
from flowport.runtime.store import row_ranges

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowport.runtime.run.reader import Run

StepStatus: TypeAlias = Literal["done", "failed", "stopped", "running", "unfinished", ""]
"""`unfinished` when tasks have begun and neither ended nor failed in a run that is over; "" when the step has not begun."""


class StepProgress(NamedTuple):
    """A step of a run: the items that are done, those that failed, those that were reused; and when it started and ended.

    Of a run that is running also the tasks that run, and those that began and of which nothing was heard for too long.
    """

    step: str
    status: StepStatus
    items: int
    failed: int
    taken_over: int
    started: float | None
    ended: float | None
    running: int = 0
    lost: int = 0


def step_progress(run: Run, failures: Iterable[dict[str, Any]], is_running: bool) -> list[StepProgress]:
    """Every step of a run, in the order of its plan. `failures` are those of the run, and `is_running` says whether it is running."""
    failed: dict[str, list[str]] = {}
    for failure in failures:
        failed.setdefault(failure["step"], []).append(failure["type"])
    there = run.steps()
    steps = [*run.plan["steps"], *(step for step in there if step not in run.plan["steps"])]
    found = [_progress(run, step, step in there, failed.get(step, []), is_running) for step in steps]
    return _with_tasks(run, found) if is_running else found


def _with_tasks(run: Run, steps: list[StepProgress]) -> list[StepProgress]:
    """The same with the tasks that run: a task may have left nothing but a sign so far."""
    live, signed = LiveRun(run), {place.step for place in places(run.store, run.keys.signs())}
    found = []
    for step in steps:
        counts = live.counts(step.step) if step.status == "running" or step.step in signed else {}
        running, lost = counts.get("running", 0), counts.get("lost", 0)
        status: StepStatus = "running" if step.status in ("", "done") and running + lost else step.status
        found.append(step._replace(status=status, running=running, lost=lost))
    return found


def _progress(run: Run, step: str, is_there: bool, failed: list[str], is_running: bool) -> StepProgress:
    slices = run.slices(step) if is_there else []
    docs = [run.guarded(f"{step}/{slice}", lambda: run.manifests.need(step, slice).doc, None) for slice in slices]  # noqa: B023 - called at once
    came = [doc for doc in docs if doc is not None and row_ranges.count(doc["arrived"])]
    reuse = ReuseCount(came)
    status: StepStatus = "done" if reuse.of else ""
    if is_there and run.begun(step) - set(slices):
        status = "running" if is_running else "unfinished"
    elif is_running and 0 < reuse.of < expected_items(run, step):
        status = "running"
    if failed:
        status = "stopped" if all(kind in STOPPED for kind in failed) else "failed"
    started = min((doc["started"] for doc in came), default=None)
    return StepProgress(step, status, reuse.of, len(failed), reuse.items, started, max((doc["ended"] for doc in came), default=None))


def expected_items(run: Run, step: str) -> int:
    """How many items of the foreach that a step is in there are; 0 outside of any, and in a loop. A switch may send fewer to the step."""
    if step not in run.plan["steps"]:
        return 0
    scopes = run.program.step(step)["sites"][step]["scopes"]
    if not scopes or any(kind == "loop" for kind, _ in scopes):
        return 0
    origin = scopes[-1][1]
    docs = [run.guarded(f"{origin}/{slice}", lambda: run.manifests.need(origin, slice).doc, None) for slice in run.slices(origin)]  # noqa: B023 - called at once
    return sum(doc["fan"]["n"] for doc in docs if doc is not None and "fan" in doc)
