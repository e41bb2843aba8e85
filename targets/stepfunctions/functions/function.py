"""The function of a job (AWS Lambda API, CreateFunction): its image, and sizes that are all fixed by the memory."""

from __future__ import annotations

import math

from flowport.compiler.ir import JSON, Resources
from flowport.compiler.lower.names import HASH
from flowport.runtime.store import digests
from flowport.runtime.store.documents import dump
from flowport.targets.stepfunctions.jobs import Job, fixed_words
from flowport.targets.stepfunctions.settings import Settings

MEMORY, DISK, LONGEST = (128, 10_240), (512, 10_240), 900
"""MiB of memory and of `/tmp`, the least and the most, and the most seconds of a function (AWS Lambda, "Quotas")."""

VCPU, VCPUS = 1_769, 6
"""MiB of memory that come with one vCPU, and the most vCPUs (AWS Lambda, "Configure Lambda function memory")."""

USUAL = {"FLOWPORT_CACHE": "/tmp/flowport", "HOME": "/tmp"}
"""Variables of each function: it can write to `/tmp` alone."""


def definition(job: Job, settings: Settings) -> dict[str, JSON]:
    """The input of `aws lambda create-function --cli-input-json`."""
    return {"FunctionName": function_name(job, settings), **_content(job, settings)}


def function_name(job: Job, settings: Settings) -> str:
    """The name of a function, which changes with its content: a new one cannot change what runs."""
    return f"{job.name}-{digests.of(dump(_content(job, settings)))[:HASH]}"


def memory(resources: Resources) -> int:
    """The MiB that a function needs for its memory and for its vCPUs; more than there are, if there is none so large."""
    cpu = min(math.ceil(resources.cpu * VCPU), MEMORY[1]) if resources.cpu <= VCPUS else MEMORY[1] + 1
    return max(MEMORY[0], resources.memory, cpu)


def variables(job: Job) -> dict[str, str]:
    """The variables of a function."""
    return {**USUAL, **dict(job.environment)}


def _content(job: Job, settings: Settings) -> dict[str, JSON]:
    timeout = LONGEST if job.timeout is None else min(LONGEST, job.timeout)
    document: dict[str, JSON] = {
        "PackageType": "Image",
        "Code": {"ImageUri": job.batch.image or settings.image},
        "Role": job.batch.iam_role or settings.job_role,
        "ImageConfig": {"EntryPoint": ["python", "-m", "flowport.runtime.process.on_lambda"], "Command": [*fixed_words(job)]},
        "MemorySize": min(MEMORY[1], memory(job.resources)),
        "EphemeralStorage": {"Size": min(DISK[1], max(DISK[0], job.resources.disk or 0))},
        "Timeout": timeout,
        "Environment": {"Variables": dict(variables(job))},
        "LoggingConfig": {"LogGroup": settings.task_log_group},
    }
    tags: dict[str, JSON] = {**{name: str(value) for name, value in settings.tags.items()}, **dict(job.batch.aws_batch_tags)}
    return {**document, "Tags": tags} if tags else document
