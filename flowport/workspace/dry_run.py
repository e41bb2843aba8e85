"""A dry run: the emitted files, run on this machine against an emulator of their engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.compiler.lower.delivery import deliver
from flowport.compiler.lower.run_ids import run_prefix
from flowport.compiler.target import DryRun
from flowport.runtime.local.source import note
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store
from flowport.workspace.branch import on_branch_of_user
from flowport.workspace.chains.started_by import StartedBy, triggers_of
from flowport.workspace.config import Config
from flowport.workspace.errors import StoreNotLocal
from flowport.workspace.flow_file import FlowFile
from flowport.workspace.parameters import ParameterText
from flowport.workspace.run import check_origin, run_id, run_input
from flowport.workspace.secrets.file import place_here
from flowport.workspace.stores import is_folder, store_to_write
from flowport.workspace.targets import prepare, prepare_without_errors

if TYPE_CHECKING:
    from flowport.compiler.diagnostics.diagnostic import Diagnostic
    from flowport.targets.registry import AnyTarget


class DryRunRequest(NamedTuple):
    """A dry run of a flow for one target; see `RunRequest`. With `logs` it tells what tasks print."""

    flow: FlowFile
    target: str | None
    parameters: tuple[ParameterText, ...] = ()
    run_id: str | None = None
    tags: tuple[str, ...] = ()
    max_workers: int | None = None
    store: str | None = None
    logs: bool = False
    origin_run: str | None = None
    from_step: str | None = None
    scheduled_time: str | None = None
    trigger_from: tuple[str, ...] = ()
    events: tuple[str, ...] = ()


def prepare_dry_run(request: DryRunRequest, target: AnyTarget) -> tuple[DryRun[Any], tuple[Diagnostic, ...]]:
    """What the target is to run, and the warnings about it; raises CompileError when it cannot take the flow."""
    inputs = run_input(request.flow, request)
    store = _store(request)
    flow = request.flow._replace(plan=on_branch_of_user(request.flow.plan))
    ready = prepare_without_errors(flow, target, target.dry_run_defaults, here=True)
    package = flow.package()
    check_origin(open_store(store), flow, inputs.origin_run)
    started_by = StartedBy(request.trigger_from, request.events)
    inputs = inputs._replace(triggers=triggers_of(flow, started_by, inputs.parameters, inputs.origin_run, open_store(store)))
    dry_run = DryRun(
        deliver(flow.plan, flow.config.provisions, place_here(flow, target.name))[0],
        ready.settings,
        package,
        inputs.parameters,
        run_prefix(flow.plan.flow) + run_id(request.run_id),
        store,
        inputs.origin_run,
        inputs.from_step,
        inputs.tags,
        request.max_workers,
        request.logs,
        inputs.scheduled_time,
        inputs.triggers,
    )
    # What the defaults of a dry run make the target say is not about what the user wrote.
    own = prepare(flow, target, here=True).diagnostics
    return dry_run, tuple(found for found in ready.diagnostics if found in own)


def keep_source(run: DryRun[Any], flow: FlowFile) -> None:
    """Note where the flow's file is, for `flowport resume`, beside a run that has begun."""
    store, name = open_store(run.store), run.plan.flow.name
    if store.exists(Keys(name, run.run_id).run()):
        note(store, name, run.run_id, flow.argument)


def _store(request: DryRunRequest) -> str:
    """The folder for the run. The store of a profile is that of the real engine, so it is not used."""
    config = request.flow.config
    url = store_to_write(request.store, config)
    if is_folder(url):
        return url
    if url == config.shared_store:
        return store_to_write(request.store, Config())
    raise StoreNotLocal(url)
