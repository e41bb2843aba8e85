"""The runs of a store: which there are, which one an address names, and how each of them went. What is damaged goes to `report`."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.runtime.records.run_record import document
from flowport.runtime.records.slices import pieces
from flowport.runtime.run import tags as run_tags
from flowport.runtime.run.history import History
from flowport.runtime.run.parameters import ParameterError
from flowport.runtime.run.reader import UNREADABLE, find, order, reason
from flowport.runtime.run.status import RunStatus, run_status
from flowport.runtime.run.tags import read_tags
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.store.keys import FLOWS, LOG, Keys, names, part, runs_folder
from flowport.workspace.address import LATEST, Address
from flowport.workspace.errors import (
    BadTags,
    EveryRunDone,
    IsSpin,
    NoRuns,
    StillRunning,
    UnknownFlow,
    UnknownItem,
    UnknownRun,
    UnknownStep,
    UnreadableRuns,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from typing import TypeAlias

    from flowport.runtime.records.reuse import ReuseCount
    from flowport.runtime.run.reader import Run
    from flowport.runtime.store.interface import Store

    Report: TypeAlias = Callable[[str], None]
    """Called with a sentence about something in the store that cannot be read."""

BESIDE = ("blobs", "code", "flows", "tmp")
"""The folders of a store. Before records had version 2, each flow had a folder beside them."""


class Survey(NamedTuple):
    """The runs of a flow: the documents of those that began, the latest first; the ids of damaged ones; and how many were not read."""

    flow: str
    documents: list[dict[str, Any]]
    damaged: list[str]
    older: int


def flows(store: Store, report: Report) -> list[str]:
    """The flows that ran."""
    found, strange = names(store.folders(FLOWS))
    for folder in strange:
        report(f"`{FLOWS}{folder}/` in {store.url} was not written by flowport")
    return found


def earlier_runs(store: Store) -> list[tuple[str, int]]:
    """The flows with runs of an earlier version of flowport, which this version does not read, and how many runs each has."""
    found = []
    for flow in [name for name in names(store.folders(""))[0] if name not in BESIDE]:
        runs = [run for run in names(store.folders(f"{part(flow)}/"))[0] if store.exists(f"{part(flow)}/{part(run)}/run.json")]
        if runs:
            found.append((flow, len(runs)))
    return found


def survey(store: Store, flow: str, report: Report, latest: int | None = None) -> Survey:
    """The runs of a flow. With `latest` only so many are read, the last that started; and those that are not in the index.

    Raises StoreError if they cannot be listed.
    """
    found, damaged = [], []
    runs, strange = names(store.folders(runs_folder(flow)))
    for folder in strange:
        report(f"`{runs_folder(flow)}{folder}/` in {store.url} was not written by flowport")
    older = set(islice(History(store, flow).listed(), latest, None)) if latest else set()
    for run in [run for run in runs if run not in older]:
        try:
            one = document(store, Keys(flow, run))
            found.append({**one, "tags": read_tags(store, Keys(flow, run), one)})
        except Missing:
            continue
        except (Corrupt, StoreError) as error:
            report(str(error))
            damaged.append(run)
    return Survey(flow, sorted(found, key=_began, reverse=True), damaged, len(older))


def surveys(store: Store, among: Sequence[str], report: Report, latest: int | None = None) -> Iterator[Survey]:
    """The runs of each of several flows. Those that cannot be listed are reported, and of one flow alone this raises StoreError."""
    for flow in among:
        try:
            yield survey(store, flow, report, latest)
        except StoreError as error:
            if len(among) == 1:
                raise
            report(str(error))


def with_tags(store: Store, flow: str, tags: Collection[str]) -> Iterator[dict[str, Any]]:
    """The documents of the runs of a flow that have all of these tags, system tags included, the latest first."""
    for run in History(store, flow).runs(tags):
        one = document(store, Keys(flow, run))
        yield {**one, "tags": tags_of(store, one)}


def _began(document: dict[str, Any]) -> tuple[float, str]:
    return document["started"], document["run"]


def find_run(store: Store, address: Address, report: Report) -> Run:
    """The run of an address, or the flow's latest; raises UnknownFlow, UnknownRun, UnreadableRuns or StoreError."""
    return find(store, address.flow, _find_id(store, address, report), report)


def find_record(store: Store, address: Address, report: Report) -> dict[str, Any]:
    """The document of that run. Its code need not be there."""
    return document(store, Keys(address.flow, _find_id(store, address, report)))


def _find_id(store: Store, address: Address, report: Report) -> str:
    name = address.run
    if name == LATEST and not store.exists(Keys(address.flow, name).run()):
        name = None
    if name is None:
        # The newest may not have begun.
        name = next((one["run"] for latest in (1, None) for one in survey(store, address.flow, report, latest).documents), None)
    if name is not None and store.exists(Keys(address.flow, name).run()):
        return name
    known = flows(store, report=lambda text: None)
    if address.flow not in known:
        raise UnknownFlow(address.flow, store.url, known)
    if name is None:
        raise UnreadableRuns(address.flow, store.url)
    raise UnknownRun(name, address.flow, store.url)


def find_step(run: Run, name: str) -> str:
    """A step of a run's flow; raises UnknownStep."""
    if name not in run.plan["steps"]:
        raise UnknownStep(name, run.plan["flow"], run.plan["steps"])
    return name


def slice_of(run: Run, step: str, item: str, report: Report) -> str:
    """The slice that an item is in, or the first of several, `r.30..r.39`; a slice may also be named itself. Raises UnknownItem."""
    if pieces(item, "s") is not None and item in slices(run, step, report):
        return item
    place = run.locate(step, item.partition("..")[0])
    if place is None:
        raise UnknownItem(item, step, run.plan["flow"], run.doc["run"])
    return place[0]


def slices(run: Run, step: str, report: Report) -> list[str]:
    """The slices of a step that did anything: those with a manifest and those with a log, in their order."""
    folders: list[str] = run.guarded(f"step `{step}`", lambda: run.store.folders(run.keys.step(step)), [])
    logged = {name[: -len(LOG)] for name in folders if name.endswith(LOG)}
    for name in sorted(logged):
        if pieces(name, "s") is None:
            report(f"`{run.keys.logs(step, name)}` was not written by flowport")
            logged.remove(name)
    return sorted(logged | set(run.slices(step)), key=order)


def status(store: Store, document: dict[str, Any], report: Report) -> RunStatus | None:
    """The status of a run; None if its documents cannot be read, which `report` is called with."""

    def strange(key: str) -> None:
        report(f"`{key}` in {store.url} was not written by flowport, or damaged")

    try:
        return run_status(store, Keys(document["flow"], document["run"]), document, strange)
    except UNREADABLE as error:
        report(f"run {document['run']} of {document['flow']} cannot be read: {reason(error)}")
        return None


class TagChange(NamedTuple):
    """Tags that are removed, and tags that are added."""

    remove: tuple[str, ...] = ()
    add: tuple[str, ...] = ()


def tags_of(store: Store, record: dict[str, Any]) -> list[str]:
    """The tags of the run with the document `record`, without system tags."""
    return read_tags(store, Keys(record["flow"], record["run"]), record)


def change_tags(store: Store, record: dict[str, Any], change: TagChange) -> list[str]:
    """Change the tags of a run; those that it has then. Raises BadTags."""
    try:
        return run_tags.change_tags(store, Keys(record["flow"], record["run"]), record, change.remove, change.add)
    except ParameterError as error:
        raise BadTags(str(error)) from None


def taken_over(store: Store, document: dict[str, Any]) -> ReuseCount | None:
    """How much of a run was taken over from others; None if nothing was."""
    from flowport.runtime.records.reuse import share

    try:
        return share(store, Keys(document["flow"], document["run"])) if document["origin"] else None
    except UNREADABLE:  # which `status` says
        return None


def find_origin(store: Store, flow: str, run: str, report: Report, force: bool = False) -> dict[str, Any]:
    """The document of the run to resume: the named one, or the latest that ended before its last step. `flow` and `run` may be "".

    Raises StillRunning when the named run is running, unless `force`; and StoreError.
    """
    among = [flow] if flow else flows(store, report=report if not run else lambda text: None)
    if run == LATEST and not any(store.exists(Keys(one, run).run()) for one in among):
        run = ""
    if run:
        named = named_run(store, among, run, flow)
        if not force and (found := status(store, named, report)) is not None and found.status == "running":
            raise StillRunning(named["flow"], named["run"], found.seen)
        return named
    candidates = [document for found in surveys(store, among, report) for document in found.documents]
    candidates.sort(key=lambda document: document["started"], reverse=True)
    origin = next((document for document in candidates if _unfinished(store, document, report)), None)
    if origin is None and not candidates:
        raise NoRuns(flow, store.url)
    if origin is None:
        raise EveryRunDone(flow, store.url)
    return origin


def named_run(store: Store, among: list[str], run: str, flow: str) -> dict[str, Any]:
    """The document of a run that one of these flows has; raises UnknownRun when none has it, IsSpin, and Corrupt when it cannot be read."""
    found, damage = [], None
    for one in among:
        try:
            found.append(document(store, Keys(one, run)))
        except Missing:
            continue
        except Corrupt as error:
            damage = error
    if found:
        latest = max(found, key=lambda document: float(document["started"]))
        if spin := latest.get("spin"):
            raise IsSpin(run, spin["run"])
        return latest
    if damage is not None:
        raise damage
    raise UnknownRun(run, flow, store.url)


def _unfinished(store: Store, document: dict[str, Any], report: Report) -> bool:
    """Whether a run ended before its last step. A run that cannot be read is reported, and does not count."""
    found = status(store, document, report)
    return found is not None and found.status not in ("running", "done")


def names_in(store: Store, begun: str, newest: int) -> Iterator[str]:
    """The addresses that begin as `begun`: flows and the `newest` runs of each, and the steps of a run that is named."""
    parts = begun.split("/")
    for flow in flows(store, report=lambda text: None):
        yield flow
        if len(parts) < 3 and (flow.startswith(parts[0]) if len(parts) == 1 else flow == parts[0]):
            runs, _ = names(store.folders(runs_folder(flow)))
            yield from (f"{flow}/{run}" for run in (LATEST, *sorted(runs, reverse=True)[:newest]))
    if len(parts) == 3:
        steps, _ = names(store.folders(Keys(parts[0], parts[1]).steps))
        yield from (f"{parts[0]}/{parts[1]}/{step}" for step in steps)
