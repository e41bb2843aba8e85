"""Which run is resumed, and where the file of its flow is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.runtime.local.source import where
from flowport.runtime.records.run_record import RunRecord
from flowport.workspace.errors import UnknownFlowFile
from flowport.workspace.flow_file import UNCHANGED, Changes, FlowFile, open_flow
from flowport.workspace.runs import find_origin
from flowport.workspace.stores import StoreChoice, open_to_read

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store
    from flowport.workspace.runs import Report


class ResumeChoice(NamedTuple):
    """The run to resume: by the flow's file, by RUN or FLOW/RUN, by both, or by neither; and the store that it is in.

    A run that is still running is resumed only with `force`.
    """

    file: str | None
    run: str | None
    store: StoreChoice
    force: bool = False
    changes: Changes = UNCHANGED


class Resumption(NamedTuple):
    """A flow, the run of it that is resumed, and the address of the store that has both runs."""

    flow: FlowFile
    origin: str
    store: str


def find_resumption(choice: ResumeChoice, report: Report) -> Resumption:
    """The chosen run, or the latest that ended before its last step; raises WorkspaceError and CompileError.

    The new run has the configs of the old one, except for those that the choice gives.
    """
    flow = _open(choice.file, choice) if choice.file else None
    store, _ = open_to_read(choice.store, flow.folder if flow else os.curdir)
    flow_name, _, run = (choice.run or "").rpartition("/")
    origin = find_origin(store, flow_name or (flow.name if flow else ""), run, report, choice.force)
    earlier = RunRecord(store, origin).configs_by_name()
    if flow is None or flow.plan.flow.configs:
        configs = choice.changes.configs._replace(earlier=earlier)
        file = choice.file or noted_file(store, origin)
        flow = open_flow(file, choice.store.profile, choice.changes._replace(configs=configs))
    return Resumption(flow, origin["run"], store.url)


def _open(file: str, choice: ResumeChoice) -> FlowFile:
    """The flow in a file. Its configs may no longer be there: those of the run are taken, once it is found."""
    try:
        return open_flow(file, choice.store.profile, choice.changes)
    except CompileError:
        configs = choice.changes.configs._replace(missing="ignore")
        return open_flow(file, choice.store.profile, choice.changes._replace(configs=configs))


def noted_file(store: Store, document: dict[str, Any]) -> str:
    """The flow's file, as the local run noted it; raises UnknownFlowFile."""
    noted = where(store, document["flow"], document["run"])
    if noted is None or not os.path.exists(noted.rpartition(":")[0]):
        raise UnknownFlowFile(document["flow"], document["run"])
    return os.path.relpath(noted)
