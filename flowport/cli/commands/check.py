"""`flowport check FLOW...`: all diagnostics of flows, for people or for programs."""

from __future__ import annotations

import sys
from typing import NamedTuple

import click

from flowport.cli import shared_options as shared
from flowport.cli.command import Command
from flowport.cli.console import colored, say, write_document
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.diagnostics.render import FORMATS, Format, render, summary
from flowport.compiler.lower.delivery import forwarded_here
from flowport.workspace.branch import require_project
from flowport.workspace.flow_file import UNCHANGED, Changes, check_flow, has_errors
from flowport.workspace.folders.flows import flow_arguments
from flowport.workspace.secrets.file import secrets_file_problems
from flowport.workspace.targets import find_target, prepare


class CheckRequest(NamedTuple):
    """Flows to check, each for every target."""

    flow: tuple[str, ...]
    target: tuple[str, ...]
    profile: str | None
    format: Format
    changes: Changes = UNCHANGED


def check(request: CheckRequest) -> int:
    """Print every diagnostic of every flow on standard output; 1 when one of them is an error."""
    looked = [_diagnostics(file, request) for file in flow_arguments(request.flow, request.profile)]
    found = tuple(dict.fromkeys(diagnostic for diagnostics, _ in looked for diagnostic in diagnostics))
    text = render(found, request.format, colour=colored(sys.stdout))
    if request.format != "text":
        write_document(text)
    else:
        sys.stdout.write(text)
        if found:
            print("\n" + summary(found))
        for name in (name for diagnostics, name in looked if not diagnostics):
            print(f"{name} has nothing wrong with it")
    return int(has_errors(found))


def _diagnostics(file: str, request: CheckRequest) -> tuple[tuple[Diagnostic, ...], str]:
    """The diagnostics of a flow and of each target, without duplicates, and the name of the flow."""
    checked = check_flow(file, request.profile, request.changes)
    say((), checked.ignored)
    if checked.flow is None:
        return checked.diagnostics, ""
    require_project(checked.flow.plan.flow, request.changes.branch)
    found = (*checked.diagnostics, *secrets_file_problems(checked.flow))
    if not request.target:
        found += forwarded_here(checked.flow.plan, checked.flow.config.provisions)
    for name in request.target:
        found += prepare(checked.flow, find_target(name)).diagnostics
    return tuple(dict.fromkeys(found)), checked.flow.name


COMMAND = Command(
    "check",
    "Report all mistakes in flows",
    CheckRequest,
    check,
    (
        shared.flows(),
        shared.targets("Check for this engine too: airflow, argo or sfn. You can repeat it."),
        click.Option(
            ["--format"], type=click.Choice(FORMATS), default="text", metavar="FORMAT", help="text, json, github or sarif. Default: text."
        ),
        *shared.changes(),
        shared.profile(),
    ),
    help="Reads the source and runs none of it. The exit status is 1 when there are errors.",
    examples=("flowport check flow.py", "flowport check flow.py --target airflow", "flowport check flows/*.py --format github"),
)
