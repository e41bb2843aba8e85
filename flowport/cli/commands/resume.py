"""`flowport resume [FLOW] [RUN]`: a new run that takes over what an earlier one finished and what did not change since."""

from __future__ import annotations

import click

from flowport.cli import shared_options as shared
from flowport.cli.command import Argument
from flowport.cli.completers import addresses
from flowport.cli.console import warn
from flowport.cli.loading import report_warnings
from flowport.cli.parameter_options import FlowChoice, FlowCommand, FlowSelection
from flowport.cli.words import file_and_word
from flowport.workspace.flow_file import open_flow
from flowport.workspace.resume import ResumeChoice, find_resumption
from flowport.workspace.run import RunRequest, start
from flowport.workspace.stores import StoreChoice


def resume(request: RunRequest) -> int:
    """Run the flow with the results of its origin; the exit status."""
    if not request.quiet:
        warn(f"resuming run {request.origin_run} of {request.flow.name}")
    return start(request, warn)


def _open(choice: FlowChoice, for_help: bool) -> FlowSelection | None:
    """The flow and the run that two words in any order, one of them or none mean."""
    file, run = file_and_word([word for word in (choice.flow, choice.run) if word is not None], "flowport resume FILE.py RUN")
    if for_help:
        return FlowSelection(report_warnings(open_flow(file, choice.profile, choice.changes))) if file else None
    store = StoreChoice(choice.store, choice.target, choice.profile)
    found = find_resumption(ResumeChoice(file, run, store, bool(choice.force), choice.changes), warn)
    return FlowSelection(report_warnings(found.flow), found.origin, choice.store or found.store)


COMMAND = FlowCommand(
    "resume",
    "Resume a run: reuse what it finished",
    RunRequest,
    resume,
    (
        shared.flow(required=False, help="The flow's file. Default: the file that the run was started from."),
        Argument(
            "run",
            "The run: RUN or FLOW/RUN. Default: the latest run that failed, was stopped or is lost.",
            required=False,
            shell_complete=addresses,
        ),
        *shared.of_a_run(),
        *shared.on_this_machine(),
        shared.target("Look for the run in the store that flowport.toml names for this target."),
        click.Option(["--force"], is_flag=True, help="Resume the run although it is still running."),
        click.Option(["--from", "from_step"], metavar="STEP", help="Run this step and the following ones again."),
    ),
    _open,
    help="Starts a new run, which reuses an item when the code of its step and everything that it read are unchanged. "
    f"It has the parameters of the earlier run, except for those that you give. {shared.DASHES}",
    examples=("flowport resume", "flowport resume flow.py --alpha 4", "flowport resume DigitsFlow/20261121-071334-c8996f --from train"),
)
