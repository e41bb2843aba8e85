"""What every target has to say about `@schedule`."""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Flow, NoDefault


def unfilled(flow: Flow) -> Iterator[Diagnostic]:
    """Parameters that have no value when the clock starts a run."""
    for parameter in flow.parameters if flow.triggers else ():
        if parameter.required and isinstance(parameter.default, NoDefault):
            message = f"parameter `{parameter.name}` has no default, and has no value when the schedule starts a run"
            yield Diagnostic("FP421", message, parameter.span, help=("add a default",))


def unplanned(flow: Flow, target: str, way_out: str) -> Iterator[Diagnostic]:
    """A schedule for a target that has none."""
    for schedule in flow.triggers:
        message = f"{flow.name} has a schedule, and target {target} does not support schedules"
        yield Diagnostic("FP307", message, schedule.span, help=(way_out,), severity="warning")
