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


def unplanned(flow: Flow, way_out: str, why: str) -> Iterator[Diagnostic]:
    """A schedule that is not emitted."""
    for schedule in flow.triggers:
        message = f"the schedule of {flow.name} is not emitted: {why}"
        yield Diagnostic("FP307", message, schedule.span, help=(way_out,), severity="warning")
