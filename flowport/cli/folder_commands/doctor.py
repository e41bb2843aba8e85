"""`flowport doctor FOLDER`: which flows of a folder compile for which engine, what stops the others, and what to mend first."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import click

from flowport.cli import shared_options as shared
from flowport.cli.command import Argument, Command
from flowport.cli.console import write_document
from flowport.compiler.diagnostics.render import summary
from flowport.runtime.text import shown
from flowport.workspace.folders.causes import Cause, Mending, causes, flow_id, mendings
from flowport.workspace.folders.doctor import Examination, ExaminedFlow, examine

SHOWN = 10
"""How many causes are listed, unless as JSON."""

PLACES = 3
"""How many places are listed of a cause."""


class DoctorRequest(NamedTuple):
    """A folder with flows, the targets to look at, or all, and the profile of each flow's settings.

    With `run_mutators` flows with mutators are looked at a second time, after these have run.
    """

    folder: str
    target: tuple[str, ...]
    profile: str | None
    json: bool
    run_mutators: bool = False


def doctor(request: DoctorRequest) -> int:
    """Print what was found; 1 when a flow does not compile for one of the targets, not even with its mutators if these were to run."""
    from flowport.targets.registry import targets

    found = examine(request.folder, request.target or tuple(targets()), request.profile, run_mutators=request.run_mutators)
    errors, warnings = causes(found), causes(found, "warning")
    if request.json:
        import json

        write_document(json.dumps(_document(found, mendings(found, errors), warnings), indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(f"{shown(line)}\n" for line in _report(found, mendings(found, errors), warnings))
    return int(not all(flow.compiles_for_all or flow.compiles_mutated for flow in found.flows))


def _report(found: Examination, order: Sequence[Mending], warnings: Sequence[Cause]) -> Iterator[str]:
    yield from _table(found)
    yield ""
    yield from _totals(found)
    if order:
        yield from ("", "what stops the others, in the order in which mending it lets most flows compile:")
        for number, mending in enumerate(order[:SHOWN], 1):
            yield from _mending(number, mending, len(found.flows))
        if len(order) > SHOWN:
            yield from ("", f"and {_count(len(order) - SHOWN, 'more cause')}: --json")
    if warnings:
        yield from ("", "warnings:")
        rows = [(f"  {_name(cause)}", _count(len(cause.flows), "flow"), cause.title) for cause in warnings]
        yield from _columns(rows)


def _table(found: Examination) -> Iterator[str]:
    rows = [("FLOW", "HERE", *(name.upper() for name in found.targets), "PROBLEMS")]
    for flow in found.flows:
        about = [*flow.diagnostics, *(one for added in flow.targets.values() for one in added)]
        problems = "flowport fails on it" if flow.defect else summary(dict.fromkeys(about))
        problems += "; compiles with --run-mutators" if flow.compiles_mutated else ""
        rows.append((flow_id(flow), _yes(flow.runs), *(_yes(flow.compiles(name)) for name in found.targets), problems))
    return _columns(rows)


def _totals(found: Examination) -> Iterator[str]:
    total = len(found.flows)
    every = sum(flow.compiles_for_all for flow in found.flows)
    each = [f"{name} {sum(flow.compiles(name) for flow in found.flows)}" for name in found.targets]
    yield f"{every} of {_count(total, 'flow')} {'compiles' if every == 1 else 'compile'} for every engine ({every * 100 // total} %)"
    yield f"this machine {sum(flow.runs for flow in found.flows)}, {', '.join(each)}"
    if looked := [flow for flow in found.flows if flow.mutated is not None]:
        more = sum(flow.compiles_mutated for flow in looked)
        yield f"{more} more {'compiles' if more == 1 else 'compile'} with --run-mutators, of {_count(len(looked), 'flow')} with mutators"


def _mending(number: int, mending: Mending, total: int) -> Iterator[str]:
    cause = mending.cause
    where = f"{_count(len(cause.flows), 'flow')} in {_count(cause.files, 'file')}"
    yield from ("", f"{number:3}. {_name(cause)}: {cause.title}")
    yield f"     {where}; +{mending.gained}, then {mending.compile} of {total} compile"
    if cause.way_out:
        yield f"     help: {cause.way_out}"
    more = f" and {len(cause.places) - PLACES} more" if len(cause.places) > PLACES else ""
    yield f"     {', '.join(cause.places[:PLACES])}{more}"


def _name(cause: Cause) -> str:
    """What tells a cause from others: its code, the name that it is about, and its target."""
    return " ".join([cause.code, *([f"`{cause.subject}`"] if cause.subject else []), *([f"({cause.target})"] if cause.target else [])])


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _yes(good: bool) -> str:
    return "yes" if good else "no"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _document(found: Examination, order: Iterable[Mending], warnings: Iterable[Cause]) -> dict[str, Any]:
    """The document of `--json`. New keys may be added; those that are there keep their meaning."""
    flows = found.flows
    return {
        "folder": found.folder,
        "targets": list(found.targets),
        "files": found.files,
        "total": len(flows),
        "runs": sum(flow.runs for flow in flows),
        "compiles": {name: sum(flow.compiles(name) for flow in flows) for name in found.targets},
        "compiles_for_all": sum(flow.compiles_for_all for flow in flows),
        "more_with_run_mutators": sum(flow.compiles_mutated for flow in flows),
        "flows": [_flow(flow, found.targets) for flow in flows],
        "mend": [{**_cause(one.cause), "gained": one.gained, "compile_then": one.compile} for one in order],
        "warnings": [_cause(cause) for cause in warnings],
    }


def _flow(flow: ExaminedFlow, targets: Iterable[str]) -> dict[str, Any]:
    mutated = None if flow.mutated is None else _findings(flow.mutated, targets)
    return {"file": flow.file, "flow": flow.name, "line": flow.line, **_findings(flow, targets), "with_run_mutators": mutated}


def _findings(flow: ExaminedFlow, targets: Iterable[str]) -> dict[str, Any]:
    from flowport.compiler.diagnostics.render import entries

    return {
        "runs": flow.runs,
        "compiles": {name: flow.compiles(name) for name in targets},
        "diagnostics": entries(flow.diagnostics),
        "target_diagnostics": {name: entries(flow.targets[name]) for name in targets},
        "defect": flow.defect or None,
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "code": cause.code,
        "subject": cause.subject or None,
        "target": cause.target or None,
        "title": cause.title,
        "help": cause.way_out or None,
        "flows": list(cause.flows),
        "places": list(cause.places),
    }


COMMAND = Command(
    "doctor",
    "Show which flows of a folder compile, and what stops the others",
    DoctorRequest,
    doctor,
    (
        Argument("folder", "The folder. Flows in folders below it count too.", type=click.Path(path_type=str)),
        shared.targets("Look at this engine only: airflow, argo or sfn. You can repeat it. Default: all."),
        click.Option(
            ["--run-mutators"],
            is_flag=True,
            help="Also count flows that compile after their mutators ran, which are code of your own; it imports the files of these flows.",
        ),
        click.Option(["--json"], is_flag=True, help="Print everything that is known about each flow as one JSON document."),
        shared.profile(),
    ),
    help="Reads the source and runs none of it, unless you say so. It needs no settings. The exit status is 1 if a flow does not compile.",
    examples=("flowport doctor flows/", "flowport doctor . --target argo", "flowport doctor . --json"),
)
