"""Which item a spin runs again: by the names of a user, or the item of the newest run that is of most interest."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.runtime.records.run_record import RunRecord
from flowport.runtime.run import items
from flowport.runtime.run.history import History
from flowport.runtime.run.reader import Run, find
from flowport.runtime.store.keys import Keys, part
from flowport.workspace.address import LATEST
from flowport.workspace.errors import NotAnAddress, OtherFlow, StepNeverRan, UnknownItem, UnknownStep
from flowport.workspace.flow_file import UNCHANGED, Changes, FlowFile, open_flow
from flowport.workspace.resume import noted_file
from flowport.workspace.runs import flows, named_run
from flowport.workspace.stores import StoreChoice, open_to_read

if TYPE_CHECKING:
    from flowport.runtime.run.items import ItemReader
    from flowport.runtime.store.interface import Store
    from flowport.workspace.runs import Report


class SpinNames(NamedTuple):
    """What a user says of the item: the step, and the flow, run and item as far as they are named. `run` may be `latest`."""

    step: str
    flow: str | None = None
    run: str | None = None
    item: str | None = None

    @classmethod
    def parse(cls, text: str, flow: str | None) -> SpinNames:
        """STEP, RUN/STEP, RUN/STEP/ITEM, FLOW/RUN/STEP or FLOW/RUN/STEP/ITEM, as in Metaflow; `flow` is the name of the flow's file."""
        parts = text.strip("/").split("/")
        if len(parts) > 4 or not all(parts):
            raise NotAnAddress(text)
        if len(parts) == 1:
            return cls(parts[0])
        if len(parts) == 2:
            return cls(parts[1], None, parts[0])
        if len(parts) == 3 and (parts[2] == "r" or parts[2].startswith("r.")) and parts[0] != flow:
            return cls(parts[1], None, parts[0], parts[2])
        return cls(parts[2], parts[0], parts[1], *parts[3:])


class SpinChoice(NamedTuple):
    """A request for a spin: the flow's file, unless the run says where it is; what is named; and the store that the run is in."""

    file: str | None
    text: str
    run: str | None
    item: str | None
    store: StoreChoice
    changes: Changes = UNCHANGED


class Past(NamedTuple):
    """The item that runs again. `step_items` is the number of items that its step has in the run."""

    run: Run
    item: ItemReader
    step_items: int


class Spin(NamedTuple):
    """A flow as it is now, and the item of an earlier run of it."""

    flow: FlowFile
    past: Past


def choose(choice: SpinChoice, report: Report) -> Spin:
    """The item that a request means; raises WorkspaceError and CompileError."""
    flow = _opened(choice.file, choice) if choice.file else None
    names = SpinNames.parse(choice.text, flow.name if flow else None)
    named_flow, _, run = (choice.run or names.run or "").rpartition("/")
    names = names._replace(flow=named_flow or names.flow, run=run or None, item=choice.item or names.item)
    if flow is not None and names.flow not in (None, flow.name):
        raise OtherFlow(choice.file or "", flow.name, names.flow or "")
    if flow is not None:
        _check_step(flow, names.step)
    store, _ = open_to_read(choice.store, flow.folder if flow else os.curdir)
    found = _find_run(store, names, flow.name if flow else names.flow, report)
    if flow is None or flow.plan.flow.configs:
        configs = choice.changes.configs._replace(earlier=RunRecord(store, found.doc).configs_by_name())
        file = choice.file or noted_file(store, found.doc)
        flow = open_flow(file, choice.store.profile, choice.changes._replace(configs=configs))
    _check_step(flow, names.step)
    return Spin(flow, _find_item(found, names.step, names.item))


def _check_step(flow: FlowFile, name: str) -> None:
    steps = [step.name for step in flow.plan.flow.steps]
    if name not in steps:
        raise UnknownStep(name, flow.name, steps)


def _opened(file: str, choice: SpinChoice) -> FlowFile:
    """The flow in a file. Its configs may no longer be there: those of the run are taken, once it is found."""
    try:
        return open_flow(file, choice.store.profile, choice.changes)
    except CompileError:
        configs = choice.changes.configs._replace(missing="ignore")
        return open_flow(file, choice.store.profile, choice.changes._replace(configs=configs))


def _find_run(store: Store, names: SpinNames, flow: str | None, report: Report) -> Run:
    """The run that is named, or the newest one in which the step ran."""
    among = [flow] if flow else flows(store, report)
    if names.run == LATEST and not any(store.exists(Keys(one, LATEST).run()) for one in among):
        names = names._replace(run=None)
    if names.run is not None:
        document = named_run(store, among, names.run, flow or "")
        return find(store, document["flow"], names.run, report)
    newest = [next(_runs_with(store, one, names.step, report), None) for one in among]
    runs = sorted((run for run in newest if run is not None), key=lambda run: float(run.doc["started"]))
    if not runs:
        raise StepNeverRan(names.step, flow or "", "", store.url)
    return runs[-1]


def _runs_with(store: Store, flow: str, step: str, report: Report) -> Iterator[Run]:
    """The runs of a flow in which a step left something, the newest first."""
    for run in History(store, flow).runs():
        if part(step) in store.folders(Keys(flow, run).steps):
            yield find(store, flow, run, report)


def _find_item(run: Run, step: str, address: str | None) -> Past:
    """The item that is named; without one the first that failed, else the first of all."""
    found = list(items.items(run, step))[::-1] if step in run.steps() else []
    if not found:
        raise StepNeverRan(step, run.plan["flow"], run.doc["run"], run.store.url, tuple(run.steps()))
    if address is not None:
        item = items.item(run, step, address)
        if item is None:
            raise UnknownItem(address, step, run.plan["flow"], run.doc["run"])
        return Past(run, item, len(found))
    done = set(run.slices(step))
    left = [item for item in found if item.slice not in done]
    return Past(run, next((item for item in left if item.failure is not None), (left or found)[0]), len(found))
