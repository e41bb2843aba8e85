"""The pod templates of a workflow: steps with the same requests share one, which gets the step and the slice as inputs."""

from __future__ import annotations

import json

from flowport.compiler.ir import JSON, ExecutionSpec, Foreach, Resources, Step, Switch
from flowport.compiler.ir.secrets import EngineSecret
from flowport.compiler.record import field, record
from flowport.runtime.process import nodes
from flowport.runtime.protocol import COUNTED, STOP, Invocation, variable
from flowport.runtime.records.rounds import ARRIVAL
from flowport.targets.argo.gangs import NODE, NODES
from flowport.targets.argo.settings import Settings
from flowport.targets.argo.volumes import volumes
from flowport.targets.containers.needs import rights, tempdir
from flowport.targets.containers.needs import sizes as container_sizes
from flowport.targets.sizes import VARIABLE
from flowport.targets.volumes import Volume, own_volumes

BEGINS = "begins"
"""The global output of a workflow that may not begin: the steps that it goes to, which are none where it did not begin."""

TMP = "/tmp"
ROUTE = f"{TMP}/route.json"
_FORM = "sprig.b64enc(workflow.parameters.json)"
FORM = f"{{{{=len({_FORM}) > {VARIABLE} ? len({_FORM}) : {_FORM}}}}}"
"""The form as it was filled in, or, too long, its length: a variable is searched for expressions, and base64 has none."""

BRACE = "FLOWPORT_BRACE"
"""A variable that is `{`: Argo evaluates a text in double braces, also one that an expression gave, and knows no way to escape them."""

BEGAN = "argo/{{workflow.uid}}"
"""What tells a workflow from another one of the same name."""

SCHEDULED = "{{=workflow.scheduledTime ?? ''}}"
"""The time for which a CronWorkflow started the workflow; other workflows have none (docs/variables.md; measured, 4.1.2)."""


@record
class Pod:
    """The content of a pod template. `name` comes from the first step that uses it, and is not compared.

    `answers` says that the task writes where to go on, `counts` that it also writes how many nodes the gang has that it starts, `node` that
    it is itself a node, `first` that it begins the run, `scheduled` that a schedule may have started that, and `command` is the runtime's.
    `gate` are the seconds of the cool-down, where it decides whether the run begins.
    `turn` is the turn that the rest of a loop begins with, and of `shared` such fan-outs all must fit into one workflow.
    """

    name: str = field(compare=False)
    command: str
    answers: bool
    counts: bool
    node: bool
    first: bool
    scheduled: bool
    gate: int | None
    turn: int
    shared: int
    retries: int
    minutes: float
    deadline: int | None
    resources: Resources
    environment: tuple[tuple[str, str], ...]
    execution: ExecutionSpec
    secrets: tuple[EngineSecret, ...]


@record
class Part:
    """What the pod of a step is in its workflow: `block` is a loop from `turn` on; the others are as in `Pod`."""

    first: bool
    scheduled: bool
    gate: int | None
    block: bool
    turn: int
    shared: int
    counts: bool
    node: bool


def pod(step: Step, part: Part, deadline: int | None) -> Pod:
    """The pod of a step."""
    settings = step.settings
    answers = isinstance(step.transition, Foreach | Switch)
    execution = settings.execution.for_pod()
    own = settings.resources or settings.gang or settings.variables or settings.delivery.engine or execution != ExecutionSpec()
    special = part.first or part.block or part.counts or settings.retries or deadline or own
    usual = "split" if isinstance(step.transition, Foreach) else "switch" if answers else "step"
    return Pod(
        name=f"{step.name}-rest" if part.turn else step.name if special else usual,
        command="block" if part.block else "task",
        answers=answers,
        counts=part.counts,
        node=part.node,
        first=part.first,
        scheduled=part.scheduled,
        gate=part.gate,
        turn=part.turn,
        shared=part.shared if isinstance(step.transition, Foreach) else 1,
        retries=settings.retries,
        minutes=settings.minutes if settings.retries else 0,
        # The clock of a pod begins before all nodes are here.
        deadline=deadline if deadline is None or not part.node else deadline + round(ARRIVAL),
        resources=(settings.resources or Resources()) if part.node else settings.sizes,
        environment=settings.variables,
        execution=execution,
        secrets=settings.delivery.engine,
    )


def template(name: str, spec: Pod, sizes: tuple[int, int], settings: Settings, before_run: str) -> JSON:
    """The template of a pod, without the `common_variables`; `sizes` are the width and the total of foreaches.

    `before_run` stands before the name of a workflow in the id of the run.
    """
    inputs = ("step", "slice", *((NODE, NODES) if spec.node else ()))
    return pod_template(name, spec, _variables(spec, *sizes, f"{before_run}{{{{workflow.name}}}}"), settings, inputs)


def pod_template(name: str, spec: Pod, environment: list[JSON], settings: Settings, inputs: tuple[str, ...] = ()) -> dict[str, JSON]:
    """The template of a pod with these variables beside those of all containers."""
    own = spec.execution.pod
    made: dict[str, JSON] = {"name": name}
    if own.labels or own.annotations:
        made["metadata"] = {
            **({"labels": dict(own.labels)} if own.labels else {}),
            **({"annotations": dict(own.annotations)} if own.annotations else {}),
        }
    if inputs:
        made["inputs"] = {"parameters": [{"name": each} for each in inputs]}
    if spec.answers:
        written = {"route": ROUTE, **({NODES: ROUTE + COUNTED} if spec.counts else {})}
        outputs: list[JSON] = [{"name": each, "valueFrom": {"path": path}} for each, path in written.items()]
        if spec.gate is not None:
            # Of the workflow, so that a sensor sees whether the run began.
            outputs = [{"name": "route", "globalName": BEGINS, "valueFrom": {"path": ROUTE}}]
        made["outputs"] = {"parameters": outputs}
    if spec.retries:
        made["retryStrategy"] = _retries(spec)
    if spec.deadline is not None:
        made["activeDeadlineSeconds"] = spec.deadline
    if settings.startup_timeout:
        made["pendingTimeout"] = f"{settings.startup_timeout}s"
    # What a template says of these stands in the place of what the workflow says.
    if own.service_account:
        made["serviceAccountName"] = own.service_account
    if own.node_selector:
        made["nodeSelector"] = {**settings.node_selector, **dict(own.node_selector)}
    if own.tolerations:
        tolerations: list[JSON] = [{**dict(each)} for each in own.tolerations]
        made["tolerations"] = [*settings.tolerations, *tolerations]
    mounted = [*volumes(settings), *own_volumes(spec.execution, spec.resources)]
    if mounted:
        made["volumes"] = [{"name": volume.name, **volume.source} for volume in mounted]
    if own.image_pull_secrets:
        # A template has no field for them; the patch is merged into the pod (Argo, docs/fields.md, `podSpecPatch`).
        made["podSpecPatch"] = json.dumps({"imagePullSecrets": [{"name": name} for name in own.image_pull_secrets]})
    made["container"] = _container(spec, environment, settings, mounted)
    return made


def _container(spec: Pod, environment: list[JSON], settings: Settings, mounted: list[Volume]) -> dict[str, JSON]:
    own = spec.execution.pod
    secrets = dict.fromkeys((*settings.secrets, *own.secrets, *(each.name for each in spec.secrets if not each.variable)))
    policy = own.image_pull_policy or settings.image_pull_policy
    requests, limits = container_sizes(spec.resources, own)
    usual: dict[str, JSON] = {
        **({} if user_known(settings) or "runAsNonRoot" in settings.security_context else {"runAsNonRoot": True}),
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    return {
        "image": spec.execution.image or settings.image,
        **({"imagePullPolicy": policy} if policy else {}),
        "command": ["python", "-m", "flowport.runtime", spec.command],
        **({"ports": [{"containerPort": own.port}]} if own.port else {}),
        "env": [*environment, *(_from_secret(each) for each in spec.secrets if each.variable)],
        **({"envFrom": [{"secretRef": {"name": secret}} for secret in secrets]} if secrets else {}),
        "resources": {"requests": {**requests}, "limits": {**limits}},
        "securityContext": rights(own, usual),
        **({"volumeMounts": [{"name": volume.name, "mountPath": volume.path, **volume.how} for volume in mounted]} if mounted else {}),
    }


def user_known(settings: Settings) -> bool:
    """Whether the profile says as which user containers run, and not the image or the cluster."""
    return bool(settings.run_as_user) or "runAsUser" in settings.security_context


def _retries(spec: Pod) -> JSON:
    """Argo's own retries; exit code 78 says that another one would not help."""
    return {
        "limit": str(spec.retries),
        "retryPolicy": "Always",
        "backoff": {"duration": f"{round(spec.minutes * 60)}s"},
        "expression": f"lastRetry.exitCode != '{STOP}'",
    }


def common_variables(flow: str, store: str, code: str) -> list[JSON]:
    """The variables of all tasks; `code` is the digest of the code package."""
    said = Invocation(flow, "", "", "", store, code, width=0, total=0).variables()
    sizes = (variable("width"), variable("total"))
    return listed({"HOME": TMP, **{name: literal(value) for name, value in said.items() if value and name not in sizes}})


def _variables(spec: Pod, width: int, total: int, run: str) -> list[JSON]:
    said: dict[str, str] = {
        variable("width"): str(max(1, width // spec.shared)),
        variable("total"): str(max(1, total // spec.shared)),
        **({variable("turn"): str(spec.turn)} if spec.turn else {}),
        variable("step"): "{{inputs.parameters.step}}",
        variable("slice"): "{{inputs.parameters.slice}}",
        variable("run"): run,
        **({variable("route"): ROUTE} if spec.answers else {}),
        **(_of_node() if spec.node else {}),
        **({variable("form"): FORM, variable("engine"): BEGAN} if spec.first else {}),
        **({variable("scheduled"): SCHEDULED} if spec.scheduled else {}),
        **({variable("cooldown"): str(spec.gate)} if spec.gate is not None else {}),
        **{name: literal(value) for name, value in (*tempdir(spec.execution.tmpfs), *spec.environment)},
    }
    return listed(said)


def _of_node() -> dict[str, str]:
    """The variables by which a task knows which node it is."""
    inputs = {nodes.INDEX: NODE, nodes.NUMBER: NODES}
    return {variable("nodes"): "argo", **{name: f"{{{{inputs.parameters.{each}}}}}" for name, each in inputs.items()}}


def _from_secret(secret: EngineSecret) -> JSON:
    """A variable with an entry of a secret (Kubernetes API, SecretKeySelector); the pod does not start without it."""
    return {"name": secret.variable, "valueFrom": {"secretKeyRef": {"name": secret.name, "key": secret.key}}}


def listed(variables: dict[str, str]) -> list[JSON]:
    """Variables in the words of Kubernetes."""
    if any(f"$({BRACE})" in value for value in variables.values()):
        variables = {BRACE: "{", **variables}
    return [{"name": name, "value": value} for name, value in variables.items()]


def literal(text: str) -> str:
    """A text as the value of a variable, on its way through Argo's expressions and Kubernetes.

    Kubernetes API, EnvVar: "$(NAME)" is replaced by the value of a variable before it, and "$$" becomes "$".
    """
    return text.replace("$", "$$").replace("{{", f"{{$({BRACE})")
