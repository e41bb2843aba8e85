"""The pod templates of a workflow: steps that ask for the same share one, which is told the step and the slice."""

from __future__ import annotations

from base64 import b64encode

from flowport.compiler.ir import JSON, Foreach, Resources, Step, Switch
from flowport.compiler.record import field, record
from flowport.runtime.contract import STOP, Invocation, variable
from flowport.targets.argo.settings import Settings

SLACK = 300
"""Seconds that a pod gets beyond `@timeout`, for loading and committing; the runtime itself is exact."""

ROUTE = "/tmp/route.json"
FORM = "{{=sprig.b64enc(workflow.parameters.json)}}"
"""The form as it was filled in: a variable of the environment is searched for expressions, and base64 has none."""

BEGAN = "workflow {{workflow.uid}}"
"""What tells a workflow from another one of the same name."""


@record
class Pod:
    """What a template is made of. `name` is what the first step that asked for it would call it, and takes no part in comparing.

    `answers` says that the task writes where to go on, `first` that it begins the run, and `command` is the runtime's. `turn` is the turn
    that the rest of a loop begins with, and of `shared` such fan-outs all must fit into one workflow.
    """

    name: str = field(compare=False)
    command: str
    answers: bool
    first: bool
    turn: int
    shared: int
    retries: int
    minutes: float
    deadline: int | None
    resources: Resources
    environment: tuple[tuple[str, str], ...]


def pod(step: Step, *, first: bool, block: bool, turn: int, shared: int, each: bool) -> Pod:
    """The pod of a step; `block` says that it is a loop from `turn` on, and `each` that it is in a foreach."""
    asked = step.settings
    answers = isinstance(step.transition, Foreach | Switch)
    # How many items a slice has is not known yet, so in a foreach only the runtime, which times each item, can say when to stop.
    deadline = None if each or asked.timeout is None else round(asked.timeout + SLACK)
    special = first or block or asked.granted or asked.resources or asked.environment or deadline
    usual = "split" if isinstance(step.transition, Foreach) else "switch" if answers else "step"
    return Pod(
        name=f"{step.name}-rest" if turn else step.name if special else usual,
        command="block" if block else "task",
        answers=answers,
        first=first,
        turn=turn,
        shared=shared if isinstance(step.transition, Foreach) else 1,
        retries=asked.granted,
        minutes=asked.minutes if asked.granted else 0,
        deadline=deadline,
        resources=asked.resources or Resources(),
        environment=asked.environment,
    )


def template(name: str, asked: Pod, invocation: Invocation, settings: Settings) -> JSON:
    """The template of a pod; `invocation` says what all tasks are told."""
    made: dict[str, JSON] = {"name": name, "inputs": {"parameters": [{"name": "step"}, {"name": "slice"}]}}
    if asked.answers:
        made["outputs"] = {"parameters": [{"name": "route", "valueFrom": {"path": ROUTE}}]}
    if asked.retries:
        made["retryStrategy"] = _retries(asked)
    if asked.deadline is not None:
        made["activeDeadlineSeconds"] = asked.deadline
    volumes = [{key: value for key, value in volume.items() if key != "mountPath"} for volume in settings.volumes]
    mounts: list[JSON] = [{"name": volume["name"], "mountPath": volume["mountPath"]} for volume in settings.volumes]
    if asked.resources.shared_memory:
        volumes.append({"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": f"{asked.resources.shared_memory}Mi"}})
        mounts.append({"name": "shared-memory", "mountPath": "/dev/shm"})
    if volumes:
        made["volumes"] = [*volumes]
    made["container"] = {
        "image": settings.image,
        "command": ["python", "-m", "flowport.runtime", asked.command],
        "env": _variables(asked, invocation),
        **({"envFrom": [{"secretRef": {"name": secret}} for secret in settings.secrets]} if settings.secrets else {}),
        "resources": _resources(asked.resources),
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        **({"volumeMounts": mounts} if mounts else {}),
    }
    return made


def _retries(asked: Pod) -> JSON:
    """Argo's own retries; exit code 78 says that another one would not help."""
    return {
        "limit": str(asked.retries),
        "retryPolicy": "Always",
        "backoff": {"duration": f"{round(asked.minutes * 60)}s"},
        "expression": f"lastRetry.exitCode != '{STOP}'",
    }


def _variables(asked: Pod, invocation: Invocation) -> list[JSON]:
    said = {
        "HOME": "/tmp",
        **{name: literal(value) for name, value in invocation.variables().items() if value},
        variable("width"): str(max(1, invocation.width // asked.shared)),
        variable("total"): str(max(1, invocation.total // asked.shared)),
        **({variable("turn"): str(asked.turn)} if asked.turn else {}),
        variable("step"): "{{inputs.parameters.step}}",
        variable("slice"): "{{inputs.parameters.slice}}",
        variable("run"): "{{workflow.name}}",
        **({variable("route"): ROUTE} if asked.answers else {}),
        **({variable("form"): FORM, variable("engine"): BEGAN} if asked.first else {}),
        **{name: literal(value) for name, value in asked.environment},
    }
    return [{"name": name, "value": value} for name, value in said.items()]


def literal(text: str) -> str:
    """A text as the value of a variable, on its way through Argo's expressions and Kubernetes.

    Kubernetes API, EnvVar: "$(NAME)" is replaced by a variable, and "$$" becomes "$". Argo has no way to escape "{{".
    """
    text = text.replace("$", "$$")
    return f"{{{{=sprig.b64dec('{b64encode(text.encode()).decode()}')}}}}" if "{{" in text else text


def _resources(asked: Resources) -> JSON:
    requests: dict[str, JSON] = {"cpu": f"{asked.cpu:g}", "memory": f"{asked.memory}Mi"}
    limits: dict[str, JSON] = {"memory": f"{asked.memory}Mi"}
    if asked.gpu:
        limits["nvidia.com/gpu"] = str(asked.gpu)
    if asked.disk:
        requests["ephemeral-storage"] = limits["ephemeral-storage"] = f"{asked.disk}Mi"
    return {"requests": requests, "limits": limits}
