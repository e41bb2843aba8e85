"""The settings of a profile that this target reads, and their values with the defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.ir import JSON
from flowport.compiler.lower.names import legal
from flowport.compiler.record import record
from flowport.compiler.target import Profile, Setting

POD_GC = ("OnPodSuccess", "OnPodCompletion", "OnWorkflowSuccess", "OnWorkflowCompletion", "Never")
"""Argo's own strategies; `Never` is the absence of one."""

OVERLAP = ("Allow", "Forbid", "Replace")
"""It runs beside that one, not at all, or in the place of it (Argo, CronWorkflow)."""

DAYS = (1 << 31) // 86_400
"""The most days in seconds of 32 bits, as `ttlStrategy` has them."""

OURS = ("app.kubernetes.io/managed-by", "flowport/flow")
"""Labels by which a deployment knows what is its own."""

TURNS, DEPTH = 50, 98
"""Turns of a loop that are pods of their own, and those after which a template that calls itself is at an end (measured, 3.7 and 4.1).

Every turn is a level deeper, and a node that stays.
"""

PODS = 3000
"""Pods of one workflow at most: its object holds a node for each."""

LABELS, SELECTOR = {"team": "vision"}, {"pool": "batch"}
SETTINGS = (
    Setting(
        "store", "where artifacts live, as s3://, gs:// or az://, or a folder in one of `volumes`", True, example="s3://my-bucket/flowport"
    ),
    Setting("image", "the container image, with Python, flowport and what the flow imports", True, example="registry.example.com/flows:1"),
    Setting("image_pull_policy", "when the image is pulled; Kubernetes decides unless given", choices=("Always", "IfNotPresent", "Never")),
    Setting("image_pull_secrets", "names of the secrets for the registry, a list of text", example=["registry"], kind="texts"),
    Setting("namespace", "the namespace of the workflows; kubectl's own unless given", example="flows"),
    Setting("name", "the name of the WorkflowTemplate; made of the flow's name unless given", example="flow"),
    Setting("service_account", "the service account of the pods", example="flows"),
    Setting("labels", "labels of the template, its workflows and their pods, a table", example={**LABELS}, kind="table"),
    Setting("annotations", "annotations of the pods, a table", example={"sidecar.istio.io/inject": "false"}, kind="table"),
    Setting("node_selector", "labels of the nodes that pods run on, a table", example={**SELECTOR}, kind="table"),
    Setting(
        "tolerations",
        "tolerations of the pods, a list of tables in Kubernetes' own words",
        example=[{"key": "batch", "operator": "Exists"}],
        kind="tables",
    ),
    Setting(
        "secrets", "names of secrets whose keys become variables of the environment, a list of text", example=["database"], kind="texts"
    ),
    Setting("secret_files", "secrets whose keys become files, a table of names and folders", example={"tls": "/secrets/tls"}, kind="table"),
    Setting(
        "volumes",
        "volumes of the pods, a list of tables in Kubernetes' own words; each with `mountPath` beside them",
        example=[{"name": "models", "mountPath": "/models", "persistentVolumeClaim": {"claimName": "models"}}],
        kind="tables",
    ),
    Setting(
        "run_as_user",
        "the user that containers run as, a number; 0 leaves it to the image or the cluster; not root unless `security_context` says so",
        default=1000,
        kind="number",
        least=0,
        most=(1 << 31) - 1,
    ),
    Setting(
        "security_context",
        "what else the security context of the pods says, a table in Kubernetes' own words",
        example={"fsGroup": 1000},
        kind="table",
    ),
    Setting(
        "max_concurrency", "how many pods of a workflow run at once (`parallelism`); all that may unless given", kind="number", most=PODS
    ),
    Setting(
        "run_timeout",
        "seconds after which a workflow is stopped and fails (`activeDeadlineSeconds`); none unless given",
        kind="number",
        most=DAYS * 86_400,
    ),
    Setting("pod_gc", "which pods go when they have ended (`podGC`)", default="OnPodSuccess", choices=POD_GC),
    Setting("concurrency_policy", "what a run that the clock starts does when one is running", default="Forbid", choices=OVERLAP),
    Setting("keep_days", "days that a workflow is kept when it has ended (`ttlStrategy`)", default=7, kind="number", most=DAYS),
    Setting("turns", "turns of a loop after which the rest of it runs in one pod", default=TURNS, kind="number", least=0, most=TURNS),
    Setting(
        "width", "the most tasks that one fan-out makes; 3,000 or what fits, divided by the steps in foreaches, unless given", kind="number"
    ),
    Setting(
        "total",
        "the most tasks that one foreach makes in a whole run, with the foreaches around it; like `width` unless given",
        kind="number",
    ),
)

STAND_INS: Profile = {"store": "s3://flowport-dry-run", "image": "python"}
"""What a dry run assumes: its pods are processes of this machine."""

TEMPLATE_NAME, CRON_NAME = 63, 52
"""Characters of the names of a WorkflowTemplate, which is also a label of its workflows (Kubernetes, "Labels and Selectors"), and of a
CronWorkflow, whose workflows have eleven more."""

DEFAULTS = {setting.name: setting.default for setting in SETTINGS}


@record
class Settings:
    """A profile as this target sees it."""

    store: str
    image: str
    image_pull_policy: str
    pod_gc: str
    concurrency_policy: str
    namespace: str
    name: str
    service_account: str
    image_pull_secrets: tuple[str, ...]
    labels: Mapping[str, JSON]
    annotations: Mapping[str, JSON]
    security_context: Mapping[str, JSON]
    secret_files: Mapping[str, JSON]
    node_selector: Mapping[str, JSON]
    tolerations: tuple[JSON, ...]
    secrets: tuple[str, ...]
    volumes: tuple[Mapping[str, JSON], ...]
    run_as_user: int
    max_concurrency: int | None
    run_timeout: int | None
    keep_days: int
    turns: int
    width: int | None
    total: int | None


def settings(profile: Profile, flow: str) -> Settings:
    """The settings for a flow, in a profile that has no `setting_problems`."""
    values = {**DEFAULTS, **{name: value for name, value in profile.items() if value is not None}}
    text = {
        name: str(values[name] or "")
        for name in ("image", "image_pull_policy", "pod_gc", "concurrency_policy", "namespace", "service_account")
    }
    return Settings(
        **text,
        store=str(values["store"] or "").rstrip("/"),
        name=str(values["name"] or "") or template_name(flow),
        image_pull_secrets=tuple(map(str, _list(values["image_pull_secrets"]))),
        labels=_table(values["labels"]),
        annotations=_table(values["annotations"]),
        node_selector=_table(values["node_selector"]),
        security_context=_table(values["security_context"]),
        secret_files=_table(values["secret_files"]),
        tolerations=tuple(_list(values["tolerations"])),
        secrets=tuple(map(str, _list(values["secrets"]))),
        volumes=tuple(volume for volume in _list(values["volumes"]) if isinstance(volume, dict)),
        run_as_user=_number(values["run_as_user"]) or 0,
        max_concurrency=_number(values["max_concurrency"]),
        run_timeout=_number(values["run_timeout"]),
        keep_days=_number(values["keep_days"]) or 0,
        turns=_number(values["turns"]) or 0,
        width=_number(values["width"]),
        total=_number(values["total"]),
    )


def template_name(flow: str) -> str:
    """A flow's name as that of a Kubernetes object: DigitsFlow -> digitsflow."""
    return legal(flow.lower().replace("_", "-").strip("-"), "a-z0-9-", CRON_NAME)


def _list(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []


def _table(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, dict) else {}


def _number(value: JSON) -> int | None:
    return value if isinstance(value, int) else None
