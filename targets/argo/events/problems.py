"""What starts a flow besides the clock, and has no object in Argo or in Argo Events."""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Flow
from flowport.targets.argo.events.documents import UID
from flowport.targets.argo.settings import TEMPLATE_NAME, Settings
from flowport.targets.schedules.problems import untriggered
from flowport.targets.settings_validation import MISSING, line


def trigger_problems(flow: Flow, settings: Settings) -> Iterator[Diagnostic]:
    """What is missing in the profile, or too long."""
    if settings.schedule == "paused":
        way_out = 'write `schedule = "active"` under [argo] in flowport.toml'
        yield from untriggered(flow, way_out, "Argo Events cannot pause what waits for it")
    if flow.upstream and not settings.namespace:
        message = f"{flow.name} waits for other flows, whose workflows Argo Events looks for in a `namespace`"
        yield Diagnostic(MISSING, message, flow.upstream[0].span, help=(line("argo", Settings.named("namespace")),))
    if len(flow.events) > 1 and not settings.event_source:
        message = f"{flow.name} waits for several events, for which Argo Events is needed"
        yield Diagnostic(MISSING, message, flow.events[0].span, help=(line("argo", Settings.named("event_source")),))
    for event in flow.events:
        if "{{" in event.name:
            message = f"Argo cannot have the event `{event.name[:60]}`: it would take what stands in double braces for a template"
            yield Diagnostic("FP443", message, event.span, help=("give the event another name",))
    longest = TEMPLATE_NAME - (UID + 1) * len(flow.upstream)
    if flow.upstream and len(settings.name) > longest:
        message = f"`{settings.name}` has {len(settings.name)} characters, and a workflow that other flows start has {longest} for it"
        way_out = 'write a shorter `name = "..."` under [argo] in flowport.toml'
        yield Diagnostic("FP405", message, flow.upstream[0].span, help=(way_out,))
