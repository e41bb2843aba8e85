"""What is wrong with a schedule on any target, and with what a profile asks of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Flow, NoDefault, Schedule

LATER = "start a run that was missed with `flowport trigger FLOW --scheduled-time TIME`"
"""The way out where an engine does not catch up."""


def unfilled(flow: Flow) -> Iterator[Diagnostic]:
    """Parameters that have no value when the clock, an event or another flow starts a run."""
    what = "the schedule" if flow.schedules else "an event" if flow.events else "another flow"
    sent = {parameter for event in flow.events for parameter, _ in event.parameters} if not flow.schedules else set[str]()
    for parameter in flow.parameters if flow.triggers else ():
        if parameter.required and isinstance(parameter.default, NoDefault) and parameter.name not in sent:
            message = f"parameter `{parameter.name}` has no default, and has no value when {what} starts a run"
            ways_out = (f'or let the event set it: `"parameters": {{"{parameter.name}": ...}}`',) if flow.events else ()
            yield Diagnostic("FP421", message, parameter.span, help=("add a default", *ways_out))


def unplanned(flow: Flow, way_out: str, why: str) -> Iterator[Diagnostic]:
    """A schedule that is not emitted."""
    for schedule in flow.schedules:
        message = f"the schedule of {flow.name} is not emitted: {why}"
        yield Diagnostic("FP307", message, schedule.span, help=(way_out,), severity="warning")


def untriggered(flow: Flow, way_out: str, why: str) -> Iterator[Diagnostic]:
    """Triggers that are not emitted."""
    for trigger in [trigger for trigger in flow.triggers if not isinstance(trigger, Schedule)][:1]:
        message = f"what triggers {flow.name} is not emitted: {why}"
        yield Diagnostic("FP307", message, trigger.span, help=(way_out,), severity="warning")


def not_offered(flow: Flow, setting: str, value: str, lacks: Mapping[str, tuple[str, str]]) -> Iterator[Diagnostic]:
    """A value of a setting that the engine has no way for; `lacks` says for each such value why, and what to write."""
    for schedule in flow.schedules if value in lacks else ():
        why, way_out = lacks[value]
        yield Diagnostic("FP439", f'the schedule of {flow.name} cannot have `{setting} = "{value}"`: {why}', schedule.span, help=(way_out,))


def no_catch_up(flow: Flow, value: str, why: str) -> Iterator[Diagnostic]:
    """A date to catch up from on an engine that starts no missed runs."""
    for schedule in flow.schedules if value else ():
        ways_out = ("leave `catch_up` out", LATER)
        yield Diagnostic("FP439", f'the schedule of {flow.name} cannot have `catch_up = "{value}"`: {why}', schedule.span, help=ways_out)
