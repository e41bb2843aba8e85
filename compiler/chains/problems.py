"""What is wrong between flows that start one another; what is wrong with one flow alone, `check` says."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from flowport.compiler.chains.circles import circles
from flowport.compiler.chains.event_fields import field_problems
from flowport.compiler.chains.graph import FlowGraph, KnownFlow, source_name
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.ir import Flow, NoDefault, OnFinish


def problems(graph: FlowGraph, elsewhere: Collection[str] = ()) -> tuple[Diagnostic, ...]:
    """All that is wrong; `elsewhere` are names of flows that are deployed from somewhere else."""
    return (
        *_same_names(graph.flows),
        *(found for flow in graph.read for found in _unknown_flows(flow, graph, elsewhere)),
        *_circles(graph),
        *(found for flow in graph.read for found in _without_value(flow)),
        *field_problems(graph.flows),
    )


def unused_names(graph: FlowGraph, elsewhere: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Those of the names that no trigger has, each with what its user may have meant."""
    missing = [name for node in graph.nodes if node.kind == "elsewhere" for name in (node.title, node.id)]
    named = {*missing, *(source.flow for flow in graph.read for source in flow.upstream)}
    return {name: did_you_mean(name, missing) for name in elsewhere if name not in named}


def _same_names(flows: Sequence[KnownFlow]) -> Iterator[Diagnostic]:
    seen: dict[str, KnownFlow] = {}
    for known in (known for known in flows if known.flow is not None):
        other = seen.setdefault(known.name, known)
        if other is not known:
            message = f"there are two flows `{known.name}`: on an engine, the one that is deployed last replaces the other"
            note = f"the other one is in {other.span.file}:{other.span.line}"
            yield Diagnostic("FP265", message, known.span, (note,), ('rename one of them, or write `@flow(name="...")` above its class',))


def _unknown_flows(flow: Flow, graph: FlowGraph, elsewhere: Collection[str]) -> Iterator[Diagnostic]:
    """Triggers that name a flow of the same project and branch which is not there; those of other projects and branches may be anywhere."""
    unread = [node.deployment for node in graph.nodes if node.kind == "unread"]
    missing = {node.id for node in graph.nodes if node.kind == "elsewhere"}
    own = flow.deployment.removesuffix(flow.name)
    for source in flow.upstream:
        name = source_name(flow, source, unread)
        is_own = name.removesuffix(source.flow) == own
        if is_own and name in missing and not {name, source.flow} & set(elsewhere):
            message = f"{flow.class_name} waits for runs of `{source.flow}`, and there is no such flow"
            yield Diagnostic("FP264", message, source.span, help=tuple(_ways_out(flow, source, graph.flows)))


def _ways_out(flow: Flow, source: OnFinish, flows: Sequence[KnownFlow]) -> Iterator[str]:
    namesakes = [known for known in flows if known.flow is not None and known.flow.name == source.flow]
    for known in namesakes:
        project = known.flow.project if known.flow is not None else None
        belongs = f"belongs to the project `{project.name}`" if project else "belongs to no project"
        name = f', or write `flow="{known.name}"`' if project else ""
        yield f"the flow `{source.flow}` in {known.span.file} {belongs}: give both flows the same `@project`{name}"
    own = flow.deployment.removesuffix(flow.name)
    others = [known.name.removeprefix(own) for known in flows if known.name.startswith(own) and known.name != flow.deployment]
    if not namesakes:
        yield from did_you_mean(source.flow, others)
    yield f"if it is deployed from elsewhere, add `--elsewhere {source.flow}`"


def _circles(graph: FlowGraph) -> Iterator[Diagnostic]:
    nodes = graph.by_id
    edges = {(edge.source, edge.target): edge for edge in graph.edges}
    for circle in circles(graph.following()):
        first = next(place for place, name in enumerate(circle) if nodes[name].is_flow)
        names = (*circle[first:], *circle[: first + 1])
        closing = edges[names[-2], names[-1]]
        way = " -> ".join(nodes[name].label for name in names)
        if all(nodes[name].is_flow for name in names):
            help = ("remove one of these triggers, and start its flow by `@schedule`",)
            yield Diagnostic("FP263", f"flows start one another in a circle: {way}", closing.span, help=help)
        else:
            help = ("send the event only if it is needed, or remove one of these triggers",)
            message = f"flows start one another in a circle, if they send these events: {way}"
            yield Diagnostic("FP263", message, closing.span, help=help, severity="warning")


def _without_value(flow: Flow) -> Iterator[Diagnostic]:
    """Parameters that have no value when a trigger starts a run."""
    given = {parameter for event in flow.events for parameter, _ in event.parameters}
    spans = [*(event.span for event in flow.events), *(source.span for source in flow.upstream)]
    for parameter in flow.parameters if spans else ():
        if parameter.required and isinstance(parameter.default, NoDefault) and parameter.name not in given:
            name = parameter.name
            message = f"the parameter `{name}` of {flow.class_name} has no value when a trigger starts a run, so the run fails"
            ways_out = [f"give `{name}` a default"]
            ways_out += [f'or set it: `event={{"name": "{one.name}", "parameters": {{"{name}": "{name}"}}}}`' for one in flow.events[:1]]
            yield Diagnostic("FP266", message, spans[0], help=tuple(ways_out))
