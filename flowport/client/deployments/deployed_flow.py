"""`DeployedFlow`: a flow on an engine, which starts runs of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from flowport.client.deployments.engines import DEFAULT, profile, refusals, target_of
from flowport.client.deployments.triggered_run import TriggeredRun
from flowport.compiler.changes import apply
from flowport.compiler.lower.run_ids import branch_prefix
from flowport.compiler.operations import Start
from flowport.runtime.names.exceptions import MetaflowException
from flowport.workspace.errors import NotOperable
from flowport.workspace.operations.engine import Engine, EngineAddress, engine_of_profile
from flowport.workspace.operations.trigger import TriggerRequest
from flowport.workspace.parameters import ParameterText, as_text
from flowport.workspace.run import run_id, run_input

if TYPE_CHECKING:
    from flowport.compiler.operations import Deployed
    from flowport.workspace.flow_file import FlowFile


class DeployedFlow:
    """A flow on an engine: its `name` there, the `flow_name`, and what became of each file and object in `changes`.

    `flow` is the flow in its file, if that is at hand: parameters are then checked before a run is started.
    """

    def __init__(
        self, target: str, name: str, flow_name: str, changes: Mapping[str, str], engine: Engine | None, flow: FlowFile | None = None
    ) -> None:
        self.target, self.name, self.flow_name, self.changes = target, name, flow_name, dict(changes)
        self._engine, self._flow = engine, flow

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.flow_name}: `{self.name}` on {self.target}>"

    def trigger(self, **parameters: Any) -> TriggeredRun:
        """Start a run of what is deployed; raises RuntimeError when it does not begin, with the reason."""
        with refusals(f"no run of `{self.name}` on {self.target} was started"):
            engine = self._operable()
            given = {name: value for name, value in parameters.items() if value is not None}
            if self._flow is None:
                document: dict[str, Any] = {"parameters": given}
            else:
                texts = [ParameterText(name, as_text(value)) for name, value in given.items()]
                document = run_input(self._flow, TriggerRequest(self._flow, None, tuple(texts))).document()
            found = engine.operations.trigger(engine.settings, Start(run_id(None), document))
        return self._run(engine, found.run)

    def delete(self) -> bool:
        """Remove the flow from its engine; False when there was nothing to remove. The runs in the store stay."""
        with refusals(f"`{self.name}` on {self.target} cannot be removed"):
            engine = self._operable()
            return bool(list(apply(engine.operations.delete(engine.settings))))

    @classmethod
    def from_deployment(cls, identifier: str, metadata: str | None = None, impl: str = DEFAULT) -> DeployedFlow:
        """The flow that is deployed under a name; raises MetaflowException when flowport has deployed none.

        `impl` is the engine: `argo_workflows`, `step_functions` or `airflow`. `metadata` has no meaning here.
        """
        for found in cls.list_deployed_flows(impl=impl):
            if found.name == identifier:
                return found
        raise MetaflowException(f"no flow is deployed as `{identifier}` to {target_of(impl)}")

    @classmethod
    def list_deployed_flows(cls, flow_name: str | None = None, impl: str = DEFAULT) -> Iterator[DeployedFlow]:
        """The flows that flowport has deployed to an engine, or those that are called `flow_name`."""
        target = target_of(impl)
        with refusals(f"what is deployed to {target} is not known"):
            engine = engine_of_profile(target, profile())
            found = list(engine.operations.deployments(engine.settings))
        for each in found:
            if flow_name in (None, each.flow.rpartition(".")[2]):
                yield cls(target, each.name, each.flow.rpartition(".")[2], {}, _engine_of(each, target))

    @classmethod
    def get_triggered_run(cls, identifier: str, run_id: str, metadata: str | None = None, impl: str = DEFAULT) -> TriggeredRun:
        """A run of a deployed flow, by its id at the engine."""
        found = cls.from_deployment(identifier, metadata, impl)
        return found._run(found._operable(), run_id)

    def _operable(self) -> Engine:
        if self._engine is None:
            raise NotOperable(self.target)
        return self._engine

    def _run(self, engine: Engine, run: str) -> TriggeredRun:
        return TriggeredRun(self.flow_name, EngineAddress(engine, run, f"{engine.prefix}{run}"), engine.settings.store)


def _engine_of(deployed: Deployed, target: str) -> Engine:
    """The engine with the settings for one deployment, `project.branch.Flow` or `Flow`."""
    project, _, rest = deployed.flow.partition(".")
    branch = rest.rpartition(".")[0]
    engine = engine_of_profile(target, profile(), deployed.flow, branch_prefix(project, branch) if branch else "")
    settings = engine.settings
    return engine._replace(settings=settings.replaced(**{settings.name_setting: deployed.name}))
