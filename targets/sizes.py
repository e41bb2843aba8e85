"""The sizes that containers of AWS can have (AWS Batch, "ResourceRequirement"; Amazon ECS, "Task size" and "EphemeralStorage")."""

from __future__ import annotations

import math

from flowport.compiler.ir import JSON, Resources

VARIABLE = 131_000
"""Characters that a variable of the environment may have: Linux takes 128 KiB with its name (`MAX_ARG_STRLEN`)."""

VCPUS = (0.25, 0.5, 1, 2, 4, 8, 16)
"""Sizes of Fargate, with the memory that each may have: from twice to eight times as many GiB as vCPUs, but for the largest two."""


def requirements(resources: Resources, platform: str) -> list[JSON]:
    """What a container of AWS Batch asks for, as its `resourceRequirements`; `platform` is EC2 or FARGATE."""
    cpu, memory = fargate(resources) if platform == "FARGATE" else (math.ceil(resources.cpu), resources.memory)
    found: list[JSON] = [{"type": "VCPU", "value": f"{cpu:g}"}, {"type": "MEMORY", "value": str(memory)}]
    if resources.gpu:
        found.append({"type": "GPU", "value": str(resources.gpu)})
    return found


def fargate(resources: Resources) -> tuple[float, int]:
    """The smallest size of Fargate that is large enough, or the largest one: vCPUs and MiB (AWS Batch, ResourceRequirement)."""
    for cpu in VCPUS:
        memories = _memories(cpu)
        enough = [memory for memory in memories if memory >= resources.memory]
        if cpu >= resources.cpu and enough:
            return cpu, enough[0]
    return VCPUS[-1], _memories(VCPUS[-1])[-1]


def _memories(cpu: float) -> list[int]:
    """The memory, in MiB, that Fargate allows beside so many vCPUs."""
    if cpu == 0.25:
        return [512, 1024, 2048]
    if cpu == 8:
        return list(range(16_384, 61_441, 4096))
    if cpu == 16:
        return list(range(32_768, 122_881, 8192))
    return list(range(int(cpu * 2048), 30_720 + 1 if cpu == 4 else int(cpu * 8192) + 1, 1024))


def disk(mib: int) -> int:
    """The GiB of ephemeral storage on Fargate for so many MiB: it has 20 anyway, and 200 at most."""
    return min(200, max(21, math.ceil(mib / 1024)))
