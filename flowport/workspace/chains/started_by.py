"""A run that somebody starts as triggers do: after runs of other flows, or for events."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.runtime.run.history import is_done
from flowport.runtime.run.parameters import ParameterError, converted
from flowport.runtime.run.triggers import event_parameters
from flowport.runtime.store.keys import Keys
from flowport.workspace.address import Address
from flowport.workspace.errors import BadTrigger, MissingTrigger, NotAnAddress, NoTrigger, UnknownRun
from flowport.workspace.runs import find_record, survey

if TYPE_CHECKING:
    from flowport.compiler.ir import JSON, OnFinish
    from flowport.runtime.store.interface import Store
    from flowport.workspace.flow_file import FlowFile

Trigger = dict[str, "JSON"]


class StartedBy(NamedTuple):
    """What a user says that started a run: `FLOW/RUN` or `FLOW` for its latest run that is done, and `NAME` or `NAME=JSON` for events."""

    runs: Sequence[str] = ()
    events: Sequence[str] = ()


def trigger_options(flow: FlowFile) -> str:
    """What to type so that a run is started as triggers do, "" for a flow that has none."""
    own = flow.plan.flow
    words = [*(f"--trigger-from {source.flow}" for source in own.upstream), *(f"--event {event.name}" for event in own.events)]
    return f"`{' '.join(words)}`" if words else ""


def sent_by(flow: FlowFile, started_by: StartedBy, written: Collection[str]) -> set[str]:
    """The parameters that events may set; raises NoTrigger for events and flows that do not start the flow, and BadTrigger.

    One that a user has `written` on the command line and that an event sets has two values, of which one would be dropped.
    """
    names = [text.partition("=")[0] for text in started_by.events]
    if nameless := [text for text in started_by.events if text.startswith(("=", "{")) or not text]:
        raise BadTrigger(f"`{nameless[0][:60]}` has no name: an event is NAME, or NAME=JSON")
    known = {event.name: event for event in flow.plan.flow.events}
    if unknown := [name for name in names if name not in known]:
        raise NoTrigger("trigger", flow.name, unknown[0], list(known), trigger_options(flow))
    sources = [_source(flow, _address(text)).flow for text in started_by.runs]
    for given in (names, sources):
        if twice := [name for name in given if given.count(name) > 1]:
            raise BadTrigger(f"`{twice[0]}` is given {given.count(twice[0])} times, and a run is started by one of each")
    events, fields = [_event(text) for text in started_by.events], _fields(flow)
    if doubly := sorted(event_parameters(events, fields).keys() & written):
        raise BadTrigger("\n".join(f"parameter `{name}` is given twice{_where_from(name, events, fields)}" for name in doubly))
    return {parameter for name in names for parameter, _ in known[name].parameters}


def triggers_of(
    flow: FlowFile, started_by: StartedBy, given: Mapping[str, Any], origin_run: str | None, store: Store
) -> tuple[Trigger, ...]:
    """The triggers of a run in the form of its input, which `given` parameters are part of.

    Raises NoTrigger, MissingTrigger, BadTrigger, UnknownFlow and UnknownRun.
    """
    if not any(started_by):
        return ()
    if origin_run:
        raise BadTrigger(f"the run has the triggers of run `{origin_run}`, whose results it reuses")
    found = (*(_run(flow, text, store) for text in started_by.runs), *(_event(text) for text in started_by.events))
    named = {each.get("flow") or each["name"] for each in found}
    missing = [("--trigger-from", source.flow) for source in flow.plan.flow.upstream if source.flow not in named]
    missing += [("--event", event.name) for event in flow.plan.flow.events if event.name not in named]
    if missing:
        option, name = missing[0]
        raise MissingTrigger(flow.name, name, option)
    _check_parameters(flow, found, given)
    return found


def _address(text: str) -> Address:
    try:
        address = Address.parse(text)
    except NotAnAddress:
        address = Address("")
    if not address.flow or address.step is not None:
        raise BadTrigger(f"`{text}` is no run: that is FLOW/RUN, or FLOW for its latest run that is done")
    return address


def _source(flow: FlowFile, address: Address) -> OnFinish:
    """The flow that the decorator names, by its own name or with its project and branch."""
    own = flow.plan.flow
    for source in own.upstream:
        if address.flow in (source.flow, own.deployment_of(source)):
            return source
    raise NoTrigger("trigger_on_finish", flow.name, address.flow, [source.flow for source in own.upstream], trigger_options(flow))


def _run(flow: FlowFile, text: str, store: Store) -> Trigger:
    address = _address(text)
    source = _source(flow, address)
    address = address._replace(flow=source.flow)
    if address.run is None:
        documents = survey(store, source.flow, lambda text: None).documents
        ours = (one["run"] for one in documents if _is_of_branch(flow, source, one))
        run = next((run for run in ours if is_done(store, Keys(source.flow, run))), None)
        if run is None and documents:
            raise BadTrigger(f"no run of {flow.plan.flow.deployment_of(source)} in {store.url} is done")
        address = address._replace(run=run)
    record = find_record(store, address, lambda text: None)
    if not _is_of_branch(flow, source, record):
        raise UnknownRun(record["run"], flow.plan.flow.deployment_of(source), store.url)
    if not is_done(store, Keys(source.flow, record["run"])):
        way_out = f"without a run, `{source.flow}` stands for the latest that is"
        raise BadTrigger(f"run `{record['run']}` of {source.flow} is not done, so it starts no other run; {way_out}")
    return {"type": "run", "flow": source.flow, "run": record["run"]}


def _is_of_branch(flow: FlowFile, source: OnFinish, record: Mapping[str, Any]) -> bool:
    """Whether a run is of the project and branch that the trigger names."""
    branch = flow.plan.flow.branch_of(source)
    return not branch or {f"project:{branch[0]}", f"project_branch:{branch[1]}"} <= set(record["system_tags"] or ())


def _event(text: str) -> Trigger:
    name, equals, payload = text.partition("=")
    try:
        carried = json.loads(payload) if equals else {}
    except (ValueError, RecursionError):
        carried = None
    if not isinstance(carried, dict):
        raise BadTrigger(f"what the event `{name}` carries is a JSON object, which `{payload[:60]}` is not")
    return {"type": "event", "name": name, "payload": carried}


def _check_parameters(flow: FlowFile, triggers: Sequence[Trigger], given: Mapping[str, Any]) -> None:
    """Check what events set as the first task will, before there is a run."""
    fields = _fields(flow)
    values = {**given, **event_parameters(triggers, fields)}
    wrong = []
    for spec in (spec for spec in flow.parameters if spec["required"] or spec["name"] in values):
        try:
            converted([spec], {name: values[name] for name in (spec["name"],) if name in values})
        except ParameterError as error:
            wrong.append(f"{error}{_where_from(spec['name'], triggers, fields)}")
    if wrong:
        raise BadTrigger("\n".join(wrong))


def _fields(flow: FlowFile) -> dict[str, dict[str, str]]:
    """The fields of each event that set parameters, by parameter."""
    return {event.name: dict(event.parameters) for event in flow.plan.flow.events}


def _where_from(parameter: str, triggers: Sequence[Trigger], fields: Mapping[str, Mapping[str, str]]) -> str:
    """The end of a sentence on a parameter that an event sets: by which field, and what the event has instead."""
    for each in triggers:
        field = fields.get(str(each.get("name")), {}).get(parameter)
        if field is not None:
            payload: Any = each["payload"]
            others = f" but {', '.join(f'`{name[:60]}`' for name in list(payload)[:10])}" if payload and field not in payload else ""
            lacks = f", which is null there{others}" if field in payload else f", and it has no `{field}`{others}"
            has = "" if payload.get(field) is not None else lacks
            return f"; the event `{each['name']}` sets it by its field `{field}`{has}"
    return ""
