"""What `@kubernetes` and `@batch` ask for and no target has for the other kind of compute, as parts of capability tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from flowport.compiler.decorators.step.batch import JOB_FEATURES, batch_feature
from flowport.compiler.decorators.step.kubernetes import POD_FEATURES, pod_feature
from flowport.compiler.decorators.step.resources import CPU_AND_MEMORY, DISK, GPU, SHARED_MEMORY
from flowport.compiler.decorators.step.secrets import OF_BATCH, OF_KUBERNETES
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import ExecutionSpec
from flowport.compiler.ir.features import Feature
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.capabilities import Capabilities, Limit
from flowport.compiler.lower.fuse import differing_steps, loops

IMAGES = (pod_feature("image"), batch_feature("image"))
TMPFS = (pod_feature("use_tmpfs"), batch_feature("use_tmpfs"))
"""What both decorators have: a container of any kind can do it for either."""

_OTHERWISE = "use `@{}` beside it, or settings of the profile"
NO_JOB = Limit("never", "a pod is not a job of AWS Batch", _OTHERWISE.format("kubernetes"), harmless=True, unless="kubernetes")
NO_POD = Limit("never", "a job of AWS Batch is not a pod", _OTHERWISE.format("batch"), harmless=True, unless="batch")


def without(limit: Limit, features: Iterable[Feature], *works: Feature) -> Capabilities:
    """The same limit for these features, but for those that work."""
    return {feature: limit for feature in features if feature not in works}


NO_JOB_SECRET = Limit(
    "never", "a pod is not a job of AWS Batch", 'let the task fetch it: `"aws-secrets-manager.NAME"`, or write `"kubernetes:NAME"`'
)
NO_POD_SECRET = Limit(
    "never", "a job of AWS Batch is not a pod", 'write `"batch:ARN"`, or let the task fetch it: `"aws-secrets-manager.NAME"`'
)

POD_LACKS: Capabilities = {**without(NO_JOB, JOB_FEATURES, *IMAGES, *TMPFS), OF_BATCH: NO_JOB_SECRET}
"""What a pod cannot do for a step."""

BATCH_LACKS: Capabilities = {**without(NO_POD, POD_FEATURES, *IMAGES, *TMPFS), OF_KUBERNETES: NO_POD_SECRET}
"""What a job of AWS Batch cannot do for a step."""

COMPUTE_CODES: Mapping[Feature, str] = {
    GPU: "FP300",
    SHARED_MEMORY: "FP301",
    DISK: "FP302",
    CPU_AND_MEMORY: "FP303",
    **dict.fromkeys((*POD_FEATURES, *JOB_FEATURES), "FP306"),
    **dict.fromkeys((OF_KUBERNETES, OF_BATCH), "FP310"),
}
"""The codes of what a step asks for where it runs."""


def loop_problems(plan: Plan, counts: Callable[[ExecutionSpec], object], kind: str, decorator: str) -> Iterator[Diagnostic]:
    """Loops that run in one container, of a `kind`, although their steps need different ones; `counts` is what of a spec matters there."""
    for loop in loops(plan).values():
        if (found := differing_steps(plan, loop, counts)) is not None:
            what, way_out = needed(plan, found, kind, decorator)
            message = f"the loop of `{loop.header}` runs in one {kind}, and its steps `{found[0]}` and `{found[1]}` need different {what}"
            yield Diagnostic("FP419", message, plan.flow.step(found[1]).span, help=(f"{way_out} all steps of the loop",))


def needed(plan: Plan, found: tuple[str, str], kind: str, decorator: str) -> tuple[str, str]:
    """What two steps of a loop need two of, and what to do, which ends with the steps it is for."""
    one, other = (plan.flow.step(name).settings.execution for name in found)
    images = [(spec.image, spec.job.image) for spec in (one, other)]
    if one.built and other.built and images[0] != images[1]:
        return "images", "use the same packages and the same base image in"
    return f"{kind}s", f"use the same `@{decorator}` on"
