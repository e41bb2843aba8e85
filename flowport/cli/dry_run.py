"""`flowport dry-run FLOW --target T`: the emitted files, run on this machine against an emulator of their engine."""

from __future__ import annotations

import signal
import sys

import click

from flowport.cli import shared_options as shared
from flowport.cli.advice import WrongUse
from flowport.cli.console import say
from flowport.cli.flows import open_choice
from flowport.cli.parameter_options import FlowCommand
from flowport.project.dry_run import DryRunRequest, prepare
from flowport.project.targets import named
from flowport.runtime.text import shown


def dry_run(request: DryRunRequest) -> int:
    """Compile for one target and run what came of it; the exit status."""
    if request.target is None:
        raise WrongUse("`--target` is missing: on which engine?", "--target airflow, --target sfn, or --target argo")
    target = named(request.target)
    for number in (signal.SIGTERM, signal.SIGHUP):
        # They end a run as Ctrl-C does, so that none of its tasks goes on; `nohup` is left its way.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    prepared, warnings = prepare(request, target, _echo, _show)
    say(warnings)
    return target.dry_run(prepared)


def _show(line: str) -> None:
    print(shown(line), flush=True)


def _echo(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


COMMAND = FlowCommand(
    "dry-run",
    "Run the compiled files on this machine, in Airflow or on an emulator",
    DryRunRequest,
    dry_run,
    (
        shared.flow(),
        shared.target("The engine: airflow, argo or sfn."),
        click.Option(["--logs"], is_flag=True, help="Show the output of each task when it ends."),
        *shared.of_a_run(),
        *shared.origin(),
    ),
    open_choice,
    help=f"The results stay in the store, where `runs`, `logs` and `artifacts` find them. {shared.DASHES}",
    examples=("flowport dry-run flow.py --target airflow", "flowport dry-run flow.py --target sfn --alpha 3 --logs"),
)
