"""`@resources(cpu=1, memory=4096, gpu=0, disk=None, shared_memory=None)`: what a step needs of a machine; sizes in MiB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.ir import JSON, Resources, Settings
from flowport.compiler.ir.features import Feature
from flowport.compiler.record import replace

CPU_AND_MEMORY = Feature("@resources")
GPU = Feature("@resources(gpu=...)")
DISK = Feature("@resources(disk=...)")
SHARED_MEMORY = Feature("@resources(shared_memory=...)")

SIZES: Mapping[str, float] = {"cpu": 0.001, "memory": 1, "gpu": 0, "disk": 1, "shared_memory": 0}
"""What a step can request, with the minimum; all but `cpu` are whole numbers."""


def read_sizes(arguments: Arguments, so_far: Settings) -> Settings:
    """The resources of `@resources` and `@kubernetes` of one step; as in Metaflow, the larger size counts."""
    plain = Resources()
    found: dict[str, Any] = {}
    for one in (*arguments.earlier, arguments):
        for name, least in SIZES.items():
            if one.named.get(name, (None, None))[1] is not None:
                size = one.number(name, getattr(plain, name), least, whole=name != "cpu")
                found[name] = max(filter(None, (size, found.get(name))), default=size)
    return replace(so_far, resources=Resources(**found))


def _merge(group: Sequence[Settings], so_far: Settings) -> Settings:
    if not any(settings.resources for settings in group):
        return so_far
    return replace(so_far, resources=reduce(Resources.beside, (settings.resources or Resources() for settings in group)))


def _to_plan(settings: Settings) -> dict[str, JSON]:
    if settings.resources is None:
        return {}
    return {"resources": {name: size for name in SIZES if (size := getattr(settings.resources, name)) is not None}}


RESOURCES = Decorator(
    "resources",
    tuple(SIZES),
    read_sizes,
    {
        CPU_AND_MEMORY: lambda settings: settings.resources is not None,
        GPU: lambda settings: settings.resources is not None and settings.resources.gpu > 0,
        DISK: lambda settings: settings.resources is not None and settings.resources.disk is not None,
        SHARED_MEMORY: lambda settings: settings.resources is not None and settings.resources.shared_memory is not None,
    },
    _merge,
    _to_plan,
    changes_results=False,
)
