"""`Deployer`: puts a flow on an engine from Python, as `flowport deploy` does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from flowport.client.deployments.deployed_flow import DeployedFlow
from flowport.client.deployments.engines import refusals
from flowport.client.options import BRANCH, PAIRS, branch, configs, top_level
from flowport.client.place import environment
from flowport.client.process import require_command_line
from flowport.workspace.branch import require_project
from flowport.workspace.flow_file import Changes, open_flow
from flowport.workspace.operations.deploy import plan_deployment
from flowport.workspace.operations.engine import engine_of_flow
from flowport.workspace.targets import find_target

if TYPE_CHECKING:
    from typing import Any


class EngineDeployer:
    """Deploys a flow to one engine."""

    def __init__(self, deployer: Deployer, target: str) -> None:
        self.deployer, self.target = deployer, target

    def __enter__(self) -> EngineDeployer:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing is left to remove."""

    def cleanup(self) -> None:
        """Nothing is left to remove."""

    def create(self, roles: bool = False) -> DeployedFlow:
        """Compile the flow and deploy it, with `roles` as `flowport deploy --roles` does.

        Raises RuntimeError when that is not possible, with the reason.
        """
        require_command_line(type(self.deployer).__name__)
        chosen, target = self.deployer, find_target(self.target)
        with refusals(f"`{chosen.flow_file}` cannot be deployed to {self.target}"), environment(chosen.env):
            flow = open_flow(chosen.flow_file, chosen.profile, chosen.changes)
            require_project(flow.plan.flow, chosen.changes.branch)
            planned = plan_deployment(flow, target, warn=lambda found: None, roles=roles)
            done: dict[str, str] = {}
            for change in planned.apply():
                done[change.name] = change.becomes
                if chosen.show_output:
                    print(f"{change.name} is {change.becomes}", flush=True)
            engine = engine_of_flow(flow, self.target) if target.operations else None
        return DeployedFlow(self.target, planned.name, planned.flow_name, done, engine, flow)


class Deployer:
    """Deploys the flow in a file: `Deployer("flow.py").argo_workflows().create()`.

    `show_output` prints what is changed; `profile` is one of flowport.toml; `env` is set meanwhile. `config=[("name", "file")]` and
    `config_value=[("name", value)]` give the configs of the flow, `branch` and `production` the branch of its project.
    """

    def __init__(
        self,
        flow_file: str,
        show_output: bool = True,
        profile: str | None = None,
        env: dict[str, str] | None = None,
        cwd: str | None = None,
        file_read_timeout: int = 3600,
        **kwargs: Any,
    ) -> None:
        rest = {name: value for name, value in kwargs.items() if name not in (*PAIRS, "run_config_parsers", *BRANCH)}
        if top_level(rest):
            raise TypeError(f"a deployment takes its options from the profile of flowport.toml, and not from `{next(iter(rest))}`")
        self.changes = Changes(configs=configs(kwargs), branch=branch(kwargs))
        self.flow_file, self.show_output, self.profile = os.path.abspath(flow_file), show_output, profile
        self.env, self.cwd, self.file_read_timeout = env or {}, os.path.abspath(cwd or os.curdir), file_read_timeout

    def argo_workflows(self) -> EngineDeployer:
        """Deploy to Argo Workflows, in the cluster of kubectl's current context."""
        return EngineDeployer(self, "argo")

    def airflow(self) -> EngineDeployer:
        """Deploy to Airflow, where the setting `dags` says."""
        return EngineDeployer(self, "airflow")

    def step_functions(self) -> EngineDeployer:
        """Deploy to Step Functions, in the account of the credentials of this machine."""
        return EngineDeployer(self, "stepfunctions")
