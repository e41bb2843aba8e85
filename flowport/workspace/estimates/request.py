"""What `flowport plan` is asked, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.compiler.estimate import Estimate, Shape
from flowport.workspace.address import Address
from flowport.workspace.errors import IsSpin, NoStoreOfTarget, OtherFlow
from flowport.workspace.estimates.figures import estimate, given_items, unknown_foreaches
from flowport.workspace.estimates.now import unpacked
from flowport.workspace.estimates.shape import RunShape
from flowport.workspace.estimates.validity import StepValidity, Validity
from flowport.workspace.flow_file import FlowFile
from flowport.workspace.parameters import ParameterText, parameter_values
from flowport.workspace.runs import find_run
from flowport.workspace.stores import StoreChoice, open_to_read
from flowport.workspace.targets import prepare_without_errors

if TYPE_CHECKING:
    from flowport.compiler.diagnostics.diagnostic import Diagnostic
    from flowport.runtime.run.reader import Run
    from flowport.targets.registry import AnyTarget
    from flowport.workspace.runs import Report


class PlanRequest(NamedTuple):
    """A flow and a target; the earlier run that a new one would resume; and how many elements the foreaches of some steps have."""

    flow: FlowFile
    target: str | None
    run: str | None = None
    items: tuple[tuple[str, int], ...] = ()
    parameters: tuple[ParameterText, ...] = ()
    json: bool = False
    store: str | None = None
    profile: str | None = None


class PlanAnswer(NamedTuple):
    """What a run needs, and what it would take over. `unknown` are the foreaches whose number of elements is not known.

    `steps` are those of the earlier run, None if there is none, and `is_whole` says whether that is done. `warnings` are the compiler's.
    """

    estimate: Estimate
    unknown: list[tuple[str, str]]
    steps: list[StepValidity] | None
    run: str
    is_whole: bool
    warnings: tuple[Diagnostic, ...]


def plan_run(request: PlanRequest, target: AnyTarget, report: Report) -> PlanAnswer:
    """What a run of a flow would need and take over; raises WorkspaceError, and CompileError if the target cannot take the flow."""
    flow = request.flow
    ready = prepare_without_errors(flow, target, target.dry_run_defaults)
    items = given_items(flow, dict(request.items))
    run = _find(request, target, report) if request.run else None
    given: dict[str, Any] = parameter_values(flow.parameters, request.parameters, resumed=True)
    shape = Shape(items=items) if run is None else RunShape(run).shape(items)
    found = estimate(flow, target, ready, shape)
    steps = None
    if run is not None:
        with unpacked(flow, given) as now:
            steps = Validity(run, now).steps()
    name, is_whole = ("", True) if run is None else (run.doc["run"], run.ended)
    return PlanAnswer(found, unknown_foreaches(flow, shape), steps, name, is_whole, ready.diagnostics)


def _find(request: PlanRequest, target: AnyTarget, report: Report) -> Run:
    """The earlier run, RUN or FLOW/RUN, in the store of the target if the settings name one."""
    flow, _, name = (request.run or "").rpartition("/")
    if flow and flow != request.flow.name:
        raise OtherFlow(request.flow.path, request.flow.name, flow)
    try:
        store, _ = open_to_read(StoreChoice(request.store, target.name, request.profile), request.flow.folder)
    except NoStoreOfTarget:
        store, _ = open_to_read(StoreChoice(request.store, None, request.profile), request.flow.folder)
    found = find_run(store, Address(request.flow.name, name), report)
    if found.spin:
        raise IsSpin(name, found.spin["run"])
    return found
