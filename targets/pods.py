"""What every target that runs pods has to say about the pods of a flow's steps."""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Resources, Step
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.fuse import differing_steps, loops
from flowport.targets.kubernetes import IMAGE, LABEL, NAME, TOLERATION, Held, is_image, is_label, is_name, is_toleration, is_variable
from flowport.targets.volumes import Volume, mount_problems, own_volumes


def pod_problems(plan: Plan, mounted: list[Volume], held: Held) -> Iterator[Diagnostic]:
    """What of a step no pod can be or have; `mounted` are the volumes of all pods."""
    for loop in loops(plan).values():
        if (found := differing_steps(plan, loop)) is not None:
            message = f"the loop of `{loop.header}` runs in one pod, and its steps `{found[0]}` and `{found[1]}` need different pods"
            way_out = "use the same `@kubernetes` on all steps of the loop"
            yield Diagnostic("FP419", message, plan.flow.step(found[1]).span, help=(way_out,))
    for step in plan.flow.steps:
        yield from (Diagnostic("FP405", message, step.span, help=(way_out,)) for message, way_out in _refused(step, held))
        if own := own_volumes(step.settings.execution.pod, step.settings.resources or Resources()):
            yield from mount_problems([*mounted, *own], held, f" of step `{step.name}`", step.span)


def _refused(step: Step, held: Held) -> Iterator[tuple[str, str]]:
    """What Kubernetes does not take of a step, and what to do."""
    spec, whose = step.settings.execution, f"of step `{step.name}`"
    own = spec.pod
    for key, value in (*own.labels, *own.node_selector):
        if not is_label(key, value):
            yield f"`{key}={value}` {whose} is not a label of Kubernetes", LABEL
    yield from (
        (f"the label `{key}` {whose} is reserved for the engine", "remove it") for key, _ in own.labels if key.startswith(held.labels)
    )
    if spec.image and not is_image(spec.image):
        yield f"`{spec.image}` {whose} cannot be the name of an image", IMAGE
    named = [*((own.service_account,) if own.service_account else ()), *own.secrets, *(claim for claim, _ in own.volumes)]
    yield from ((f"`{name}` {whose} cannot be the name of an object of Kubernetes", NAME) for name in named if not is_name(name))
    for each in own.tolerations:
        if not is_toleration(dict(each)):
            yield f"`{dict(each)}` {whose} is not a toleration of Kubernetes", f"write it as `{TOLERATION}`"
    for name in dict.fromkeys((*dict(step.settings.variables), *dict(step.settings.forwarded))):
        if not is_variable(name):
            yield f"`{name}` {whose} cannot be the name of a variable in a container", "use letters, digits and `_`"
        elif name.startswith(held.variables):
            yield f"the variable `{name}` {whose} is reserved for the engine", "use another name"
