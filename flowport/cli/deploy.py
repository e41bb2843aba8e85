"""`flowport deploy FLOW --target T`: the emitted files on their way to the scheduler that runs them."""

from __future__ import annotations

import os
from typing import NamedTuple

import click

from flowport.cli import shared_options as shared
from flowport.cli.advice import WrongUse
from flowport.cli.command import Command
from flowport.cli.console import say
from flowport.cli.flows import opened
from flowport.compiler.target import Deployment, Profile, Target
from flowport.project.config import Config
from flowport.project.targets import emit, lower, named


class DeployRequest(NamedTuple):
    """A flow to deploy to a target; with `diff` nothing changes, and what would is shown."""

    flow: str
    target: str | None
    profile: str | None
    diff: bool


def deploy(request: DeployRequest) -> int:
    """Compile for one target and put what came of it where the profile says; the exit status."""
    if request.target is None:
        raise WrongUse("`--target` is missing: to which engine?", "--target airflow, or --target argo")
    target = named(request.target)
    if target.deploy is None:
        raise WrongUse(f"flowport does not deploy to {target.name}", f"flowport compile {request.flow} --target {target.name}")
    flow = opened(request.flow, request.profile)
    lowered, warnings = lower(flow, target)
    say(warnings)
    package = flow.package()
    files = emit(lowered, flow, target, package)
    return target.deploy(Deployment(files, flow.plan, package, _profile(target, flow.config), print, request.diff))


def _profile(target: Target, config: Config) -> Profile:
    """The settings for a target, with its folders where the file of settings means them."""
    profile = config.for_target(target.name)
    folders = [setting.name for setting in target.settings if setting.folder and "://" not in str(profile.get(setting.name) or "://")]
    return {**profile, **{name: os.path.join(config.folder, str(profile[name])) for name in folders}}


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
        shared.profile(),
    ),
    help="On Airflow the files go to the folder or bucket of the setting `dags`. On Argo they go to the cluster of kubectl's context.",
    examples=("flowport deploy flow.py --target airflow --profile prod", "flowport deploy flow.py --target argo --diff"),
)
