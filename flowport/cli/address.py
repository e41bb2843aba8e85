"""What `logs`, `artifacts` and `resume` are asked about: `FLOW/RUN/STEP/ITEM`, of which the last parts may be missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.cli.options import Argument, WrongUse, closest
from flowport.runtime.address import Keys, part, unpart
from flowport.runtime.store import Missing

if TYPE_CHECKING:
    from flowport.runtime.reader import Run
    from flowport.runtime.store import Store

ADDRESS = Argument("FLOW/RUN/STEP/ITEM", "what is meant, from the left; the latest run of the flow when no run is named")

OUTSIDE = ("blobs", "code", "tmp")
"""The folders of a store that are not flows."""


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


def flows(store: Store) -> list[str]:
    """The flows that ran."""
    return [unpart(name) for name in store.folders("") if name not in OUTSIDE]


def begun(store: Store, flow: str) -> Iterator[dict[str, Any]]:
    """The documents of a flow's runs whose first task began, the latest first; without those that are damaged."""
    return iter(survey(store, flow)[0])


def survey(store: Store, flow: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The documents of a flow's runs, the latest first, and the ids of the runs whose document is damaged."""
    found, damaged = [], []
    for run in map(unpart, store.folders(part(flow) + "/")):
        try:
            document = json.loads(store.read(Keys(flow, run).run()))
        except Missing:
            continue
        except ValueError:
            document = None
        if _is_whole(document):
            found.append(document)
        else:
            damaged.append(run)
    return sorted(found, key=lambda document: (document["started"], document["run"]), reverse=True), damaged


WHOLE: dict[str, tuple[type, ...]] = {
    "flow": (str,),
    "run": (str,),
    "code": (str,),
    "engine": (str, type(None)),
    "started": (int, float),
    "origin": (str, type(None)),
    "tags": (list,),
    "parameters": (dict,),
}
"""What the document of a run says."""


def _is_whole(document: object) -> bool:
    return isinstance(document, dict) and all(isinstance(document.get(key, ...), kinds) for key, kinds in WHOLE.items())


def the_run(store: Store, address: Address) -> Run:
    """The run of an address, or the flow's latest; raises WrongUse when there is none."""
    from flowport.runtime.reader import find

    name = address.run
    if name is None:
        name = next((document["run"] for document in begun(store, address.flow)), None)
    if name is not None and store.exists(Keys(address.flow, name).run()):
        return find(store, address.flow, name)
    if address.flow not in flows(store):
        raise WrongUse(f"no run of `{address.flow}` is in {store.url}", closest(address.flow, flows(store)) or "flowport runs")
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
    from flowport.runtime.lineage import Lineage

    if item.startswith("s"):
        return item
    scopes = run.program.step(step)["sites"][step]["scopes"]
    for slice in slices(run, step):
        lineage = Lineage(run.manifests, scopes, slice)
        rows = lineage.frames[-1].size if lineage.frames else 1
        if any(lineage.address(row) == item for row in range(rows)):
            return slice
    raise WrongUse(
        f"step `{step}` has no item `{item}` in run `{run.doc['run']}`", f"flowport logs {run.plan['flow']}/{run.doc['run']}/{step}"
    )


def slices(run: Run, step: str) -> list[str]:
    """The slices of a step that did anything: those with a manifest and those with a log, in their order."""
    from flowport.runtime.reader import order

    logged = {name[: -len(".log")] for name in run.store.folders(run.keys.step(step)) if name.endswith(".log")}
    return sorted(logged | set(run.slices(step)), key=order)
