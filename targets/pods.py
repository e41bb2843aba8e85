"""What every target that runs pods has to say about the pods of a flow's steps."""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import ExecutionSpec, Pod, Resources, Step
from flowport.compiler.ir.plan import Plan
from flowport.targets.containers.limits import loop_problems
from flowport.targets.kubernetes import (
    IMAGE,
    LABEL,
    NAME,
    PORTS,
    PULL_POLICIES,
    Held,
    is_extended,
    is_image,
    is_key,
    is_label,
    is_name,
    is_short_name,
    is_toleration,
    is_variable,
)
from flowport.targets.volumes import Volume, mount_problems, own_volumes


def pod_problems(plan: Plan, mounted: list[Volume], held: Held) -> Iterator[Diagnostic]:
    """What of a step no pod can be or have; `mounted` are the volumes of all pods."""
    yield from loop_problems(plan, ExecutionSpec.for_pod, "pod", "kubernetes")
    for step in plan.flow.steps:
        yield from (Diagnostic("FP405", message, step.span, help=(way_out,)) for message, way_out in _refused(step, held))
        if own := own_volumes(step.settings.execution.for_pod(), step.settings.resources or Resources()):
            yield from mount_problems([*mounted, *own], held, f" of step `{step.name}`", step.span)


def _refused(step: Step, held: Held) -> Iterator[tuple[str, str]]:
    """What Kubernetes does not take of a step, and what to do."""
    spec, whose = step.settings.execution.for_pod(), f"of step `{step.name}`"
    own = spec.pod
    yield from _metadata_problems(own, whose, held)
    yield from _name_problems(spec, whose)
    for each in own.tolerations:
        if not is_toleration(dict(each)):
            yield f"`{dict(each)}` {whose} is not a toleration of Kubernetes", 'write it as `{"key": "batch", "operator": "Exists"}`'
    for name, amount in own.extended_resources:
        if not is_extended(name, amount):
            yield f"`{name}: {amount}` {whose} is not an extended resource of Kubernetes", 'write it as `"example.com/fpga": "1"`'
    for name in dict.fromkeys((*dict(step.settings.variables), *dict(step.settings.forwarded))):
        if not is_variable(name):
            yield f"`{name}` {whose} cannot be the name of a variable in a container", "use letters, digits and `_`"
        elif name.startswith(held.variables):
            yield f"the variable `{name}` {whose} is reserved for the engine", "use another name"
    yield from _container_problems(own, whose)


def _metadata_problems(own: Pod, whose: str, held: Held) -> Iterator[tuple[str, str]]:
    for key, value in (*own.labels, *own.node_selector):
        if not is_label(key, value):
            yield f"`{key}={value}` {whose} is not a label of Kubernetes", LABEL
    yield from (
        (f"the label `{key}` {whose} is reserved for the engine", "remove it") for key, _ in own.labels if key.startswith(held.labels)
    )
    for key, _ in own.annotations:
        if not is_key(key):
            yield f"`{key}` {whose} cannot be the name of an annotation of Kubernetes", LABEL


def _name_problems(spec: ExecutionSpec, whose: str) -> Iterator[tuple[str, str]]:
    own = spec.pod
    if spec.image and not is_image(spec.image):
        yield f"`{spec.image}` {whose} cannot be the name of an image", IMAGE
    if own.image_pull_policy and own.image_pull_policy not in PULL_POLICIES:
        listed = " or ".join(f"`{each}`" for each in PULL_POLICIES)
        yield f"`image_pull_policy` {whose} is `{own.image_pull_policy}`", f"write {listed}"
    if own.namespace and not is_short_name(own.namespace):
        yield f"`{own.namespace}` {whose} cannot be the name of a namespace", NAME
    account = (own.service_account,) if own.service_account else ()
    named = (*account, *own.secrets, *own.image_pull_secrets, *(claim for claim, _ in own.volumes))
    yield from ((f"`{name}` {whose} cannot be the name of an object of Kubernetes", NAME) for name in named if not is_name(name))


def _container_problems(own: Pod, whose: str) -> Iterator[tuple[str, str]]:
    if own.port is not None and own.port > PORTS:
        yield f"`port` {whose} is {own.port}, and the largest port is {PORTS}", "write `port=8080`"
    security = dict(own.security_context)
    if security.get("run_as_user") == 0 and security.get("run_as_non_root"):
        yield f"`security_context` {whose} has user 0, who is root, and `run_as_non_root`", "remove one of them"
    if security.get("privileged") and security.get("allow_privilege_escalation") is False:
        yield f"`security_context` {whose} is privileged and does not allow to become so", "remove `allow_privilege_escalation`"
    for name in ("run_as_user", "run_as_group"):
        if not 0 <= security.get(name, 0) < 1 << 31:
            yield f"`{name}` {whose} is {security[name]}, which is not the id of a user or a group", f"write `{name}=1000`"
