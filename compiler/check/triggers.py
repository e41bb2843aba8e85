"""Checks what starts a flow: other flows and events, and the parameters that events set."""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.ir import Flow


def check_triggers(flow: Flow) -> Iterator[Diagnostic]:
    """What is wrong with the triggers of a flow, seen alone."""
    if flow.events and flow.upstream:
        message = f"{flow.class_name} has `@trigger` and `@trigger_on_finish`: no engine waits for both"
        way_out = "keep one of them: a flow can also send an event when it ends"
        yield Diagnostic("FP260", message, flow.upstream[0].span, help=(way_out,))
    names = [parameter.name for parameter in flow.parameters]
    for event in flow.events:
        for parameter, _ in event.parameters:
            if parameter not in names and flow.complete and not flow.late_parameters:
                message = f"the event `{event.name}` sets `{parameter}`, which is no parameter of {flow.class_name}"
                ways_out = (*did_you_mean(parameter, names), f'write `{parameter} = Parameter("{parameter}")` in the class')
                yield Diagnostic("FP261", message, event.span, help=ways_out)
    for source in flow.upstream:
        if (source.branch or source.project) and not flow.branch_of(source):
            half = "a branch" if source.branch else "a project"
            message = f"`{source.flow}` is named with {half} alone, and {flow.class_name} has no project"
            yield Diagnostic("FP269", message, source.span, help=(f'write `flow="project.branch.{source.flow}"`',))
        if flow.deployment_of(source) == flow.deployment:
            message = f"{flow.class_name} starts itself when it is done, again and again"
            yield Diagnostic("FP262", message, source.span, help=("name another flow, or use `@schedule`",))
