"""`flowport deploy FLOW --target T`: the emitted files on their way to the scheduler that runs them."""

from __future__ import annotations

import os

from flowport.cli.config import Config
from flowport.cli.engine import emit, fits, target
from flowport.cli.flow_file import FLOW, PROFILE, has_errors, open_flow, say
from flowport.cli.options import Command, Option, Values, WrongUse
from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.compiler.target import Deployment, Profile, Target


def deploy(values: Values) -> int:
    """Compile for one target and put what came of it where the profile says; the exit status."""
    if values["target"] is None:
        raise WrongUse("`--target` is missing: to which engine?", "--target airflow")
    one = target(values["target"])
    if one.deploy is None:
        raise WrongUse(f"flowport does not deploy to {one.name}", f"flowport compile {values['flow']} --target {one.name}")
    flow = open_flow(values)
    lowered, found = fits(flow.plan, one, flow.config)
    if has_errors(found):
        raise CompileError(found)
    say(found)
    package = flow.package()
    files = emit(lowered, one, flow.config, package)
    return one.deploy(Deployment(files, flow.plan, package, _profile(one, flow.config), print, values["diff"]))


def _profile(one: Target, config: Config) -> Profile:
    """The settings for a target, with its folders where the file of settings means them."""
    profile = config.for_target(one.name)
    folders = [setting.name for setting in one.settings if setting.folder and "://" not in str(profile.get(setting.name) or "://")]
    return {**profile, **{name: os.path.join(config.folder, str(profile[name])) for name in folders}}


COMMAND = Command(
    "deploy", "put the compiled files where the scheduler finds them", deploy, (FLOW,),
    (
        Option("target", "the engine: airflow or argo", "NAME", short="t"),
        Option("diff", "change nothing; say what would change, and exit with 1 when anything would, with 2 when that is not known"),
        PROFILE,
    ),
    notes=("Where that is: for Airflow, `dags` of the profile says it; for Argo, it is the cluster of kubectl's current context.",),
)  # fmt: skip
