"""A run that somebody starts as a trigger does: after a run of another flow, or for an event."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from flowport.runtime.run.history import is_done
from flowport.runtime.store.keys import Keys
from flowport.workspace.address import Address
from flowport.workspace.errors import BadTrigger, NoTrigger
from flowport.workspace.runs import find_record, survey

if TYPE_CHECKING:
    from flowport.compiler.ir import JSON
    from flowport.runtime.store.interface import Store
    from flowport.workspace.flow_file import FlowFile


class StartedBy(NamedTuple):
    """What a user says that started a run: `FLOW/RUN` or `FLOW` for its latest run that is done, and `NAME` or `NAME=JSON` for events."""

    runs: Sequence[str] = ()
    events: Sequence[str] = ()


def triggers_of(flow: FlowFile, started_by: StartedBy, origin_run: str | None, store: Store) -> tuple[dict[str, JSON], ...]:
    """The triggers of a run in the form of its input; raises NoTrigger, BadTrigger, UnknownFlow and UnknownRun."""
    if origin_run and any(started_by):
        raise BadTrigger(f"the run has the triggers of run `{origin_run}`, whose results it reuses")
    return (*(_run(flow, text, store) for text in started_by.runs), *(_event(flow, text) for text in started_by.events))


def sent_by(flow: FlowFile, events: Sequence[str]) -> set[str]:
    """The parameters that events set, each given as `NAME` or `NAME=JSON`."""
    names = {text.partition("=")[0] for text in events}
    return {parameter for event in flow.plan.flow.events if event.name in names for parameter, _ in event.parameters}


def _run(flow: FlowFile, text: str, store: Store) -> dict[str, JSON]:
    address = Address.parse(text)
    known = [source.flow for source in flow.plan.flow.upstream]
    if address.flow not in known:
        raise NoTrigger("trigger_on_finish", flow.name, address.flow, known)
    if address.step is not None:
        raise BadTrigger(f"`{text}` is no run: that is FLOW/RUN")
    if address.run is None:
        done = (one["run"] for one in survey(store, address.flow, lambda text: None).documents)
        address = address._replace(run=next((run for run in done if is_done(store, Keys(address.flow, run))), None))
    run: str = find_record(store, address, lambda text: None)["run"]
    if not is_done(store, Keys(address.flow, run)):
        raise BadTrigger(f"run `{run}` of {address.flow} is not done, so it starts no other run")
    return {"type": "run", "flow": address.flow, "run": run}


def _event(flow: FlowFile, text: str) -> dict[str, JSON]:
    name, equals, payload = text.partition("=")
    known = [event.name for event in flow.plan.flow.events]
    if name not in known:
        raise NoTrigger("trigger", flow.name, name, known)
    try:
        carried = json.loads(payload) if equals else {}
    except ValueError:
        carried = None
    if not isinstance(carried, dict):
        raise BadTrigger(f"what the event `{name}` carries is a JSON object, which `{payload[:60]}` is not")
    return {"type": "event", "name": name, "payload": carried}
