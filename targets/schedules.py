"""What every target has to say about `@schedule`."""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Flow, NoDefault


def unfilled(flow: Flow) -> Iterator[Diagnostic]:
    """Parameters that have no value when the clock starts a run."""
    for parameter in flow.parameters if flow.schedule else ():
        if parameter.required and isinstance(parameter.default, NoDefault):
            message = f"parameter `{parameter.name}` has no default, and nobody gives it a value when the clock starts a run"
            yield Diagnostic("FP421", message, parameter.span, help=("give it a default",))


def unplanned(flow: Flow, target: str, way_out: str) -> Iterator[Diagnostic]:
    """A schedule for a target that has none."""
    if flow.schedule:
        message = f"{flow.name} has a schedule, and target {target} does not start flows by the clock"
        yield Diagnostic("FP307", message, flow.schedule.span, help=(way_out,), severity="warning")
