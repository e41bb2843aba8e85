"""`flowport deploy FLOW --target T`: the emitted files on their way to the scheduler that runs them."""

from __future__ import annotations

from typing import NamedTuple

import click

from flowport.cli import shared_options as shared
from flowport.cli.advice import missing_target
from flowport.cli.command import Command
from flowport.cli.console import say
from flowport.cli.loading import load_flow
from flowport.compiler.target import Changes as TargetChanges
from flowport.workspace.deploy import plan_deployment
from flowport.workspace.errors import NotDeployable
from flowport.workspace.flow_file import UNCHANGED, Changes
from flowport.workspace.targets import find_target


class DeployRequest(NamedTuple):
    """A flow to deploy to a target; with `diff` nothing changes, and what would is shown."""

    flow: str
    target: str | None
    profile: str | None
    diff: bool
    changes: Changes = UNCHANGED


def deploy(request: DeployRequest) -> int:
    """Compile for one target and put what came of it where the profile says; the exit status."""
    if request.target is None:
        raise missing_target("to which engine", lambda target: target.deployer is not None)
    target = find_target(request.target)
    if target.deployer is None:
        raise NotDeployable(target.name, request.flow)
    planned = plan_deployment(load_flow(request.flow, request.profile, request.changes), target, say)
    for note in planned.changes.notes:
        print(note)
    if request.diff:
        return _show(planned.changes)
    for change in planned.apply():
        print(f"{change.name} is {change.becomes}", flush=True)
    return 0


def _show(changes: TargetChanges) -> int:
    """Say what would change; 1 when anything would."""
    for change in changes.changes:
        print(f"{change.name} {'is up to date' if change.becomes == 'unchanged' else f'would be {change.becomes}'}")
        if change.difference:
            print(change.difference)
    return int(any(change.becomes != "unchanged" for change in changes.changes))


COMMAND = Command(
    "deploy",
    "Deploy the compiled files to Airflow or Argo",
    DeployRequest,
    deploy,
    (
        shared.flow(),
        shared.target("The engine: airflow or argo."),
        click.Option(
            ["--diff"],
            is_flag=True,
            help="Change nothing: show what would change. Exits with 1 if anything would, and with 2 if that is unknown.",
        ),
        *shared.changes(),
        shared.profile(),
    ),
    help="On Airflow the files go to the folder or bucket of the setting `dags`. On Argo they go to the cluster of kubectl's context.",
    examples=("flowport deploy flow.py --target airflow --profile prod", "flowport deploy flow.py --target argo --diff"),
)
