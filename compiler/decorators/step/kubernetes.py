"""`@kubernetes(image=..., node_selector=..., ...)`: the pod of a step, with the arguments of Metaflow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.decorators.step.resources import SIZES, read_sizes
from flowport.compiler.decorators.step.tmpfs import ARGUMENTS as TMPFS
from flowport.compiler.decorators.step.tmpfs import read_tmpfs
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.ir import Pairs, Pod, Settings
from flowport.compiler.ir.features import Feature, argument_feature
from flowport.compiler.record import replace

POOL = "outerbounds.co/compute-pool"
"""The label of the nodes of a `compute_pool`."""

QOS = ("Burstable", "Guaranteed")
VENDORS = ("nvidia", "amd")
SECURITY: Mapping[str, type] = {
    **dict.fromkeys(("privileged", "allow_privilege_escalation", "run_as_non_root"), bool),
    **dict.fromkeys(("run_as_user", "run_as_group"), int),
}
"""The fields of `security_context`."""

WITHOUT_EFFECT: Mapping[str, str] = {
    "executable": "the `python` of the image runs the step",
    "hostname_resolution_timeout": "steps do not communicate",
}
PROFILE_SETTINGS = frozenset(
    {
        *("image", "service_account", "node_selector", "tolerations", "labels", "secrets"),
        *("annotations", "image_pull_policy", "image_pull_secrets", "namespace"),
    }
)
"""The arguments that a profile has a setting for."""


def _differs(field: str) -> Callable[[Settings], bool]:
    return lambda settings: getattr(settings.execution.pod, field) != getattr(Pod(), field)


POD_FEATURES: Mapping[Feature, Callable[[Settings], bool]] = {
    argument_feature("kubernetes", argument): is_used
    for argument, is_used in {
        "image": lambda settings: bool(settings.execution.image) and not settings.execution.built,
        "use_tmpfs": lambda settings: settings.execution.tmpfs is not None,
        "service_account": _differs("service_account"),
        "node_selector": lambda settings: any(key != POOL for key, _ in settings.execution.pod.node_selector),
        "compute_pool": lambda settings: any(key == POOL for key, _ in settings.execution.pod.node_selector),
        "tolerations": _differs("tolerations"),
        "labels": _differs("labels"),
        "annotations": _differs("annotations"),
        "secrets": _differs("secrets"),
        "persistent_volume_claims": _differs("volumes"),
        "namespace": _differs("namespace"),
        "image_pull_policy": _differs("image_pull_policy"),
        "image_pull_secrets": _differs("image_pull_secrets"),
        "gpu_vendor": _differs("gpu_vendor"),
        "port": _differs("port"),
        "qos": _differs("guaranteed"),
        "extended_resources": _differs("extended_resources"),
        "security_context": _differs("security_context"),
    }.items()
}
"""A feature for each argument but for sizes; `use_tmpfs` stands for all about tmpfs."""


def pod_feature(argument: str) -> Feature:
    """The feature of an argument."""
    return argument_feature("kubernetes", argument)


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    pool = arguments.text("compute_pool", "default")
    pod = Pod(
        service_account=arguments.text("service_account", "flows"),
        node_selector=_with_pool(arguments.table("node_selector", '{"pool": "batch"}'), pool),
        tolerations=tuple(_tolerations(arguments)),
        labels=arguments.table("labels", '{"team": "vision"}'),
        secrets=arguments.texts("secrets", "database"),
        volumes=arguments.table("persistent_volume_claims", '{"models": "/models"}'),
        annotations=arguments.table("annotations", '{"note": "text"}'),
        namespace=arguments.text("namespace", "flows"),
        image_pull_policy=arguments.text("image_pull_policy", "IfNotPresent"),
        image_pull_secrets=arguments.texts("image_pull_secrets", "registry"),
        gpu_vendor=_one_of(arguments, "gpu_vendor", VENDORS),
        port=arguments.number("port", None, 1, whole=True),
        guaranteed=_one_of(arguments, "qos", QOS) == "Guaranteed",
        extended_resources=tuple(sorted(_extended_resources(arguments))),
        security_context=tuple(sorted(_security_context(arguments))),
    )
    image = arguments.text("image", "registry.example.com/flows:1")
    spec = replace(so_far.execution, image=image, pod=pod, tmpfs=read_tmpfs(arguments))
    sized = read_sizes(arguments, so_far) if arguments.named.keys() & SIZES else so_far
    return replace(sized, execution=spec)


def _with_pool(selector: Pairs, pool: str) -> Pairs:
    return tuple(sorted({**dict(selector), **({POOL: pool} if pool else {})}.items()))


def _one_of(arguments: Arguments, name: str, known: tuple[str, ...]) -> str:
    """One of the known values, whatever its case; empty by default."""
    value = arguments.text(name, known[0])
    found = next((each for each in known if each.lower() == value.lower()), "")
    if value and not found:
        listed = " or ".join(f"`{each}`" for each in known)
        message = f"`{name}` of `@kubernetes` must be {listed}, not `{value}`"
        arguments.say(arguments.named[name][0], message, *(did_you_mean(value, known) or (f'write `{name}="{known[0]}"`',)))
    return found


def _tolerations(arguments: Arguments) -> Iterator[tuple[tuple[str, str | int], ...]]:
    node, found = arguments.named.get("tolerations", (arguments.use.node, None))
    for each in found if isinstance(found, list | tuple) else () if found is None else (found,):
        if isinstance(each, dict) and all(isinstance(key, str) and isinstance(value, str | int) for key, value in each.items()):
            yield tuple(sorted(each.items()))
        else:
            example = 'write `tolerations=[{"key": "batch", "operator": "Exists"}]`'
            arguments.say(node, f"a toleration of `@kubernetes` must be a dict with the fields of Kubernetes, not `{each!r}`", example)


def _extended_resources(arguments: Arguments) -> Iterator[tuple[str, str]]:
    node, found = arguments.named.get("extended_resources", (arguments.use.node, None))
    if found is not None and not isinstance(found, dict):
        _say_dict(arguments, "extended_resources", '{"example.com/fpga": "1"}')
        return
    for name, value in (found or {}).items():
        if isinstance(name, str) and isinstance(value, str | int) and not isinstance(value, bool):
            yield name, str(value)
        else:
            message = f"`extended_resources` of `@kubernetes` must have names with numbers, not `{name!r}: {value!r}`"
            arguments.say(node, message, 'write `extended_resources={"example.com/fpga": "1"}`')


def _security_context(arguments: Arguments) -> Iterator[tuple[str, bool | int]]:
    node, found = arguments.named.get("security_context", (arguments.use.node, None))
    if found is not None and not isinstance(found, dict):
        _say_dict(arguments, "security_context", '{"run_as_user": 1000}')
        return
    for name, value in (found or {}).items():
        if name in SECURITY and type(value) is SECURITY[name] and isinstance(value, int):
            yield name, value
        elif name in SECURITY and value is not None:
            kind, example = ("True or False", "True") if SECURITY[name] is bool else ("a whole number", "1000")
            message = f"`{name}` in `security_context` of `@kubernetes` must be {kind}, not `{value!r}`"
            arguments.say(node, message, f'write `"{name}": {example}`')
        elif name not in SECURITY:
            listed = ", ".join(f"`{one}`" for one in SECURITY)
            message = f"`security_context` of `@kubernetes` has no field `{name}`"
            arguments.say(node, message, *did_you_mean(str(name), SECURITY), f"its fields are {listed}")


def _say_dict(arguments: Arguments, name: str, example: str) -> None:
    node, value = arguments.named[name]
    arguments.say(node, f"`{name}` of `@kubernetes` must be a dict, not `{value!r}`", f"write `{name}={example}`")


def _merge(group: Sequence[Settings], so_far: Settings) -> Settings:
    """The first step decides where the container runs; `fuse.differing_steps` finds steps with another spec."""
    return replace(so_far, execution=group[0].execution)


def _instead_of_variable(argument: str | None) -> tuple[str, ...]:
    if argument not in PROFILE_SETTINGS:
        return ()
    return (f"remove it, and set `{argument}` in a profile of flowport.toml, under `[profiles.NAME.argo]`",)


KUBERNETES = Decorator(
    "kubernetes",
    tuple(dict.fromkeys(("image", *SIZES, *(feature.argument for feature in POD_FEATURES), *TMPFS, *WITHOUT_EFFECT))),
    _read,
    POD_FEATURES,
    _merge,
    changes_results=False,
    without_effect=WITHOUT_EFFECT,
    instead_of_variable=_instead_of_variable,
)
