"""`flowport status FLOW/RUN`: how far a run is, step by step, from the store alone."""

from __future__ import annotations

import time
from collections import Counter
from shlex import quote
from typing import TYPE_CHECKING, Any

from flowport.cli.address import Address, the_run
from flowport.cli.console import as_json, complain
from flowport.cli.flow_file import PROFILE
from flowport.cli.options import Argument, Command, Option, Values, WrongUse
from flowport.cli.place import STORE, TARGET, open_here
from flowport.cli.runs import status as state_of
from flowport.runtime.records.attempts import failures
from flowport.runtime.records.reuse import ReuseCount
from flowport.runtime.store import row_ranges
from flowport.runtime.text import shown

if TYPE_CHECKING:
    from flowport.runtime.run.reader import Run

SHOWN = 10
"""How many failed items are shown; as JSON there are all."""

RUN = Argument("FLOW/RUN", "the run; the latest of the flow when only FLOW is given")


def status(values: Values) -> int:
    """Print the steps of a run with the items that are done and those that failed; 1 when something of it is damaged."""
    address = Address.parse(values[RUN.name.lower()])
    if address.step is not None:
        message = f"`{values[RUN.name.lower()]}` names a step, and a status is that of a run"
        raise WrongUse(message, f"flowport status {address.flow}/{address.run}")
    run = the_run(open_here(values), address)
    found = _document(run, f" --store {quote(values['store'])}" if values["store"] else "")
    if values["json"]:
        print(as_json(found, indent=2))
    else:
        _print(found, run.store.url)
    return int(run.damaged)


def _document(run: Run, again: str) -> dict[str, Any]:
    """What there is to say, as the JSON has it."""
    failed = failures(run.store, run.keys, lambda key: complain(f"`{key}` is nothing that flowport wrote"))
    by_step = Counter(failure["step"] for failure in failed)
    state = state_of(run.store, run.doc)
    seen = {step: _tally(run, step) for step in run.steps()}
    steps = [*run.plan["steps"], *(step for step in seen if step not in run.plan["steps"])]
    return {
        "flow": run.doc["flow"],
        "run": run.doc["run"],
        "status": state,
        "started": run.doc["started"],
        "origin": run.doc["origin"],
        "tags": run.doc["tags"],
        "steps": [
            {
                "step": step,
                "items": seen[step].of if step in seen else 0,
                "failed": by_step[step],
                "taken_over": seen[step].items if step in seen else 0,
            }
            for step in steps
        ],
        "failures": [{name: failure[name] for name in ("step", "item", "type", "message")} for failure in failed],
        "resume": None if state == "done" else f"flowport resume {run.doc['flow']}/{run.doc['run']}{again}",
    }


def _tally(run: Run, step: str) -> ReuseCount:
    """The items of a step that are done, and how many of them were taken over."""
    docs = [run.guarded(f"{step}/{slice}", lambda: run.manifests.need(step, slice).doc, None) for slice in run.slices(step)]  # noqa: B023 - called at once
    return ReuseCount(doc for doc in docs if doc is not None and row_ranges.count(doc["arrived"]))


def _print(found: dict[str, Any], url: str) -> None:
    started = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(found["started"]))
    print(shown(f"{found['flow']}/{found['run']}: {found['status']}"))
    print(f"started {started} UTC" + (shown(f", goes on from {found['origin']}") if found["origin"] else ""))
    rows = [(step["step"], *(str(step[name] or "") for name in ("items", "failed", "taken_over"))) for step in found["steps"]]
    table = [("STEP", "DONE", "FAILED", "TAKEN OVER"), *rows]
    columns = [column for column in range(4) if column < 2 or any(row[column] for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    print()
    for row in table:
        cells = [row[0].ljust(widths[0]), *(row[column].rjust(widths[column]) for column in columns[1:])]
        print(shown("  ".join(cells).rstrip()))
    if found["failures"]:
        print()
    for failure in found["failures"][:SHOWN]:
        message = failure["message"].strip().split("\n")[0]
        print(shown(f"{failure['step']}/{failure['item']} failed: {failure['type']}" + (f": {message}" if message else "")))
    if len(found["failures"]) > SHOWN:
        print(f"{len(found['failures']) - SHOWN} more items failed: --json")
    if found["resume"]:
        print(f"\ngo on from what is done: {found['resume']}")
    print(f"store: {shown(url)}")


COMMAND = Command(
    "status", "show how far a run is, step by step", status, (RUN,),
    (Option("json", "as one JSON document"), STORE, TARGET, PROFILE),
)  # fmt: skip
