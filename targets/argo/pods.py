"""The pod templates of a workflow: steps that ask for the same share one, which is told the step and the slice."""

from __future__ import annotations

from flowport.compiler.ir import JSON, Foreach, Kubernetes, Resources, Step, Switch
from flowport.compiler.record import field, record
from flowport.runtime.protocol import STOP, Invocation, variable
from flowport.targets.argo.settings import Settings
from flowport.targets.argo.volumes import volumes
from flowport.targets.sizes import VARIABLE
from flowport.targets.volumes import own_volumes

TMP = "/tmp"
ROUTE = f"{TMP}/route.json"
_FORM = "sprig.b64enc(workflow.parameters.json)"
FORM = f"{{{{=len({_FORM}) > {VARIABLE} ? len({_FORM}) : {_FORM}}}}}"
"""The form as it was filled in, or, too long, its length: a variable is searched for expressions, and base64 has none."""

BRACE = "FLOWPORT_BRACE"
"""A variable that is `{`: Argo evaluates a text in double braces, also one that an expression gave, and knows no way to escape them."""

BEGAN = "argo/{{workflow.uid}}"
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
    kubernetes: Kubernetes


def pod(step: Step, *, first: bool, block: bool, turn: int, shared: int, deadline: int | None) -> Pod:
    """The pod of a step; `block` says that it is a loop from `turn` on."""
    asked = step.settings
    answers = isinstance(step.transition, Foreach | Switch)
    own = asked.resources or asked.environment or asked.kubernetes != Kubernetes()
    special = first or block or asked.granted or deadline or own
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
        kubernetes=asked.kubernetes,
    )


def template(name: str, asked: Pod, invocation: Invocation, settings: Settings) -> JSON:
    """The template of a pod; `invocation` says what all tasks are told."""
    own = asked.kubernetes
    made: dict[str, JSON] = {"name": name}
    if own.labels:
        made["metadata"] = {"labels": dict(own.labels)}
    made["inputs"] = {"parameters": [{"name": "step"}, {"name": "slice"}]}
    if asked.answers:
        made["outputs"] = {"parameters": [{"name": "route", "valueFrom": {"path": ROUTE}}]}
    if asked.retries:
        made["retryStrategy"] = _retries(asked)
    if asked.deadline is not None:
        made["activeDeadlineSeconds"] = asked.deadline
    # What a template says of these stands in the place of what the workflow says.
    if own.service_account:
        made["serviceAccountName"] = own.service_account
    if own.node_selector:
        made["nodeSelector"] = {**settings.node_selector, **dict(own.node_selector)}
    if own.tolerations:
        tolerations: list[JSON] = [{**dict(each)} for each in own.tolerations]
        made["tolerations"] = [*settings.tolerations, *tolerations]
    mounted = [*volumes(settings), *own_volumes(own, asked.resources)]
    if mounted:
        made["volumes"] = [{"name": volume.name, **volume.source} for volume in mounted]
    secrets = dict.fromkeys((*settings.secrets, *own.secrets))
    made["container"] = {
        "image": own.image or settings.image,
        **({"imagePullPolicy": settings.image_pull_policy} if settings.image_pull_policy else {}),
        "command": ["python", "-m", "flowport.runtime", asked.command],
        "env": _variables(asked, invocation),
        **({"envFrom": [{"secretRef": {"name": secret}} for secret in secrets]} if secrets else {}),
        "resources": _resources(asked.resources),
        "securityContext": {
            **({} if user_known(settings) or "runAsNonRoot" in settings.security_context else {"runAsNonRoot": True}),
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        **({"volumeMounts": [{"name": volume.name, "mountPath": volume.path, **volume.how} for volume in mounted]} if mounted else {}),
    }
    return made


def user_known(settings: Settings) -> bool:
    """Whether the profile says as which user containers run, and not the image or the cluster."""
    return bool(settings.run_as_user) or "runAsUser" in settings.security_context


def _retries(asked: Pod) -> JSON:
    """Argo's own retries; exit code 78 says that another one would not help."""
    return {
        "limit": str(asked.retries),
        "retryPolicy": "Always",
        "backoff": {"duration": f"{round(asked.minutes * 60)}s"},
        "expression": f"lastRetry.exitCode != '{STOP}'",
    }


def _variables(asked: Pod, invocation: Invocation) -> list[JSON]:
    said: dict[str, str] = {
        "HOME": TMP,
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
    if any(f"$({BRACE})" in value for value in said.values()):
        said = {BRACE: "{", **said}
    return [{"name": name, "value": value} for name, value in said.items()]


def literal(text: str) -> str:
    """A text as the value of a variable, on its way through Argo's expressions and Kubernetes.

    Kubernetes API, EnvVar: "$(NAME)" is replaced by the value of a variable before it, and "$$" becomes "$".
    """
    return text.replace("$", "$$").replace("{{", f"{{$({BRACE})")


def _resources(asked: Resources) -> JSON:
    requests: dict[str, JSON] = {"cpu": f"{asked.cpu:g}", "memory": f"{asked.memory}Mi"}
    limits: dict[str, JSON] = {"memory": f"{asked.memory}Mi"}
    if asked.gpu:
        limits["nvidia.com/gpu"] = str(asked.gpu)
    if asked.disk:
        requests["ephemeral-storage"] = limits["ephemeral-storage"] = f"{asked.disk}Mi"
    return {"requests": requests, "limits": limits}
