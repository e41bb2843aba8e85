"""A dry run: the emitted files, run on this machine against an emulator of their engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from flowport.compiler.ir import Retry
from flowport.compiler.target import DryRun, Target
from flowport.project.config import Config
from flowport.project.errors import RemoteStore
from flowport.project.flow_file import FlowFile
from flowport.project.parameters import ParameterText
from flowport.project.run import check_origin, decorated, run_input
from flowport.project.run_ids import run_id
from flowport.project.stores import is_folder, store_to_write
from flowport.project.targets import emit, lower
from flowport.runtime.store import open_store

if TYPE_CHECKING:
    from flowport.compiler.diagnostics import Diagnostic


class DryRunRequest(NamedTuple):
    """A dry run of a flow for one target; see `RunRequest`. With `logs` it shows what tasks print."""

    flow: FlowFile
    target: str | None
    parameters: tuple[ParameterText, ...] = ()
    run_id: str | None = None
    tags: tuple[str, ...] = ()
    max_workers: int | None = None
    decorators: tuple[Retry, ...] = ()
    store: str | None = None
    logs: bool = False
    origin_run: str | None = None
    from_step: str | None = None


def prepare(
    request: DryRunRequest, target: Target, echo: Callable[[str], None], show: Callable[[str], None]
) -> tuple[DryRun, tuple[Diagnostic, ...]]:
    """What the target is to run, and the warnings about it; raises Refused when it cannot take the flow.

    `echo` gets what there is to say about the run, and `show` the lines that tasks print.
    """
    inputs = run_input(request.flow, request.parameters, request.tags, request.origin_run, request.from_step)
    store = _store(request)
    flow = decorated(request.flow, request.decorators)
    settings = {**target.stand_ins, **_settings(flow, target)}
    flow = flow._replace(config=flow.config._replace(settings=settings))
    lowered, warnings = lower(flow, target)
    package = flow.package()
    check_origin(open_store(store), flow, inputs.origin_run)
    prepared = DryRun(
        emit(lowered, flow, target, package),
        flow.plan,
        package,
        flow.config.for_target(target.name),
        inputs.parameters,
        run_id(request.run_id),
        store,
        echo,
        inputs.origin_run,
        inputs.from_step,
        inputs.tags,
        request.max_workers,
        show if request.logs else None,
    )
    return prepared, warnings


def _store(request: DryRunRequest) -> str:
    """The folder that keeps the run: a profile's store is often that of the real engine, and not meant here."""
    config = request.flow.config
    url = store_to_write(request.store, config)
    if is_folder(url):
        return url
    if url == config.shared_store:
        return store_to_write(request.store, Config())
    raise RemoteStore(url)


def _settings(flow: FlowFile, target: Target) -> dict[str, object]:
    """The profile's settings, the target's own merged in."""
    return {
        **{key: value for key, value in flow.config.settings.items() if key in ("roots", "include")},
        **flow.config.for_target(target.name),
    }
