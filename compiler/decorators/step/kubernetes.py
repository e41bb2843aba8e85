"""`@kubernetes(image=..., node_selector=..., ...)`: the pod of a step, with the arguments of Metaflow.

Arguments that have no effect are a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.decorators.step.resources import SIZES, read_sizes
from flowport.compiler.ir import ExecutionSpec, Pod, Settings
from flowport.compiler.ir.features import Feature
from flowport.compiler.record import replace

POD_SETTINGS = Feature("@kubernetes")

_PROFILE, _NODES = "set it for all steps in a profile of flowport.toml", "choose nodes with `node_selector`"
_TMPFS = "use `shared_memory`, which is a folder in memory"
WITHOUT_EFFECT: Mapping[str, str] = {
    "namespace": _PROFILE,
    "annotations": _PROFILE,
    "image_pull_policy": _PROFILE,
    "image_pull_secrets": _PROFILE,
    "security_context": _PROFILE,
    "gpu_vendor": "only GPUs of NVIDIA are supported",
    "qos": "the request and the limit of memory are always equal",
    "use_tmpfs": _TMPFS,
    "tmpfs_tempdir": _TMPFS,
    "tmpfs_size": _TMPFS,
    "tmpfs_path": _TMPFS,
    "compute_pool": _NODES,
    "executable": "the `python` of the image runs the step",
    "port": "the pod of a step serves no port",
    "hostname_resolution_timeout": "steps do not communicate",
}
"""Arguments of Metaflow that have no effect, and what decides instead."""

PROFILE_SETTINGS = frozenset({"image", "service_account", "node_selector", "tolerations", "labels", "secrets"})
"""The arguments that a profile has a setting for."""


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    for name, (node, value) in arguments.named.items():
        if name in WITHOUT_EFFECT and value is not None:
            message = f"`{name}` of `@kubernetes` has no effect: {WITHOUT_EFFECT[name]}"
            arguments.reading.warn("FP141", message, arguments.use.source, node, f"remove `{name}`")
    pod = Pod(
        service_account=arguments.text("service_account", "flows"),
        node_selector=arguments.table("node_selector", '{"pool": "batch"}'),
        tolerations=tuple(_tolerations(arguments)),
        labels=arguments.table("labels", '{"team": "vision"}'),
        secrets=arguments.texts("secrets", "database"),
        volumes=arguments.table("persistent_volume_claims", '{"models": "/models"}'),
    )
    spec = ExecutionSpec(arguments.text("image", "registry.example.com/flows:1"), pod)
    sized = read_sizes(arguments, so_far) if arguments.named.keys() & SIZES else so_far
    return replace(sized, execution=spec)


def _tolerations(arguments: Arguments) -> Iterator[tuple[tuple[str, str | int], ...]]:
    node, found = arguments.named.get("tolerations", (arguments.use.node, None))
    for each in found if isinstance(found, list | tuple) else () if found is None else (found,):
        if isinstance(each, dict) and all(isinstance(key, str) and isinstance(value, str | int) for key, value in each.items()):
            yield tuple(sorted(each.items()))
        else:
            example = 'write `tolerations=[{"key": "batch", "operator": "Exists"}]`'
            arguments.say(node, f"a toleration of `@kubernetes` must be a dict with the fields of Kubernetes, not `{each!r}`", example)


def _merge(group: Sequence[Settings], so_far: Settings) -> Settings:
    """The first step decides where the container runs; `fuse.differing_steps` finds steps with another spec."""
    return replace(so_far, execution=group[0].execution)


def _instead_of_variable(argument: str | None) -> tuple[str, ...]:
    if argument not in PROFILE_SETTINGS:
        return ()
    return (f"remove it, and set `{argument}` in a profile of flowport.toml, under `[profiles.NAME.argo]`",)


KUBERNETES = Decorator(
    "kubernetes",
    (
        *("image", *SIZES, "service_account", "node_selector", "tolerations", "labels", "secrets", "persistent_volume_claims"),
        *WITHOUT_EFFECT,
    ),
    _read,
    {POD_SETTINGS: lambda settings: settings.execution != ExecutionSpec()},
    _merge,
    changes_results=False,
    instead_of_variable=_instead_of_variable,
)
