"""What `logs`, `artifacts` and `resume` are asked about: `FLOW/RUN/STEP/ITEM`, of which the last parts may be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.cli.console import complain
from flowport.cli.options import Argument, WrongUse, closest
from flowport.cli.place import tells_time
from flowport.runtime.records.run_record import document
from flowport.runtime.records.slices import pieces
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.store.keys import FLOWS, Keys, names, runs_folder

if TYPE_CHECKING:
    from flowport.runtime.run.reader import Odd, Run
    from flowport.runtime.store.interface import Store

ADDRESS = Argument("FLOW/RUN/STEP/ITEM", "what is meant, from the left; RUN may be `latest`, which is also taken when no run is named")

LATEST = "latest"
"""Stands for the latest run of a flow, unless a run is called that."""


class Address(NamedTuple):
    """The parts of an address; None for those that are missing."""

    flow: str
    run: str | None = None
    step: str | None = None
    item: str | None = None

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address that a user wrote; raises WrongUse."""
        parts = text.strip("/").split("/")
        if len(parts) > 4 or not all(parts):
            raise WrongUse(
                f"`{text}` is not an address", "FLOW/RUN/STEP/ITEM, from the left, such as DigitsFlow/20261121-071334-c8996f/train/r.3"
            )
        return cls(*parts)


def flows(store: Store, odd: Odd = complain) -> list[str]:
    """The flows that ran."""
    found, strange = names(store.folders(FLOWS))
    for folder in strange:
        odd(f"`{FLOWS}{folder}/` in {store.url} is nothing that flowport wrote")
    return found


def begun(store: Store, flow: str, odd: Odd = complain, latest: int | None = None) -> list[dict[str, Any]]:
    """The documents of a flow's runs whose first task began, the latest first; without those that are damaged."""
    return survey(store, flow, odd, latest)[0]


def survey(store: Store, flow: str, odd: Odd = complain, latest: int | None = None) -> tuple[list[dict[str, Any]], list[str], int]:
    """The documents of a flow's runs, the latest first, and the ids of the runs whose document is damaged; `odd` hears why.

    Of the ids that `flowport run` makes, which begin with the time, no more than the `latest` are read, which spares a request for each
    of the others; the third value is their number.
    """
    found, damaged = [], []
    try:
        runs, strange = names(store.folders(runs_folder(flow)))
    except StoreError as error:
        odd(str(error))
        return [], [], 0
    for folder in strange:
        odd(f"`{runs_folder(flow)}{folder}/` in {store.url} is nothing that flowport wrote")
    older = sorted(filter(tells_time, runs))[:-latest] if latest else []
    for run in [run for run in runs if run not in set(older)]:
        try:
            found.append(document(store, Keys(flow, run)))
        except Missing:
            continue
        except (Corrupt, StoreError) as error:
            odd(str(error))
            damaged.append(run)
    return sorted(found, key=lambda document: (document["started"], document["run"]), reverse=True), damaged, len(older)


def the_run(store: Store, address: Address) -> Run:
    """The run of an address, or the flow's latest; raises WrongUse when there is none."""
    from flowport.runtime.run.reader import find

    name = address.run
    if name == LATEST and not store.exists(Keys(address.flow, name).run()):
        name = None
    if name is None:
        # The newest may not have begun.
        name = next((one["run"] for latest in (1, None) for one in begun(store, address.flow, latest=latest)), None)
    if name is not None and store.exists(Keys(address.flow, name).run()):
        return find(store, address.flow, name, complain)
    known = flows(store, odd=lambda text: None)
    if address.flow not in known:
        raise WrongUse(f"no run of `{address.flow}` is in {store.url}", closest(address.flow, known) or "flowport runs")
    if name is None:
        raise WrongUse(f"no run of {address.flow} in {store.url} can be read", f"flowport runs {address.flow}")
    raise WrongUse(f"there is no run `{name}` of {address.flow} in {store.url}", f"flowport runs {address.flow}")


def the_step(run: Run, name: str) -> str:
    """A step of a run's flow; raises WrongUse."""
    if name not in run.plan["steps"]:
        raise WrongUse(
            f"`{name}` is not a step of {run.plan['flow']}",
            closest(name, run.plan["steps"]) or "its steps are " + ", ".join(run.plan["steps"]),
        )
    return name


def slice_of(run: Run, step: str, item: str) -> str:
    """The slice that an item is in; a slice may also be named itself. Raises WrongUse."""
    if pieces(item, "s") is not None and item in slices(run, step):
        return item
    place = run.locate(step, item)
    if place is None:
        raise WrongUse(
            f"step `{step}` has no item `{item}` in run `{run.doc['run']}`", f"flowport logs {run.plan['flow']}/{run.doc['run']}/{step}"
        )
    return place[0]


def slices(run: Run, step: str) -> list[str]:
    """The slices of a step that did anything: those with a manifest and those with a log, in their order."""
    from flowport.runtime.run.reader import order

    folders: list[str] = run.guarded(f"step `{step}`", lambda: run.store.folders(run.keys.step(step)), [])
    logged = {name[: -len(".log")] for name in folders if name.endswith(".log")}
    for name in sorted(logged):
        if pieces(name, "s") is None:
            complain(f"`{run.keys.step(step)}{name}.log/` is nothing that flowport wrote")
            logged.remove(name)
    return sorted(logged | set(run.slices(step)), key=order)
