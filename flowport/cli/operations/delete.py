"""`flowport delete FLOW --target T`: what was deployed is removed; the runs in the store stay."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from flowport.cli import shared_options as shared
from flowport.cli.advice import missing_target
from flowport.cli.command import Command
from flowport.cli.loading import load_flow
from flowport.cli.operations.carry_out import carry_out
from flowport.compiler.changes import apply
from flowport.workspace.flow_file import UNCHANGED, Changes
from flowport.workspace.operations.engine import engine_of_flow


class DeleteRequest(NamedTuple):
    """A deployed flow to remove from its engine; with `diff` nothing is removed."""

    flow: str
    target: str | None
    profile: str | None
    diff: bool
    json: bool = False
    changes: Changes = UNCHANGED


def delete(request: DeleteRequest) -> int:
    """Remove what flowport deployed of the flow."""
    if request.target is None:
        raise missing_target("from which engine", lambda target: target.operations is not None)
    engine = engine_of_flow(load_flow(request.flow, request.profile, request.changes), request.target)
    changes = engine.operations.delete(engine.settings)
    if not changes.changes and not request.json:
        print("nothing is deployed")
    return carry_out(changes, partial(apply, changes), request.diff, request.json)


COMMAND = Command(
    "delete",
    "Remove a flow from its engine",
    DeleteRequest,
    delete,
    (shared.flow(), shared.target("The engine: airflow, argo or sfn."), shared.diff(), shared.json(), *shared.changes(), shared.profile()),
    help="It removes only what flowport created. Runs that are going on are stopped. The store keeps all runs and their artifacts.",
    examples=("flowport delete flow.py --target sfn --diff", "flowport delete flow.py --target sfn"),
)
