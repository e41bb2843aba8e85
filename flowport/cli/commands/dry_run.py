"""`flowport dry-run FLOW --target T`: the emitted files, run on this machine against an emulator of their engine."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

import click

from flowport.cli import shared_options as shared
from flowport.cli.advice import WrongUse, missing_target
from flowport.cli.console import say
from flowport.cli.loading import select_flow
from flowport.cli.parameter_options import FlowCommand
from flowport.compiler.target import DryRun, DryRunner, DryRunResult, TaskEnded
from flowport.runtime.protocol import PYTHONS
from flowport.runtime.records.hooks import read_outcomes
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store
from flowport.runtime.text import shown
from flowport.workspace.dry_run import DryRunRequest, keep_source, prepare_dry_run
from flowport.workspace.environments.here import pythons
from flowport.workspace.targets import find_target


def dry_run(request: DryRunRequest) -> int:
    """Compile for one target and run what came of it; the exit status."""
    if request.target is None:
        raise missing_target("on which engine", lambda target: target.dry_runner is not None)
    target = find_target(request.target)
    runner: DryRunner[Any] | None = target.dry_runner
    if runner is None:
        way_out = f"flowport compile {request.flow.path} --target {target.name}"
        raise WrongUse(f"flowport cannot run the files of {target.name} on this machine", way_out)
    for number in (signal.SIGTERM, signal.SIGHUP):
        # They end a run as Ctrl-C does, so that none of its tasks goes on; `nohup` is left its way.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    run, warnings = prepare_dry_run(request, target)
    say(warnings)
    if found := pythons(run.plan.flow.steps, _say):
        os.environ[PYTHONS] = json.dumps(found)
    result = runner.run(run, _print)
    keep_source(run, request.flow)
    return _ended(run, result)


def _print(task: TaskEnded) -> None:
    """What tasks print goes to standard output, and what becomes of them to standard error."""
    for line in task.log:
        print(shown(f"{task.label} | {line}"), flush=True)
    how = f"failed with exit status {task.exit_code}" if task.exit_code else task.taken_over or "done"
    _say(f"{task.label}{' (the rest of its loop)' if task.rest else ''} {how}")


def _ended(request: DryRun[Any], result: DryRunResult) -> int:
    """Say how a run ended; the exit status."""
    run = request.run_id
    resume = f"resume it with --origin-run {run}" if result.resumable else ""
    match result.status:
        case "done":
            _say(f"run {run} is done")
        case "stopped":
            _say(f"run {run} was stopped" + (f"; {resume}" if resume else ""))
        case "unavailable" | "refused":
            _say(result.reason)
        case "failed":
            _failed(run, result, resume)
    for outcome in read_outcomes(open_store(request.store), Keys(request.plan.flow.name, run)):
        if outcome.error:
            _say(f"{outcome.name} failed: {outcome.error}")
    return STATUS[result.status]


def _failed(run: str, result: DryRunResult, resume: str) -> None:
    for loss in result.lost:
        _say(f"the engine says that the run succeeded, but {loss}")
    if result.lost:
        return
    for item in result.failed:
        _say(f"\n{item.step}/{item.item}\n{item.story}")
    if result.more_failed:
        _say(f"\n{result.more_failed} more items failed")
    if result.last_output:
        _say(f"\n{result.last_output}")
    _say(f"\nrun {run} failed" + (f": {result.reason}" if result.reason else ""))
    if resume:
        _say(f"fix the cause, then {resume}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


STATUS = {"done": 0, "failed": 1, "unavailable": 1, "refused": 2, "stopped": 130}
"""The exit status of each end."""

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
        shared.scheduled_time(),
        *shared.triggers(),
    ),
    select_flow,
    help=f"The results stay in the store, where `runs`, `logs` and `artifacts` find them. {shared.DASHES}",
    examples=("flowport dry-run flow.py --target airflow", "flowport dry-run flow.py --target sfn --alpha 3 --logs"),
)
