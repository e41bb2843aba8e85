"""A new run of a deployed flow: its input, checked against the flow here, and the request to its engine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from flowport.compiler.operations import EngineRun, Start
from flowport.runtime.store.open import open_store
from flowport.workspace.chains.started_by import StartedBy, triggers_of
from flowport.workspace.operations.engine import EngineAddress, engine_of_flow
from flowport.workspace.run import run_id, run_input

if TYPE_CHECKING:
    from flowport.workspace.flow_file import FlowFile
    from flowport.workspace.parameters import ParameterText


class TriggerRequest(NamedTuple):
    """A run to start of what is deployed of a flow; see `RunRequest`. The command waits for its end with `wait`."""

    flow: FlowFile
    target: str | None
    parameters: tuple[ParameterText, ...] = ()
    run_id: str | None = None
    tags: tuple[str, ...] = ()
    origin_run: str | None = None
    from_step: str | None = None
    scheduled_time: str | None = None
    trigger_from: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    wait: bool = False
    json: bool = False


class Triggered(NamedTuple):
    """A run that was started."""

    address: EngineAddress
    found: EngineRun


def trigger(request: TriggerRequest, target: str) -> Triggered:
    """Start a run; raises CompileError, WorkspaceError, DeployError or StoreError where it does not begin."""
    inputs = run_input(request.flow, request)
    engine = engine_of_flow(request.flow, target)
    started_by = StartedBy(request.trigger_from, request.events)
    if any(started_by):
        triggers = triggers_of(request.flow, started_by, inputs.parameters, inputs.origin_run, open_store(engine.settings.store))
        inputs = inputs._replace(triggers=triggers)
    name = run_id(request.run_id)
    found = engine.operations.trigger(engine.settings, Start(name, inputs.document()))
    return Triggered(EngineAddress(engine, found.run, f"{engine.prefix}{found.run}"), found)


def wait_for(address: EngineAddress, say: Callable[[EngineRun], object], pause: Callable[[float], object] = time.sleep) -> EngineRun | None:
    """The run when it is over; None when the engine has none. `say` gets it each time its status is another one."""
    engine, last, delay = address.engine, "", 0.5
    while True:
        found = engine.operations.status(engine.settings, address.run)
        if found is None:
            return None
        if found.status != last:
            say(found)
        if found.is_over:
            return found
        last = found.status
        pause(delay)
        delay = min(delay * 1.5, 10)
