"""The settings of a profile that this target reads."""

from __future__ import annotations

from flowport.compiler.lower.names import legal
from flowport.compiler.settings import Profile, TargetSettings, number, table, tables, text, texts

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

TEMPLATE_NAME, CRON_NAME = 63, 52
"""Characters of the names of a WorkflowTemplate, which is also a label of its workflows (Kubernetes, "Labels and Selectors"), and of a
CronWorkflow, whose workflows have eleven more."""

DRY_RUN_DEFAULTS: Profile = {"store": "s3://flowport-dry-run", "image": "python"}
"""What a dry run assumes: its pods are processes of this machine."""


class Settings(TargetSettings):
    """A profile as this target sees it."""

    given_store = text(
        "where artifacts live, as s3://, gs:// or az://, or a folder in one of `volumes`",
        name="store",
        required=True,
        example="s3://my-bucket/flowport",
    )
    image = text(
        "the container image, with Python, flowport and what the flow imports", required=True, example="registry.example.com/flows:1"
    )
    image_pull_policy = text("when the image is pulled; Kubernetes decides unless given", choices=("Always", "IfNotPresent", "Never"))
    image_pull_secrets = texts("names of the secrets for the registry, a list of text", example=["registry"])
    namespace = text("the namespace of the workflows; kubectl's own unless given", example="flows")
    given_name = text("the name of the WorkflowTemplate; made of the flow's name unless given", name="name", example="flow")
    service_account = text("the service account of the pods", example="flows")
    labels = table("labels of the template, its workflows and their pods, a table", example={"team": "vision"})
    annotations = table("annotations of the pods, a table", example={"sidecar.istio.io/inject": "false"})
    node_selector = table("labels of the nodes that pods run on, a table", example={"pool": "batch"})
    tolerations = tables(
        "tolerations of the pods, a list of tables in Kubernetes' own words", example=[{"key": "batch", "operator": "Exists"}]
    )
    secrets = texts("names of secrets whose keys become variables of the environment, a list of text", example=["database"])
    secret_files = table("secrets whose keys become files, a table of names and folders", example={"tls": "/secrets/tls"})
    volumes = tables(
        "volumes of the pods, a list of tables in Kubernetes' own words; each with `mountPath` beside them",
        example=[{"name": "models", "mountPath": "/models", "persistentVolumeClaim": {"claimName": "models"}}],
    )
    run_as_user = number(
        "the user that containers run as, a number; 0 leaves it to the image or the cluster; not root unless `security_context` says so",
        default=1000,
        least=0,
        most=(1 << 31) - 1,
    )
    security_context = table("what else the security context of the pods says, a table in Kubernetes' own words", example={"fsGroup": 1000})
    max_concurrency = number("how many pods of a workflow run at once (`parallelism`); all that may unless given", most=PODS)
    run_timeout = number(
        "seconds after which a workflow is stopped and fails (`activeDeadlineSeconds`); none unless given", most=DAYS * 86_400
    )
    pod_gc = text("which pods go when they have ended (`podGC`)", default="OnPodSuccess", choices=POD_GC)
    concurrency_policy = text("what a run that the clock starts does when one is running", default="Forbid", choices=OVERLAP)
    keep_days = number("days that a workflow is kept when it has ended (`ttlStrategy`)", default=7, most=DAYS)
    turns = number("turns of a loop after which the rest of it runs in one pod", default=TURNS, least=0, most=TURNS)
    width = number("the most tasks that one fan-out makes; 3,000 or what fits, divided by the steps in foreaches, unless given")
    total = number("the most tasks that one foreach makes in a whole run, with the foreaches around it; like `width` unless given")

    @property
    def store(self) -> str:
        """The store's address, without a slash at the end."""
        return self.given_store.rstrip("/")

    @property
    def name(self) -> str:
        """The name of the WorkflowTemplate."""
        return self.given_name or template_name(self.flow)


def template_name(flow: str) -> str:
    """A flow's name as that of a Kubernetes object: DigitsFlow -> digitsflow."""
    return legal(flow.lower().replace("_", "-").strip("-"), "a-z0-9-", CRON_NAME)
