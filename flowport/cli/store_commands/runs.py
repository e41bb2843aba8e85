"""`flowport runs [FLOW]`: what ran, and how that went, from the store alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from flowport.cli import shared_options as shared
from flowport.cli.command import Argument, Command
from flowport.cli.completers import addresses
from flowport.cli.console import as_json, warn
from flowport.cli.loading import store_to_read
from flowport.cli.store_commands.runs_request import RunsRequest
from flowport.runtime.text import shown
from flowport.workspace.errors import UnknownFlow
from flowport.workspace.runs import earlier_runs, flows, status, surveys, taken_over, with_tags
from flowport.workspace.times import age, duration, moment

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

SHOWN = 20
"""How many runs are listed, without `--all`: the status of each takes several requests."""

NOTHING: dict[str, Any] = {
    "started": None,
    "ended": None,
    "seconds": None,
    "seen": None,
    "target": None,
    "origin": None,
    "taken_over": None,
    "tags": [],
    "engine": None,
    "code": None,
}
"""What is known of a run whose document is damaged."""

TITLES = ("FLOW", "RUN", "STATUS", "STARTED (UTC)", "DURATION", "LAST SIGN", "TAGS", "FROM", "TAKEN OVER")

OPTIONAL = ("LAST SIGN", "TAKEN OVER")
"""Columns that are left out where they are empty for all runs."""


def runs(request: RunsRequest) -> int:
    """Print a table, or JSON lines, of the latest runs."""
    store = store_to_read(request.store, request.target, request.profile)
    known = flows(store, warn)
    if request.flow is not None and request.flow not in known:
        raise UnknownFlow(request.flow, store.url, known)
    among = [request.flow] if request.flow else known
    if request.where is not None or request.columns is not None or request.sort is not None or request.csv:
        from flowport.cli.store_commands.runs_table import print_table

        return print_table(request, store, among)
    number = None if request.all else request.number or SHOWN
    documents: list[dict[str, Any]] = []
    damaged: list[tuple[str, str]] = []
    older = 0
    if request.tags:
        for flow in among:
            documents += islice(with_tags(store, flow, request.tags), None if number is None else number + 1)
    else:
        for found in surveys(store, among, warn, latest=number):
            older += found.older
            documents += found.documents
            damaged += [(found.flow, run) for run in found.damaged]
    if request.tags and known and not documents and not request.json:
        of = f" of {request.flow}" if request.flow else ""
        print(f"no run{of} in {store.url} matches " + " ".join(f"--tag {shown(tag)}" for tag in request.tags))
        return 0
    documents.sort(key=lambda document: document["started"], reverse=True)
    latest = documents[:number]
    rows = [_row(store, document) for document in latest]
    rows += [{**NOTHING, "flow": flow, "run": run, "status": "damaged"} for flow, run in damaged]
    if not request.flow and not request.tags:
        for flow, number in earlier_runs(store):
            warn(f"{flow} has {number} run{'s' * (number > 1)} of an earlier version of flowport, which this version does not read")
    lines = _as_json(rows) if request.json else _as_table(rows, store.url)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    if rows and not request.json:
        print(f"store: {shown(store.url)}")
    if older := older + len(documents) - len(latest):
        # Not among the documents of `--json`, whose reader takes each line for a run.
        print(f"{'' if request.tags else f'{older} '}older runs: --all", file=sys.stderr if request.json else sys.stdout)
    return 0


def _row(store: Store, document: dict[str, Any]) -> dict[str, Any]:
    """What is listed of a run."""
    found, reuse = status(store, document, warn), taken_over(store, document)
    return {
        **{key: document[key] for key in NOTHING if key in document},
        "flow": document["flow"],
        "run": document["run"],
        "status": found.status if found else "unreadable",
        "ended": found.seen if found and found.is_over else None,
        "seconds": round(found.seconds(document["started"]), 3) if found else None,
        "seen": found.seen if found else None,
        "taken_over": {"items": reuse.items, "of": reuse.of, "more": reuse.more} if reuse else None,
    }


def _as_json(rows: list[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield as_json({key: row[key] for key in ("flow", "run", "status", *NOTHING)})


def _as_table(rows: list[dict[str, Any]], url: str) -> Iterator[str]:
    if not rows:
        yield f"no runs are in {url}"
        return
    cells: list[tuple[str, ...]] = [TITLES]
    for row in rows:
        started = "" if row["started"] is None else moment(row["started"])
        took = "" if row["seconds"] is None else duration(row["seconds"])
        reuse = row["taken_over"]
        share = f"{reuse['items']} of {reuse['of']}{'+' if reuse['more'] else ''} items" if reuse else ""
        seen = f"{age(row['seen'])} ago" if row["seen"] and row["status"] in ("running", "lost") else ""
        texts = (row["flow"], row["run"], row["status"], started, took, seen, " ".join(row["tags"]), row["origin"] or "", share)
        cells.append(tuple(map(shown, texts)))
    shown_columns = [number for number, title in enumerate(TITLES) if title not in OPTIONAL or any(row[number] for row in cells[1:])]
    cells = [tuple(row[number] for number in shown_columns) for row in cells]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    for line in cells:
        yield "  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()


COMMAND = Command(
    "runs",
    "List runs",
    RunsRequest,
    runs,
    (
        Argument("flow", "The name of the flow. Default: all flows.", required=False, shell_complete=addresses),
        click.Option(
            ["--tag", "tags"],
            metavar="TAG",
            multiple=True,
            help="List only runs with this tag, such as `nightly` or `user:jane`. Repeat it for runs with all of the tags.",
        ),
        click.Option(
            ["--where"],
            metavar="CONDITION",
            help="List only runs for which this holds, such as `accuracy > 0.95 and max_depth = 6`: see docs/metrics.md.",
        ),
        click.Option(
            ["--columns"],
            metavar="NAMES",
            help="Show these columns: parameters, metrics, artifacts of the last step, and fields of runs, such as `run,accuracy`.",
        ),
        click.Option(["--sort"], metavar="NAME", help="Sort by this column, the least first; with `-` before it, the greatest."),
        click.Option(["-n", "--number"], metavar="N", type=shared.count, help=f"List at most N runs. Default: {SHOWN}."),
        click.Option(["--all"], is_flag=True, help="List all runs."),
        click.Option(["--json"], is_flag=True, help="Print one JSON document for each run."),
        click.Option(["--csv"], is_flag=True, help="Print a table with commas, of all runs unless -n says otherwise."),
        *shared.store_to_read(),
    ),
    examples=(
        "flowport runs",
        "flowport runs DigitsFlow --tag nightly",
        "flowport runs TrainFlow --where 'accuracy > 0.95' --sort -accuracy",
        "flowport runs --target argo --profile prod",
    ),
)
