"""`flowport run FLOW`: a flow on this machine."""

from __future__ import annotations

from flowport.cli import shared_options as shared
from flowport.cli.console import warn
from flowport.cli.loading import select_flow
from flowport.cli.parameter_options import FlowCommand
from flowport.workspace.run import RunRequest, start


def run(request: RunRequest) -> int:
    """Run the flow; the exit status."""
    return start(request, warn)


COMMAND = FlowCommand(
    "run",
    "Run a flow on this machine",
    RunRequest,
    run,
    (shared.flow(), *shared.of_a_run(), *shared.on_this_machine(), *shared.origin(), shared.scheduled_time(), *shared.triggers()),
    select_flow,
    help=f"The exit status is 0 when the run is done, 1 when it failed and 130 when you stopped it. {shared.DASHES}",
    examples=("flowport run flow.py", "flowport run flow.py --alpha 3 --max-workers 4", "flowport run flow.py -- --tag value"),
)
