"""Which run is resumed, and where the file of its flow is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.project.errors import UnknownFlowFile
from flowport.project.flow_file import UNCHANGED, Changes, FlowFile, open_flow
from flowport.project.runs import find_origin
from flowport.project.stores import StoreChoice, open_to_read
from flowport.runtime.local.source import where

if TYPE_CHECKING:
    from flowport.project.runs import Report
    from flowport.runtime.store.interface import Store


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
    """The chosen run, or the latest that ended before its last step; raises ProjectError and CompileError."""
    flow = open_flow(choice.file, choice.store.profile, choice.changes) if choice.file else None
    store, _ = open_to_read(choice.store, flow.folder if flow else os.curdir)
    flow_name, _, run = (choice.run or "").rpartition("/")
    origin = find_origin(store, flow_name or (flow.name if flow else ""), run, report, choice.force)
    return Resumption(flow or open_flow(_file(store, origin), choice.store.profile, choice.changes), origin["run"], store.url)


def _file(store: Store, document: dict[str, Any]) -> str:
    """The flow's file, as the local run noted it."""
    noted = where(store, document["flow"], document["run"])
    if noted is None or not os.path.exists(noted.rpartition(":")[0]):
        raise UnknownFlowFile(document["flow"], document["run"])
    return os.path.relpath(noted)
