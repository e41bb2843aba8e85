"""`flowport stop FLOW/RUN --target T`: a run is stopped by its engine."""

from __future__ import annotations

from typing import NamedTuple

from flowport.cli import shared_options as shared
from flowport.cli.advice import WrongUse, missing_target
from flowport.cli.command import Argument, Command
from flowport.cli.completers import addresses
from flowport.cli.console import as_json
from flowport.cli.operations.engine_run import engine_document, engine_line
from flowport.runtime.text import shown
from flowport.workspace.address import Address
from flowport.workspace.errors import NotAtEngine
from flowport.workspace.operations.engine import engine_of_run


class StopRequest(NamedTuple):
    """A run to stop."""

    address: Address
    target: str | None
    profile: str | None
    json: bool = False


def stop(request: StopRequest) -> int:
    """Stop a run; one that is over stays as it is."""
    address = request.address
    if request.target is None:
        raise missing_target("on which engine", lambda target: target.operations is not None)
    if address.run is None or address.step is not None:
        raise WrongUse("`stop` takes one run", f"flowport stop {address.flow}/RUN --target {request.target}")
    at = engine_of_run(address, request.target, request.profile)
    found = at.engine.operations.stop(at.engine.settings, at.run)
    if found is None:
        raise NotAtEngine(at.engine.target.name, address.flow, at.run)
    if request.json:
        print(as_json({"flow": address.flow, "run": at.stored, "engine": engine_document(found)}, indent=2))
    else:
        print(shown(f"{address.flow}/{at.stored}: ") + engine_line(found))
    return 0


COMMAND = Command(
    "stop",
    "Stop a run on its engine",
    StopRequest,
    stop,
    (
        Argument("address", "The run.", metavar="FLOW/RUN", type=Address.parse, shell_complete=addresses),
        shared.target("The engine: airflow, argo or sfn."),
        shared.json(),
        shared.profile(),
    ),
    help="What the run has finished stays in the store: `flowport trigger FLOW --origin-run RUN` goes on from there.",
    examples=("flowport stop DigitsFlow/20261121-071334-c8996f --target sfn",),
)
