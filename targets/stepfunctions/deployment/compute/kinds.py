"""What each kind of compute needs of an account, and what of it a deployment makes there, as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from flowport.compiler.changes import Change
from flowport.compiler.ir import BatchJob
from flowport.compiler.ir.plan import Plan
from flowport.compiler.record import record
from flowport.targets.stepfunctions.compute import COMPUTE
from flowport.targets.stepfunctions.deployment.aws_errors import FORBIDDEN, Refused
from flowport.targets.stepfunctions.deployment.compute.functions import function_changes, function_removals
from flowport.targets.stepfunctions.deployment.compute.prerequisites import (
    require_cluster,
    require_images,
    require_images_of_functions,
    require_network,
)
from flowport.targets.stepfunctions.deployment.compute.task_definitions import task_definition_changes, task_definition_removals
from flowport.targets.stepfunctions.deployment.job_definitions import job_definition_changes, job_definition_removals
from flowport.targets.stepfunctions.deployment.log_group import task_log_group_changes
from flowport.targets.stepfunctions.deployment.prerequisites import require_queues, require_roles
from flowport.targets.stepfunctions.settings import Settings

if TYPE_CHECKING:
    from flowport.targets.stepfunctions.deployment.account import Account
    from flowport.targets.stepfunctions.deployment.documents import Documents


@record
class DeployedCompute:
    """One kind of compute: what it needs, which raises DeployError; what makes its definitions; what removes those of a deployment."""

    require: Callable[[Account, Settings, Plan], None]
    changes: Callable[[Account, Settings, list[dict[str, Any]], dict[str, str]], Iterator[Change]]
    removals: Callable[[Account, str, str], Iterator[Change]]


def _require_named_roles(account: Account, settings: Settings, jobs: list[BatchJob]) -> None:
    """Raise DeployError for roles of containers that the settings or a step names and that are not there."""
    named = {settings.execution_role, settings.given_job_role, *(role for job in jobs for role in (job.execution_role, job.iam_role))}
    require_roles(account, filter(None, named))


def _batch_needs(account: Account, settings: Settings, plan: Plan) -> None:
    jobs = [step.settings.execution.for_batch() for step in plan.flow.steps]
    require_queues(account, (job.queue or settings.job_queue for job in jobs))
    _require_named_roles(account, settings, jobs)


def _batch_changes(account: Account, settings: Settings, definitions: list[dict[str, Any]], tags: dict[str, str]) -> Iterator[Change]:
    yield from job_definition_changes(account, definitions, tags)


def _ecs_needs(account: Account, settings: Settings, plan: Plan) -> None:
    require_cluster(account, settings.cluster, settings.capacity_provider)
    require_network(account, settings.subnets, settings.security_groups)
    jobs = [step.settings.execution.for_batch() for step in plan.flow.steps]
    require_images(account, {job.image or settings.image for job in jobs})
    _require_named_roles(account, settings, jobs)


def _ecs_changes(account: Account, settings: Settings, definitions: list[dict[str, Any]], tags: dict[str, str]) -> Iterator[Change]:
    yield from task_log_group_changes(account, settings, tags)
    yield from task_definition_changes(account, definitions, tags)


def _lambda_needs(account: Account, settings: Settings, plan: Plan) -> None:
    jobs = [step.settings.execution.for_batch() for step in plan.flow.steps]
    require_images_of_functions(account, {job.image or settings.image for job in jobs})
    require_roles(account, filter(None, {settings.given_job_role, *(job.iam_role for job in jobs)}))


def _lambda_changes(account: Account, settings: Settings, definitions: list[dict[str, Any]], tags: dict[str, str]) -> Iterator[Change]:
    yield from task_log_group_changes(account, settings, tags)
    yield from function_changes(account, definitions, tags)


DEPLOYED: Mapping[str, DeployedCompute] = {
    "batch": DeployedCompute(_batch_needs, _batch_changes, job_definition_removals),
    "ecs": DeployedCompute(_ecs_needs, _ecs_changes, task_definition_removals),
    "lambda": DeployedCompute(_lambda_needs, _lambda_changes, function_removals),
}


def require_compute(account: Account, settings: Settings, plan: Plan) -> None:
    """Raise DeployError for what the compute of a profile needs and the account lacks."""
    DEPLOYED[settings.compute].require(account, settings, plan)


def definition_changes(account: Account, settings: Settings, documents: Documents, tags: dict[str, str]) -> Iterator[Change]:
    """What makes the definitions of a flow's jobs or tasks."""
    yield from DEPLOYED[settings.compute].changes(account, settings, documents[COMPUTE[settings.compute].file], tags)


def definition_removals(account: Account, settings: Settings) -> Iterator[Change]:
    """What removes the definitions of a flow on every kind of compute: earlier versions may have had another one.

    Whoever uses one kind need not have permissions for the others.
    """
    for kind, deployed in DEPLOYED.items():
        try:
            yield from list(deployed.removals(account, settings.begin(kind), settings.flow))
        except Refused as error:
            if kind == settings.compute or error.code not in FORBIDDEN:
                raise
