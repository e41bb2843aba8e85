"""`flowport deploy FLOW --target T`: the emitted files on their way to the scheduler that runs them."""

from __future__ import annotations

from typing import NamedTuple

import click

from flowport.cli import shared_options as shared
from flowport.cli.advice import missing_target
from flowport.cli.command import Command
from flowport.cli.console import say
from flowport.cli.loading import load_flow
from flowport.cli.operations.carry_out import carry_out
from flowport.workspace.errors import NotDeployable
from flowport.workspace.flow_file import UNCHANGED, Changes
from flowport.workspace.operations.deploy import plan_deployment
from flowport.workspace.targets import find_target


class DeployRequest(NamedTuple):
    """A flow to deploy to a target; with `diff` nothing changes, and what would is shown. With `roles` its roles are deployed too."""

    flow: str
    target: str | None
    profile: str | None
    diff: bool
    roles: bool = False
    json: bool = False
    changes: Changes = UNCHANGED


def deploy(request: DeployRequest) -> int:
    """Compile for one target and put what came of it where the profile says; the exit status."""
    if request.target is None:
        raise missing_target("to which engine", lambda target: target.deployer is not None)
    target = find_target(request.target)
    if target.deployer is None:
        raise NotDeployable(target.name, request.flow)
    planned = plan_deployment(load_flow(request.flow, request.profile, request.changes), target, say, request.roles)
    for note in planned.changes.notes if not request.json else ():
        print(note)
    return carry_out(planned.changes, planned.apply, request.diff, request.json)


COMMAND = Command(
    "deploy",
    "Deploy a flow to the engine that runs it",
    DeployRequest,
    deploy,
    (
        shared.flow(),
        shared.target("The engine: airflow, argo or sfn."),
        shared.diff(),
        click.Option(["--roles"], is_flag=True, help="Also create the roles of the flow, or change them. Only on Step Functions."),
        shared.json(),
        *shared.changes(),
        shared.profile(),
    ),
    help="On Airflow the files go to the folder or bucket of the setting `dags`. On Argo they go to the cluster of kubectl's context. "
    "On Step Functions the flow becomes a new version of its state machine, in the account of your credentials.",
    examples=("flowport deploy flow.py --target airflow --profile prod", "flowport deploy flow.py --target sfn --diff"),
)
