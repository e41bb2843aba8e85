"""`@resources(cpu=1, memory=4096, gpu=0, disk=None, shared_memory=None)`: what a step needs of a machine; sizes in MiB."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.ir import JSON, Resources, Settings
from flowport.compiler.ir.features import Feature, argument_feature
from flowport.compiler.record import replace

CPU_AND_MEMORY = Feature("@resources", "resources")
GPU = argument_feature("resources", "gpu")
DISK = argument_feature("resources", "disk")
SHARED_MEMORY = argument_feature("resources", "shared_memory")

SIZES: Mapping[str, float] = {"cpu": 0.001, "memory": 1, "gpu": 0, "disk": 1, "shared_memory": 0}
"""What a step can request, with the minimum; sizes in MiB are rounded up."""

IN_GIB = "ephemeral_storage"
"""The argument of `@batch` that is `disk` in GiB."""


def read_sizes(arguments: Arguments, so_far: Settings) -> Settings:
    """The resources of `@resources`, `@kubernetes` and `@batch` of one step; as in Metaflow, the larger size counts."""
    found: dict[str, Any] = {}
    for one in (*arguments.earlier, arguments):
        for name in SIZES:
            size = _size(one, name)
            if size is not None:
                found[name] = max(size, found.get(name, size))
    return replace(so_far, resources=Resources(**found))


def _size(one: Arguments, name: str) -> Any:
    """What one decorator asks for; None if it says nothing.

    The defaults of `@resources` count as if they were written, and those of other decorators do not (Metaflow 2.19, @batch with
    @resources).
    """
    default = getattr(Resources(), name)
    if name == "disk" and one.named.get(IN_GIB, (None, None))[1] is not None:
        return one.number(IN_GIB, 21, 21, whole=True) * 1024
    if name not in one.named:
        return default or None if one.use.name == "resources" else None
    if one.named[name][1] is None:
        return None
    size = one.number(name, default, SIZES[name], whole=name == "gpu")
    return size if name == "cpu" or size is None else math.ceil(size)


def _merge(group: Sequence[Settings], so_far: Settings) -> Settings:
    if not any(settings.resources or (settings.gang and settings.gang.nodes) for settings in group):
        return so_far
    return replace(so_far, resources=reduce(Resources.beside, (settings.sizes for settings in group)))


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
