"""The state that runs a task of ECS and waits for it, and what the machine must be allowed for that."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.ir import JSON
from flowport.runtime.records.rounds import ARRIVAL
from flowport.targets.stepfunctions.access.statements import allow, place
from flowport.targets.stepfunctions.ecs.task_definition import CONTAINER, family, tags
from flowport.targets.stepfunctions.jobs import Job, Jobs
from flowport.targets.stepfunctions.settings import Settings
from flowport.targets.stepfunctions.states import State, patient

RUN = "arn:aws:states:::ecs:runTask.sync"

BUSY = ("ECS.AmazonECSException", "AmazonECS.Unknown", "ECS.ThrottlingException", "ECS.ServerException", "ECS.SdkClientException")
"""No capacity, too many requests, and what passes. `AmazonECS.Unknown` is the name for tasks that RunTask could not place (Step Functions,
"Run Amazon ECS or Fargate tasks")."""

START = round(ARRIVAL)
"""Seconds that a task may take until its container runs: ECS looks for a machine, and fetches the image."""


def state(job: Job, settings: Settings, values: Mapping[str, JSON]) -> State:
    """Run a task and wait for it; `values` are arguments of its command, by their names."""
    parameters: State = {"Cluster": settings.cluster, "TaskDefinition": family(job, settings), **_where(settings)}
    parameters["Overrides"] = {"ContainerOverrides": [{"Name": CONTAINER, "Command.$": _command(values)}]}
    if tags(job, settings):
        parameters["PropagateTags"] = "TASK_DEFINITION"
    # ECS has no timeout of a task. Step Functions counts from the request, and stops the task.
    limit: State = {"TimeoutSeconds": job.timeout + START} if job.timeout else {}
    return {"Type": "Task", "Resource": RUN, **limit, "Parameters": parameters, "ResultPath": None, "Retry": [patient(BUSY)]}


def _where(settings: Settings) -> State:
    """What starts the container, and in which network."""
    where: State = {"LaunchType": settings.platform}
    if settings.capacity_provider:
        where = {"CapacityProviderStrategy": [{"CapacityProvider": settings.capacity_provider, "Weight": 1}]}
    if settings.subnets:
        network: State = {"Subnets": list(settings.subnets)}
        if settings.security_groups:
            network["SecurityGroups"] = list(settings.security_groups)
        if settings.platform == "FARGATE":
            network["AssignPublicIp"] = "ENABLED" if settings.public_ip else "DISABLED"
        where["NetworkConfiguration"] = {"AwsvpcConfiguration": network}
    return where


def _command(values: Mapping[str, JSON]) -> str:
    """The arguments that differ by task, as a call that makes a list of them."""
    words = (f"'--{name.removesuffix('.$')}', {value}" for name, value in values.items())
    return f"States.Array({', '.join(words)})"


def permissions(settings: Settings, jobs: Jobs) -> list[JSON]:
    """The permissions that the role of the machine needs to run these tasks and to learn how they end."""
    ecs = place(settings, "ecs")
    cluster = settings.cluster if settings.cluster.startswith("arn:") else f"{ecs}:cluster/{settings.cluster}"
    tasks = f"{cluster.replace(':cluster/', ':task/')}/*"
    in_cluster: dict[str, JSON] = {"ArnLike": {"ecs:cluster": cluster}}
    # The optimized integration waits for a task through a rule of this name (Step Functions, "IAM policies for Amazon ECS").
    rule = f"{place(settings, 'events')}:rule/StepFunctionsGetEventsForECSTaskRule"
    statements = [
        allow("RunItsTasks", ["ecs:RunTask"], [f"{ecs}:task-definition/{settings.begin('ecs')}*"], in_cluster),
        allow("WatchAndStopTasks", ["ecs:DescribeTasks", "ecs:StopTask"], [tasks]),
        allow("HearOfTasks", ["events:PutTargets", "events:PutRule", "events:DescribeRule"], [rule]),
    ]
    if any(tags(job, settings) for job in jobs):
        statements.append(allow("TagItsTasks", ["ecs:TagResource"], [tasks]))
    if roles := _roles(settings, jobs):
        handed_on: dict[str, JSON] = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
        statements.append(allow("HandOnRoles", ["iam:PassRole"], roles, handed_on))
    return statements


def _roles(settings: Settings, jobs: Jobs) -> list[str]:
    """The roles that tasks have, and those that start them."""
    own = [(job.batch.iam_role or settings.job_role, job.batch.execution_role or settings.execution_role) for job in jobs]
    return [role for role in dict.fromkeys(role for pair in own for role in pair) if role]
