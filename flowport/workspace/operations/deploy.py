"""A flow on its way to an engine: what would change, and the changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.compiler.changes import Change, Changes
from flowport.compiler.target import Deployer, Deployment
from flowport.workspace.branch import require_branch
from flowport.workspace.errors import NoRoles, NotDeployable
from flowport.workspace.targets import emit, prepare_without_errors

if TYPE_CHECKING:
    from flowport.compiler.diagnostics.diagnostic import Diagnostic
    from flowport.targets.registry import AnyTarget
    from flowport.workspace.flow_file import FlowFile


class PlannedDeployment(NamedTuple):
    """What deploying a flow would change. `name` is what the engine calls it."""

    changes: Changes
    deployer: Deployer[Any]
    name: str
    flow_name: str

    def apply(self) -> Iterator[Change]:
        """Make the changes one by one, and give each back when it is done."""
        return self.deployer.apply(self.changes)


def plan_deployment(
    flow: FlowFile, target: AnyTarget, warn: Callable[[tuple[Diagnostic, ...]], object], roles: bool = False
) -> PlannedDeployment:
    """What deploying to a target would change, with `roles` also of its roles; `warn` is called with warnings.

    Raises NotDeployable, NoBranch, CompileError, DeployError or StoreError where it is not possible.
    """
    if target.deployer is None:
        raise NotDeployable(target.name, flow.path)
    if roles and not target.deployer.makes_roles:
        raise NoRoles(target.name)
    require_branch(flow.plan.flow)
    ready = prepare_without_errors(flow, target)
    warn(ready.diagnostics)
    package = flow.package()
    changes = target.deployer.plan(Deployment(emit(ready, target, package), flow.plan, package, ready.settings, roles))
    settings: Any = ready.settings
    name = getattr(settings, settings.name_setting, "") or flow.name
    return PlannedDeployment(changes, target.deployer, str(name), flow.name)
