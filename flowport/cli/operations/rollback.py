"""`flowport rollback FLOW --target T`: an earlier deployment is live again."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import click

from flowport.cli import shared_options as shared
from flowport.cli.advice import missing_target
from flowport.cli.command import Command
from flowport.cli.loading import load_flow
from flowport.cli.operations.carry_out import carry_out
from flowport.compiler.changes import apply
from flowport.workspace.flow_file import UNCHANGED, Changes
from flowport.workspace.operations.engine import engine_of_flow


class RollbackRequest(NamedTuple):
    """A deployed flow that goes back to a version, by default the one before the live one."""

    flow: str
    target: str | None
    profile: str | None
    to: str | None
    diff: bool
    json: bool = False
    changes: Changes = UNCHANGED


def rollback(request: RollbackRequest) -> int:
    """Make an earlier version the live one."""
    if request.target is None:
        raise missing_target("on which engine", lambda target: target.operations is not None)
    engine = engine_of_flow(load_flow(request.flow, request.profile, request.changes), request.target)
    changes = engine.operations.roll_back(engine.settings, request.to)
    if not request.diff and not request.json:
        for change in changes.changes:
            if change.difference:
                print(change.difference)
    return carry_out(changes, partial(apply, changes), request.diff, request.json)


COMMAND = Command(
    "rollback",
    "Make an earlier deployment of a flow the live one",
    RollbackRequest,
    rollback,
    (
        shared.flow(),
        shared.target("The engine: airflow, argo or sfn."),
        click.Option(["--to"], metavar="VERSION", help="A version that `flowport list FLOW` shows. Default: the one before the live one."),
        shared.diff(),
        shared.json(),
        *shared.changes(),
        shared.profile(),
    ),
    help="Runs that are going on are not touched. Deploying the flow's file again makes it live again.",
    examples=("flowport rollback flow.py --target sfn", "flowport rollback flow.py --target sfn --to 3"),
)
