"""`flowport status FLOW/RUN`: how far a run is, step by step, from the store alone."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from flowport.cli import shared_options as shared
from flowport.cli.advice import WrongUse
from flowport.cli.command import Argument, Command
from flowport.cli.completers import addresses
from flowport.cli.console import as_json, warn
from flowport.cli.loading import store_to_read
from flowport.cli.operations.engine_run import engine_lines, engine_view
from flowport.runtime.records.attempts import failures
from flowport.runtime.records.hooks import read_outcomes
from flowport.runtime.run.status import STOPPED
from flowport.runtime.text import shown
from flowport.workspace.address import Address
from flowport.workspace.errors import UnknownFlow, UnknownRun
from flowport.workspace.progress import step_progress
from flowport.workspace.runs import find_run, tags_of
from flowport.workspace.runs import status as status_of
from flowport.workspace.times import age, duration, moment

if TYPE_CHECKING:
    from flowport.runtime.run.reader import Run

SHOWN = 10
"""How many failed items are shown; as JSON there are all."""


class StatusRequest(NamedTuple):
    """A run in a store, the latest of its flow unless one is named."""

    address: Address
    watch: bool
    json: bool
    store: str | None
    target: str | None
    profile: str | None


def status(request: StatusRequest) -> int:
    """Print the steps of a run with the items that are done and those that failed; 1 when something of it is damaged."""
    address = request.address
    if address.step is not None:
        named = "/".join(part for part in address if part is not None)
        raise WrongUse(f"`{named}` names a step, but `status` shows a whole run", f"flowport status {address.flow}/{address.run}")
    store = store_to_read(request.store, request.target, request.profile)
    if request.watch:
        from flowport.cli.store_commands.watch import watch

        watch(store, address)
    try:
        run = find_run(store, address, warn)
    except (UnknownFlow, UnknownRun):
        begun = engine_view(address, request.target, request.profile, request.store)
        if begun is None or begun["run"] is None:
            raise
        return _print_waiting(address, begun, store.url, request.json)
    found = _document(run, f" --store {quote(request.store)}" if request.store else "")
    found["engine"] = engine_view(address._replace(run=run.doc["run"]), request.target, request.profile, request.store)
    if request.json:
        print(as_json(found, indent=2))
    else:
        _print(found, run.store.url)
    return int(run.damaged or (request.watch and found["status"] != "done"))


def _document(run: Run, again: str) -> dict[str, Any]:
    """What there is to say, as the JSON has it."""
    failed = failures(run.store, run.keys, lambda key: warn(f"`{key}` was not written by flowport"))
    found = status_of(run.store, run.doc, warn)
    state = found.status if found else "unreadable"
    return {
        "flow": run.doc["flow"],
        "run": run.doc["run"],
        "status": state,
        "target": run.doc["target"],
        "started": run.doc["started"],
        "ended": found.seen if found and found.is_over else None,
        "seconds": round(found.seconds(run.doc["started"]), 3) if found else None,
        "seen": found.seen if found else None,
        "origin": run.doc["origin"],
        "triggers": run.doc["triggers"] or [],
        "tags": tags_of(run.store, run.doc),
        "steps": [
            {**step._asdict(), "seconds": None if step.started is None else round((step.ended or step.started) - step.started, 3)}
            for step in step_progress(run, failed, state == "running")
        ],
        "failures": [{name: failure[name] for name in ("step", "item", "type", "message")} for failure in failed],
        "hooks": [outcome._asdict() for outcome in read_outcomes(run.store, run.keys)],
        "resume": None if state in ("done", "running") else f"flowport resume {run.doc['flow']}/{run.doc['run']}{again}",
    }


def _print_waiting(address: Address, begun: dict[str, Any], url: str, json: bool) -> int:
    """A run that its engine knows, and whose first task has not begun."""
    if json:
        print(as_json({"flow": address.flow, "run": address.run, "status": "waiting", "engine": begun}, indent=2))
        return 0
    print(shown(f"{address.flow}/{address.run}: not begun"))
    print("\n".join(engine_lines(begun, "waiting")))
    print(f"store: {shown(url)}")
    return 0


TITLES = ("STEP", "STATUS", "DONE", "FAILED", "TAKEN OVER", "TASKS RUNNING", "TASKS LOST", "DURATION")


def _trigger(each: dict[str, Any]) -> str:
    return f"{each['flow']}/{each['run']}" if each["type"] == "run" else f"the event {each['name']}"


def _print(found: dict[str, Any], url: str) -> None:
    print(shown(f"{found['flow']}/{found['run']}: {found['status']}") + _times(found))
    for line in engine_lines(found["engine"], found["status"]):
        print(line)
    if found["origin"]:
        print(shown(f"resumes run {found['origin']}"))
    if found["triggers"]:
        print(shown(f"triggered by {', '.join(map(_trigger, found['triggers']))}"))
    rows = [_cells(step) for step in found["steps"]]
    columns = [column for column in range(len(TITLES)) if column < 3 or any(row[column] for row in rows)]
    widths = [max(len(row[column]) for row in (TITLES, *rows)) for column in range(len(TITLES))]
    print()
    for row in (TITLES, *rows):
        cells = [row[column].ljust(widths[column]) if column < 2 else row[column].rjust(widths[column]) for column in columns]
        print(shown("  ".join(cells).rstrip()))
    if found["failures"]:
        print()
    for failure in found["failures"][:SHOWN]:
        print(shown(f"{failure['step']}/{failure['item']} {_reason(failure)}"))
    if len(found["failures"]) > SHOWN:
        print(f"{len(found['failures']) - SHOWN} more items failed: --json")
    if failed_hooks := [hook for hook in found["hooks"] if hook["error"]]:
        print()
    for hook in failed_hooks:
        print(shown(f"{hook['name']} failed: {hook['error']}"))
    if found["resume"]:
        print(f"\nresume it: {found['resume']}")
    print(f"store: {shown(url)}")


def _reason(failure: dict[str, Any]) -> str:
    """What happened to an item, in a line; for errors of flowport itself without the name of a class."""
    message = failure["message"].strip().split("\n")[0]
    if failure["type"] in STOPPED:
        return "was stopped"
    if failure["type"] == "Misuse":
        return f"failed: {message}"
    return f"failed: {failure['type']}" + (f": {message}" if message else "")


def _times(found: dict[str, Any]) -> str:
    """When a run started and how long it took."""
    took = "" if found["seconds"] is None else duration(found["seconds"])
    seen = f", last sign {age(found['seen'])} ago" if found["seen"] else ""
    how = {"done": f" in {took}", "running": f" for {took}{seen}", "lost": seen}
    return how.get(found["status"], f" after {took}" if took else "") + f", started {moment(found['started'])} UTC"


def _cells(step: dict[str, Any]) -> tuple[str, ...]:
    numbers = (str(step[name] or "") for name in ("items", "failed", "taken_over", "running", "lost"))
    return (step["step"], step["status"], *numbers, "" if step["seconds"] is None else duration(step["seconds"]))


COMMAND = Command(
    "status",
    "Show the steps of a run and what failed",
    StatusRequest,
    status,
    (
        Argument(
            "address",
            "The run. Default: the latest one of the flow.",
            metavar="FLOW/RUN",
            type=Address.parse,
            shell_complete=addresses,
        ),
        click.Option(
            ["--watch", "-w"],
            is_flag=True,
            help="Show how far the run is until it is over, with a bar for each foreach; "
            "the exit status is then 0 if the run is done, else 1.",
        ),
        shared.json(),
        *shared.store_to_read(),
    ),
    help="It shows the items of each step that are done, and the command that resumes the run. With --target it also asks the engine.",
    examples=(
        "flowport status DigitsFlow",
        "flowport status DigitsFlow --watch",
        "flowport status DigitsFlow/20261121-071334-c8996f --json",
    ),
)
