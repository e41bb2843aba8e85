"""Which foreaches become array jobs of AWS Batch: one submission for all slices, in place of an execution for each.

Only those whose body is one step, and whose retries Batch can do: it tries a child again at once, at most nine times.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Foreach
from flowport.compiler.ir.plan import Map, Plan, Task, walk
from flowport.targets.stepfunctions.settings import Settings

ATTEMPTS = 10
"""The most attempts of a job (AWS Batch API, RetryStrategy)."""


def array_step(plan: Plan, node: Map, settings: Settings) -> str | None:
    """The step whose jobs are the children of one array job; None if this foreach is a distributed map."""
    step = _candidate(plan, node, settings)
    return None if step is None or _obstacle(plan, step) else step


def array_origins(plan: Plan, settings: Settings) -> frozenset[str]:
    """The steps from which foreaches start that become array jobs."""
    return frozenset(node.origin for node in walk(plan.body) if isinstance(node, Map) and array_step(plan, node, settings))


def mapped_after_all(plan: Plan, settings: Settings) -> Iterator[Diagnostic]:
    """Foreaches of one step that are no array jobs although the profile asks for them."""
    for node in walk(plan.body):
        if isinstance(node, Map) and (name := _candidate(plan, node, settings)) and (obstacle := _obstacle(plan, name)):
            reason, way_out = obstacle
            yield Diagnostic(
                "FP440",
                f"the foreach over `{node.over}` is a distributed map, not an array job: {reason}",
                plan.flow.step(name).span,
                help=(way_out,),
                severity="warning",
            )


def _candidate(plan: Plan, node: Map, settings: Settings) -> str | None:
    """The one step of a foreach that may be an array job; the nodes of a gang are none."""
    transition = plan.flow.step(node.origin).transition
    assert isinstance(transition, Foreach)
    match node.body:
        case (Task(step),) if settings.array_jobs and not transition.gang:
            return step
    return None


def _obstacle(plan: Plan, step: str) -> tuple[str, str] | None:
    """Why AWS Batch cannot try a step again as it asks for, and what to write."""
    asked = plan.flow.step(step).settings
    if asked.retries and asked.minutes:
        return (
            f"`{step}` waits {asked.minutes:g} minutes between attempts, and AWS Batch does not wait",
            "write `@retry(minutes_between_retries=0)`, or set `array_jobs = false`",
        )
    if asked.retries >= ATTEMPTS:
        return f"`{step}` has {asked.retries + 1} attempts, and a job of AWS Batch at most {ATTEMPTS}", "allow fewer retries"
    return None
