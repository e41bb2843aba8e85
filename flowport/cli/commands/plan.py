"""`flowport plan FLOW --target T`: what a run needs of the engine, and what it would take over from an earlier run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import click

from flowport.cli import shared_options as shared
from flowport.cli.advice import missing_target
from flowport.cli.console import as_json, say, warn
from flowport.cli.loading import select_flow
from flowport.cli.parameter_options import FlowCommand
from flowport.compiler.estimate import Figure
from flowport.runtime.text import shown
from flowport.workspace.estimates.request import PlanAnswer, PlanRequest, plan_run
from flowport.workspace.estimates.validity import StepValidity
from flowport.workspace.targets import find_target
from flowport.workspace.why.reasons import Reason
from flowport.workspace.why.sentences import sentence

TITLES = ("STEP", "VALID", "RUNS AGAIN", "MAY RUN AGAIN", "NOT DONE", "WHY")


def plan(request: PlanRequest) -> int:
    """Print the figures and what stays valid; 1 if a figure is certain to be above a limit of the engine."""
    if request.target is None:
        raise missing_target("for which engine", lambda target: getattr(target, "estimator", None) is not None)
    target = find_target(request.target)
    found = plan_run(request, target, warn)
    say(found.warnings)
    if request.json:
        print(as_json({"flow": request.flow.name, "target": target.name, **_document(found)}, indent=2))
    else:
        print("\n".join(shown(line) for line in _lines(request, target.name, found)))
    return int(any(figure.passes for figure in found.estimate.figures))


def _document(found: PlanAnswer) -> dict[str, Any]:
    return {
        "figures": [
            {
                "name": figure.name,
                "least": figure.value.low,
                "most": figure.value.high,
                "limit": figure.limit,
                "unit": figure.unit,
                "passes": figure.passes,
            }
            for figure in found.estimate.figures
        ],
        "notes": [*found.estimate.notes],
        "unknown": [{"step": step, "over": over} for step, over in found.unknown],
        "run": found.run or None,
        "steps": None if found.steps is None else [step.document() for step in found.steps],
    }


def _lines(request: PlanRequest, target: str, found: PlanAnswer) -> Iterator[str]:
    yield f"a run of {request.flow.name} on {target} needs" + (f", if it is like run {found.run}" if found.run else "")
    rows = [(figure.name, _value(figure), _limit(figure)) for figure in found.estimate.figures]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    yield from (f"  {name:{widths[0]}}  {value:>{widths[1]}}  {limit}".rstrip() for name, value, limit in rows)
    for step, over in found.unknown:
        yield f"the number of elements of `{over}` is not known: add --items {step}=N, or --run RUN"
    yield from found.estimate.notes
    if found.steps is not None:
        yield ""
        yield f"if it resumes run {found.run}"
        yield from _table(found.steps, found.run)
    yield ""
    yield f"what deploying changes: flowport deploy {request.flow.path} --target {target} --diff"


def _value(figure: Figure) -> str:
    low, high = (_number(number, figure.unit) for number in (figure.value.low, figure.value.high))
    return low if low == high else f"{low} to {high}"


def _number(number: float, unit: str) -> str:
    if unit == "USD":
        return f"${number:,.2f}" if number >= 10 else f"${number:.4f}"
    return f"{round(number):,}" + (f" {unit}" if unit else "")


def _limit(figure: Figure) -> str:
    """The limit, and whether the figure is or may be above it."""
    if figure.limit is None:
        return ""
    above = "  above the limit" if figure.passes else "  may be above the limit" if figure.may_pass else ""
    return f"of {round(figure.limit):,}{above}"


def _table(steps: list[StepValidity], run: str) -> Iterator[str]:
    rows: list[tuple[str, ...]] = [TITLES]
    for step in steps:
        runs, may = (sum(cause.number for cause in causes) for causes in (step.runs, step.may_run))
        why = [
            *(sentence(cause.reason, run) for cause in step.runs),
            *(_may(cause.reason) for cause in step.may_run),
            *(["the flow has no such step any more"] if step.is_gone else []),
        ]
        numbers = [str(number or "") for number in (step.valid, runs, may, step.unfinished)]
        rows.append((step.step, *numbers, why[0] if why else ""))
        rows += [("", "", "", "", "", text) for text in why[1:]]
    used = [column for column in range(len(TITLES)) if column < 2 or any(row[column] for row in rows[1:])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(TITLES))]
    for row in rows:
        cells = [row[at].rjust(widths[at]) if 0 < at < len(TITLES) - 1 else row[at].ljust(widths[at]) for at in used]
        yield f"  {'  '.join(cells).rstrip()}"


def _may(reason: Reason) -> str:
    """Why items may run again, or not at all."""
    match reason.kind:
        case "elsewhere" if reason.now:
            return f"reads `{reason.now}`, and `{reason.subject}` may go another way"
        case "elsewhere":
            return f"may not run: `{reason.subject}` may go another way"
        case "absent":
            return f"may not run: the foreach of `{reason.subject}` may have fewer elements"
    return f"reads `{reason.subject}` of `{reason.place}`" if reason.place else f"reads the elements of `{reason.subject}`"


def items(text: str) -> tuple[str, int]:
    """The step and the number in `STEP=N`."""
    step, _, number = text.partition("=")
    if not step or not number.isdecimal():
        raise click.BadParameter(f"`{text}` is not STEP=N")
    return step, int(number)


def each_once(ctx: click.Context, param: click.Parameter, values: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    """The values of `--items`; a step may have one number."""
    twice = [step for step, times in Counter(step for step, _ in values).items() if times > 1]
    if twice:
        raise click.BadParameter(f"step `{twice[0]}` is given twice, and has one number of elements", ctx, param)
    return values


COMMAND = FlowCommand(
    "plan",
    "Show what a run needs of its engine, and what it would reuse",
    PlanRequest,
    plan,
    (
        shared.flow(),
        shared.target("The engine: airflow, argo or sfn."),
        click.Option(["--run"], metavar="RUN", help="Take the numbers of items from this run, and show what of it a new run would reuse."),
        click.Option(
            ["--items"],
            metavar="STEP=N",
            type=items,
            multiple=True,
            callback=each_once,
            help="The foreach that starts from this step has N elements. You can repeat it.",
        ),
        shared.json(),
        *shared.changes(),
        click.Option(["--store"], metavar="URL", help=shared.STORE_HELP),
        shared.profile(),
    ),
    select_flow,
    help="It compiles the flow and changes nothing. Exits with 1 if a run is certain to exceed a limit of the engine, and if the flow does "
    "not compile. " + shared.DASHES,
    examples=(
        "flowport plan flow.py --target sfn --items start=10000",
        "flowport plan flow.py --target argo --run 20261121-071334-c8996f --alpha 3",
    ),
)
