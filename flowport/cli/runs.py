"""`flowport runs [FLOW]`: what ran, and how that went, from the store alone."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flowport.cli.address import flows, survey
from flowport.cli.console import as_json, complain
from flowport.cli.flow_file import PROFILE
from flowport.cli.options import Argument, Command, Option, Values, WrongUse, closest
from flowport.cli.place import STORE, TARGET, open_here
from flowport.runtime.text import shown

if TYPE_CHECKING:
    from flowport.runtime.records.reuse import ReuseCount
    from flowport.runtime.store.interface import Store

SHOWN = 20
"""How many runs are listed, unless all are asked for: the state of each has to be looked up."""

NOTHING: dict[str, Any] = {"started": None, "origin": None, "tags": [], "engine": None, "code": None}
"""What is known of a run whose document is damaged."""

TITLES = ("FLOW", "RUN", "STATUS", "STARTED (UTC)", "TAGS", "FROM", "TAKEN OVER")


def runs(values: Values) -> int:
    """Print a table, or JSON lines, of the latest runs."""
    store = open_here(values)
    known = flows(store)
    if values["flow"] is not None and values["flow"] not in known:
        raise WrongUse(f"no run of `{values['flow']}` is in {store.url}", closest(values["flow"], known) or "flowport runs")
    documents: list[dict[str, Any]] = []
    damaged: list[tuple[str, str]] = []
    older = 0
    for flow in [values["flow"]] if values["flow"] else known:
        whole, broken, left = survey(store, flow, latest=None if values["all"] or values["tag"] else SHOWN)
        older += left
        documents += whole
        damaged += [(flow, run) for run in broken]
    if values["tag"]:
        some, damaged = bool(documents or damaged), []
        documents = [document for document in documents if set(values["tag"]) <= set(document["tags"])]
        if some and not documents and not values["json"]:
            of = f" of {values['flow']}" if values["flow"] else ""
            print(f"no run{of} in {store.url} matches " + " ".join(f"--tag {shown(tag)}" for tag in values["tag"]))
            return 0
    documents.sort(key=lambda document: document["started"], reverse=True)
    latest = documents if values["all"] else documents[:SHOWN]
    rows = [({**document, "taken": taken_over(store, document)}, status(store, document)) for document in latest]
    rows += [({**NOTHING, "flow": flow, "run": run}, "damaged") for flow, run in damaged]
    lines = _as_json(rows) if values["json"] else _as_table(rows, store.url)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    if rows and not values["json"]:
        print(f"store: {shown(store.url)}")
    if older := older + len(documents) - len(latest):
        # Not among the documents of `--json`, whose reader takes each line for a run.
        print(f"{older} older runs: --all", file=sys.stderr if values["json"] else sys.stdout)
    return 0


def status(store: Store, document: dict[str, Any]) -> str:
    """`done`, `failed` when a task gave up, or `unfinished`: it runs still, or was stopped; `unreadable` when its code is gone."""
    from flowport.runtime.records.attempts import failures
    from flowport.runtime.run.reader import ODD, find, reason
    from flowport.runtime.store.keys import Keys

    def odd(key: str) -> None:
        complain(f"`{key}` in {store.url} is nothing that flowport wrote, or damaged")

    try:
        if find(store, document["flow"], document["run"], complain).ended:
            return "done"
        return "failed" if failures(store, Keys(document["flow"], document["run"]), odd) else "unfinished"
    except ODD as error:
        complain(f"run {document['run']} of {document['flow']} cannot be read: {reason(error)}")
        return "unreadable"


def taken_over(store: Store, document: dict[str, Any]) -> ReuseCount | None:
    """How much of a run was taken over from others; None where nothing was."""
    from flowport.runtime.records.reuse import share
    from flowport.runtime.run.reader import ODD
    from flowport.runtime.store.keys import Keys

    try:
        return share(store, Keys(document["flow"], document["run"])) if document["origin"] else None
    except ODD:  # which `status` says
        return None


def _as_json(rows: list[tuple[dict[str, Any], str]]) -> Iterator[str]:
    for document, state in rows:
        keys = ("flow", "run", "started", "origin", "tags", "engine", "code")
        tally = document.get("taken")
        taken = {"items": tally.items, "of": tally.of, "more": tally.more} if tally else None
        yield as_json({**{key: document[key] for key in keys}, "status": state, "taken_over": taken})


def _as_table(rows: list[tuple[dict[str, Any], str]], url: str) -> Iterator[str]:
    if not rows:
        yield f"no runs are in {url}"
        return
    cells: list[tuple[str, ...]] = [TITLES]
    for document, state in rows:
        began = document["started"]
        started = "" if began is None else time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(began))
        tally = document.get("taken")
        share = f"{tally.items} of {tally.of}{'+' if tally.more else ''} items" if tally else ""
        texts = (document["flow"], document["run"], state, started, " ".join(document["tags"]), document["origin"] or "", share)
        cells.append(tuple(map(shown, texts)))
    if not any(row[-1] for row in cells[1:]):
        cells = [row[:-1] for row in cells]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    for row in cells:
        yield "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


COMMAND = Command(
    "runs", "list what ran, the latest first", runs, (Argument("FLOW", "the flow's name; all flows when it is missing", required=False),),
    (
        Option("tag", "only runs with this tag; all of them when repeated", "TAG", many=True),
        Option("all", f"more than the latest {SHOWN}"),
        Option("json", "one JSON document for each run"),
        STORE,
        TARGET,
        PROFILE,
    ),
)  # fmt: skip
