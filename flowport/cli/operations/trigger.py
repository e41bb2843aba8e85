"""`flowport trigger FLOW --target T`: a new run of what is deployed."""

from __future__ import annotations

import click

from flowport.cli import shared_options as shared
from flowport.cli.advice import missing_target
from flowport.cli.console import as_json
from flowport.cli.loading import select_flow
from flowport.cli.operations.engine_run import EXIT, engine_document, say
from flowport.cli.parameter_options import FlowCommand
from flowport.runtime.text import shown
from flowport.workspace.operations.trigger import TriggerRequest, wait_for
from flowport.workspace.operations.trigger import trigger as start


def trigger(request: TriggerRequest) -> int:
    """Start a run and say which; with `wait` the exit status is that of the run, as for `flowport run`."""
    if request.target is None:
        raise missing_target("on which engine", lambda target: target.operations is not None)
    begun = start(request, request.target)
    named = f"{request.flow.name}/{begun.address.stored}"
    if not request.json:
        print(shown(named), flush=True)
        print(shown(begun.found.address), flush=True)
    found = wait_for(begun.address, say) if request.wait else begun.found
    if request.json:
        print(as_json({"flow": request.flow.name, "run": begun.address.stored, "engine": engine_document(found)}, indent=2))
    return EXIT[found.state] if request.wait and found is not None else 0


COMMAND = FlowCommand(
    "trigger",
    "Start a run of a deployed flow",
    TriggerRequest,
    trigger,
    (
        shared.flow(),
        shared.target("The engine: airflow, argo or sfn."),
        click.Option(["--wait"], is_flag=True, help="Wait for the end of the run; the exit status is 0 when it is done."),
        click.Option(["--run-id"], metavar="ID", help="The id of the new run. Default: the time and a random number."),
        click.Option(["--tag", "tags"], metavar="TAG", multiple=True, help="Add a tag to the run; `flowport runs --tag` finds it."),
        *shared.origin(),
        shared.scheduled_time(),
        *shared.triggers(),
        shared.json(),
        *shared.changes(),
        shared.profile(),
    ),
    select_flow,
    help=f"The parameters are checked against the flow's file here. {shared.DASHES}",
    examples=("flowport trigger flow.py --target sfn --alpha 3", "flowport trigger flow.py --target argo --origin-run RUN --wait"),
)
