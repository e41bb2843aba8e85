"""`flowport spin [FLOW] STEP`: one step again, with what it read in a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import click

from flowport.cli import shared_options as shared
from flowport.cli.advice import WrongUse
from flowport.cli.command import Argument
from flowport.cli.completers import addresses
from flowport.cli.console import as_json, warn
from flowport.cli.loading import report_warnings
from flowport.cli.parameter_options import FlowChoice, FlowCommand, FlowSelection
from flowport.cli.values import as_text, plain
from flowport.cli.words import file_and_word
from flowport.client.artifact import provide_modules
from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.text import shown
from flowport.workspace.flow_file import FlowFile, open_flow
from flowport.workspace.parameters import ParameterText
from flowport.workspace.spins.choose import Past, SpinChoice, choose
from flowport.workspace.spins.compare import ABSENT, Comparison, ItemChange, compare
from flowport.workspace.spins.start import FINE, INTERRUPTED, SpinRequest, Spun, start
from flowport.workspace.stores import StoreChoice

STATUSES = {FINE: "done", INTERRUPTED: "stopped"}


class Request(NamedTuple):
    """A spin, and how its results are shown."""

    flow: FlowFile
    past: Past
    parameters: tuple[ParameterText, ...]
    artifacts: str | None
    skip_decorators: bool
    run_id_file: str | None
    json: bool


def spin(request: Request) -> int:
    """Run the item again, and show what it did; the exit status."""
    past = request.past
    where = f"{past.item.step}/{past.item.address}" if past.item.address != "r" else past.item.step
    more = f", the step has {past.step_items} items" if past.step_items > 1 else ""
    warn(f"{where} of run {past.run.doc['run']} of {request.flow.name}{more}")
    asked = SpinRequest(
        request.flow, past, request.parameters, request.artifacts, request.skip_decorators, request.run_id_file, request.json
    )
    spun = start(asked, warn)
    provide_modules(CodePackage.fetched(spun.store, spun.code))
    found = compare(spun, past)
    if request.json:
        print(as_json(_document(spun, past, found), indent=2))
    else:
        print("\n".join(_lines(spun, past, found)))
    return spun.status


def _document(spun: Spun, past: Past, found: Comparison) -> dict[str, Any]:
    """The results as JSON."""
    return {
        "flow": spun.flow,
        "run": spun.run,
        "of_run": past.run.doc["run"],
        "step": past.item.step,
        "status": STATUSES.get(spun.status, "failed"),
        "attempts": spun.attempts,
        "seconds": round(spun.seconds, 3),
        "items": {one.address: _item_document(one) for one in found.done},
        "failed": {one.address: {"type": one.type, "message": one.message} for one in found.failed},
        "store": spun.store.url,
    }


def _item_document(item: ItemChange) -> dict[str, Any]:
    artifacts: dict[str, Any] = {}
    for name, change, value, was in item.artifacts:
        both = {"value": value, "was": was}
        artifacts[name] = {"change": change, **{key: plain(one) for key, one in both.items() if one is not ABSENT}}
    return {"next": item.next, "was_next": item.was_next, "artifacts": artifacts}


def _lines(spun: Spun, past: Past, found: Comparison) -> Iterator[str]:
    step = past.item.step
    for one in found.failed:
        yield shown(f"{_name(step, one.address)} failed: {one.type}: {one.message.split(chr(10))[0]}".rstrip(": "))
    for item in found.done:
        yield f"{_name(step, item.address)} is done in {spun.seconds:.1f} s{_next(item)}"
        yield from _artifact_lines(item)
    if not (found.done or found.failed):
        yield f"{step} {'was stopped' if spun.status == INTERRUPTED else 'failed before its item began'}"
    yield f"results: flowport artifacts {spun.flow}/{spun.run}" if found.done else f"output: flowport logs {spun.flow}/{spun.run}"
    yield f"store: {shown(spun.store.url)}"


def _artifact_lines(item: ItemChange) -> Iterator[str]:
    width = max((len(shown(one.name)) for one in item.artifacts), default=0)
    for name, change, value, was in item.artifacts:
        text = "" if value is ABSENT else as_text(value, whole=False)
        before = f"(was {as_text(was, whole=False)})" if change in ("changed", "gone") else ""
        yield f"  {change:9}  {shown(name):{width}}  {' '.join(filter(None, (text, before)))}".rstrip()


def _name(step: str, address: str) -> str:
    return step if address == "r" else f"{step}/{address}"


def _next(item: ItemChange) -> str:
    """Where the item goes, if that says anything."""
    goes = f", and goes to {', '.join(item.next)}" if item.next else ""
    if item.was_next is None or item.was_next == item.next:
        return goes
    return f"{goes} (it went to {', '.join(item.was_next) or 'no step'})"


def _open(choice: FlowChoice, for_help: bool) -> FlowSelection | None:
    """The flow and the item that two words mean, or one: the step, whose run says where the file of its flow is."""
    file, step = file_and_word([word for word in (choice.flow, choice.step) if word is not None], "flowport spin FILE.py STEP")
    if for_help:
        return FlowSelection(report_warnings(open_flow(file, choice.profile, choice.changes))) if file else None
    if step is None:
        raise WrongUse("STEP is missing", f"flowport spin {file or 'FILE.py'} STEP")
    for given, named in ((choice.run, "--run"), (choice.item, "--item")):
        if given is not None and "/" in step:
            raise WrongUse(f"`{step}` names a run, and so does `{named}`", f"flowport spin {step.split('/')[-1]} --run RUN --item ITEM")
    store = StoreChoice(choice.store, choice.target, choice.profile)
    found = choose(SpinChoice(file, step, choice.run, choice.item, store, choice.changes), warn)
    return FlowSelection(report_warnings(found.flow), past=found.past)


COMMAND = FlowCommand(
    "spin",
    "Run one step again, with what it read in a run",
    Request,
    spin,
    (
        shared.flow(required=False, help="The flow's file. Default: the file that the run was started from."),
        Argument("step", "The step: STEP, RUN/STEP, FLOW/RUN/STEP or FLOW/RUN/STEP/ITEM.", required=False, shell_complete=addresses),
        click.Option(["--run"], metavar="RUN", help="The run: RUN or FLOW/RUN. Default: the newest run in which the step ran."),
        click.Option(["--item"], metavar="ITEM", help="The item, such as r.3. Default: the first that failed, or else the first."),
        click.Option(
            ["--artifacts"],
            metavar="FILE",
            help="Replace artifacts that the step reads by those of this file: Python with a dictionary ARTIFACTS, or JSON.",
            type=click.Path(exists=True, dir_okay=False),
        ),
        click.Option(["--skip-decorators"], is_flag=True, help="Run the step without its decorators."),
        click.Option(["--run-id-file"], metavar="FILE", help="Write the id of the spin to this file before it begins."),
        click.Option(["--json"], is_flag=True, help="Print the results as JSON, and the output of the step to standard error."),
        *shared.changes(),
        *shared.store_to_read(),
    ),
    _open,
    help="The step runs on this machine with today's code, and with the artifacts, parameters and configs of the run, which may be of any "
    "engine. The run stays as it is: the results get an id of their own, and no command takes them for a run. The exit status is 0 when "
    f"the step is done, 1 when it failed and 130 when you stopped it. {shared.DASHES}",
    examples=(
        "flowport spin flow.py train",
        "flowport spin train --run DigitsFlow/20261121-071334-c8996f --item r.3",
        "flowport spin flow.py 20261121-071334-c8996f/train --artifacts fewer_rows.py",
    ),
)
