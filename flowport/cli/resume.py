"""`flowport resume [FLOW] [RUN]`: a new run that takes over what an earlier one finished and what did not change since."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from flowport.cli.address import LATEST, begun, flows
from flowport.cli.config import find
from flowport.cli.console import complain
from flowport.cli.options import Argument, Command, Option, Values, WrongUse
from flowport.cli.place import TARGET, store_url
from flowport.cli.run import HERE, NOTES, OPTIONS, Origin, execute
from flowport.runtime.local.source import where
from flowport.runtime.records.run_record import document
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.keys import Keys

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store


def resume(values: Values) -> int:
    """Find the run and the flow's file, and run it; the exit status."""
    file, name = _told_apart(values["flow"], values["run"])
    if values["help"] and file is None:
        from flowport.cli.options import page

        print(page(COMMAND))
        return 0
    store = _store(values, file)
    origin = _origin(store, file, name, values["profile"])
    values["flow"] = file or _file(store, origin)
    values["store"] = values["store"] or store.url
    if not values["help"] and not values["quiet"]:
        complain(f"resuming run {origin['run']} of {origin['flow']}")
    return execute(COMMAND, values, Origin(origin["run"], values["from"]))


def _told_apart(first: str | None, second: str | None) -> tuple[str | None, str | None]:
    """The file and the run among two words, in any order."""
    words = [word for word in (first, second) if word is not None]
    files = [word for word in words if word.endswith(".py") or ".py:" in word or os.path.exists(word.partition(":")[0])]
    runs = [word for word in words if word not in files]
    if len(files) > 1 or len(runs) > 1:
        raise WrongUse(f"`{words[1]}` is one argument too many", "flowport resume FILE.py RUN")
    return (files or [None])[0], (runs or [None])[0]  # type: ignore[list-item]


def _store(values: Values, file: str | None) -> Store:
    from flowport.runtime.store.open import open_store

    folder = os.path.dirname(os.path.abspath(file)) if file else os.curdir
    return open_store(store_url(values, find(folder, values["profile"])))


def _origin(store: Store, file: str | None, name: str | None, profile: str | None) -> dict[str, Any]:
    """The document of the run that is meant: the named one, or the latest that did not reach its end."""
    flow, _, run = (name or "").rpartition("/")
    if not flow and file is not None:
        flow = _flow_name(file, profile)
    among = [flow] if flow else flows(store, odd=complain if not run else lambda text: None)
    if run == LATEST and not any(store.exists(Keys(one, run).run()) for one in among):
        run = ""
    if run:
        return _named(store, among, run, f" of {flow}" if flow else "")
    candidates = [document for one in among for document in begun(store, one)]
    candidates.sort(key=lambda document: document["started"], reverse=True)
    found = next((document for document in candidates if _unfinished(store, document)), None)
    if found is None and not candidates:
        raise WrongUse(f"there are no runs{f' of {flow}' if flow else ''} in {store.url}", "flowport run FILE.py")
    if found is None:
        raise WrongUse(
            f"every run{f' of {flow}' if flow else ''} in {store.url} reached its end, so there is nothing to resume",
            "name a run to begin with its results: flowport resume FILE.py RUN",
        )
    return found


def _named(store: Store, among: list[str], run: str, of: str) -> dict[str, Any]:
    """The document of a run that one of these flows has; raises WrongUse when none has it, Corrupt when it cannot be read."""
    found, damage = [], None
    for flow in among:
        try:
            found.append(document(store, Keys(flow, run)))
        except Missing:
            continue
        except Corrupt as error:
            damage = error
    if found:
        return max(found, key=lambda document: document["started"])
    if damage is not None:
        raise damage
    raise WrongUse(f"there is no run `{run}`{of} in {store.url}", f"flowport runs{of.replace(' of', '')}")


def _unfinished(store: Store, document: dict[str, Any]) -> bool:
    """Whether a run did not reach its end; one that cannot be read is said, and not taken."""
    from flowport.runtime.run.reader import ODD, find, reason

    try:
        return not find(store, document["flow"], document["run"], complain).ended
    except ODD as error:
        complain(f"run {document['run']} of {document['flow']} cannot be read: {reason(error)}")
        return False


def _flow_name(file: str, profile: str | None) -> str:
    from flowport.cli.flow_file import open_flow

    return open_flow({"flow": file, "profile": profile}).plan.flow.name


def _file(store: Store, document: dict[str, Any]) -> str:
    """The flow's file, as the local run noted it."""
    noted = where(store, document["flow"], document["run"])
    if noted is None or not os.path.exists(noted.rpartition(":")[0]):
        raise WrongUse(
            f"nothing says where the file of {document['flow']} is on this machine", f"flowport resume FILE.py {document['run']}"
        )
    return os.path.relpath(noted)


COMMAND = Command(
    "resume", "go on from what an earlier run finished", resume,
    (
        Argument("FLOW", "the flow's file; where the run was started from when it is missing", required=False),
        Argument("RUN", "a run's id or FLOW/RUN; the latest that did not reach its end when it is missing", required=False),
    ),
    (*OPTIONS, *HERE, TARGET, Option("from", "this step and what comes after it run again in any case", "STEP")),
    parameters=True,
    notes=("Parameters are those of the earlier run, unless given.", *NOTES),
)  # fmt: skip
