"""The task definition of a job: one container, in the words of Amazon ECS (Amazon ECS API, RegisterTaskDefinition).

python -m flowport.runtime task --flow TrainFlow --step train ...     the entry point, for every task of the step
--run one --slice s.3 --code 5c1f...                                  the command, which a state gives with each task
"""

from __future__ import annotations

import math

from flowport.compiler.ir import JSON
from flowport.compiler.lower.names import HASH
from flowport.runtime.store import digests
from flowport.runtime.store.documents import dump
from flowport.targets.sizes import disk, fargate
from flowport.targets.stepfunctions.containers.properties import linux_parameters, mounts
from flowport.targets.stepfunctions.jobs import Job, fixed_words
from flowport.targets.stepfunctions.settings import Settings

CONTAINER = "task"
"""The name of the container."""

UNITS = 1024
"""The units of CPU in a vCPU (Amazon ECS, "Task size")."""


def definition(job: Job, settings: Settings) -> dict[str, JSON]:
    """The input of `aws ecs register-task-definition --cli-input-json`."""
    return {"family": family(job, settings), **_content(job, settings)}


def family(job: Job, settings: Settings) -> str:
    """The name of a task definition, which changes with its content: a state names no revision, and gets the newest."""
    return f"{job.name}-{digests.of(dump(_content(job, settings)))[:HASH]}"


def tags(job: Job, settings: Settings) -> dict[str, JSON]:
    """The tags of the profile, and those of the step over them."""
    return {**{name: str(value) for name, value in settings.tags.items()}, **dict(job.batch.aws_batch_tags)}


def _content(job: Job, settings: Settings) -> dict[str, JSON]:
    document: dict[str, JSON] = {"requiresCompatibilities": [settings.platform]}
    if settings.subnets:
        document["networkMode"] = "awsvpc"
    if settings.platform == "FARGATE":
        cpu, memory = fargate(job.resources)
        document.update(cpu=str(round(cpu * UNITS)), memory=str(memory))
        if job.resources.disk:
            document["ephemeralStorage"] = {"sizeInGiB": disk(job.resources.disk)}
    if role := job.batch.iam_role or settings.job_role:
        document["taskRoleArn"] = role
    if role := job.batch.execution_role or settings.execution_role:
        document["executionRoleArn"] = role
    container, mounted = _container(job, settings), mounts(job.batch)
    if mounted:
        document["volumes"] = mounted["volumes"]
        container["mountPoints"] = mounted["mountPoints"]
    document["containerDefinitions"] = [container]
    if given := tags(job, settings):
        document["tags"] = [{"key": name, "value": value} for name, value in given.items()]
    return document


def _container(job: Job, settings: Settings) -> dict[str, JSON]:
    own = job.batch
    container: dict[str, JSON] = {"name": CONTAINER, "image": own.image or settings.image, "essential": True}
    container["entryPoint"] = ["python", "-m", "flowport.runtime", *fixed_words(job)]
    if settings.platform == "EC2":
        container.update(cpu=math.ceil(job.resources.cpu * UNITS), memory=job.resources.memory)
        if job.resources.gpu:
            container["resourceRequirements"] = [{"type": "GPU", "value": str(job.resources.gpu)}]
        if linux := linux_parameters(job):
            container["linuxParameters"] = linux
    if job.environment:
        container["environment"] = [{"name": name, "value": value} for name, value in job.environment]
    if job.secrets:
        container["secrets"] = [{"name": secret.variable, "valueFrom": secret.name} for secret in job.secrets]
    if own.privileged:
        container["privileged"] = True
    container["logConfiguration"] = _logging(job, settings)
    return container


def _logging(job: Job, settings: Settings) -> dict[str, JSON]:
    """Where the output of the container goes; ECS itself keeps none."""
    own = job.batch
    options = dict(own.log_options)
    if own.log_driver in ("", "awslogs"):
        usual = {"awslogs-group": settings.task_log_group, "awslogs-region": settings.region, "awslogs-stream-prefix": job.name}
        options = {**usual, **options}
    return {"logDriver": own.log_driver or "awslogs", **({"options": dict(options)} if options else {})}
