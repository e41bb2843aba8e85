"""The settings of a profile that this target reads."""

from __future__ import annotations

from flowport.compiler.lower.names import legal
from flowport.compiler.settings import Profile, TargetSettings, number, table, tables, text, texts
from flowport.targets.hooks.receivers import on_end
from flowport.targets.schedules.vocabulary import CATCH_UP, COOLDOWN, OVERLAP, OVERLAPS

POD_GC = ("OnPodSuccess", "OnPodCompletion", "OnWorkflowSuccess", "OnWorkflowCompletion", "Never")
"""Argo's own strategies; `Never` is the absence of one."""

POLICIES = {"allow": "Allow", "skip": "Forbid", "replace": "Replace"}
"""What Argo calls the values of `overlap` (CronWorkflow, `concurrencyPolicy`)."""

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

DRY_RUN_DEFAULTS: Profile = {
    "store": "s3://flowport-dry-run",
    "image": "python",
    "namespace": "default",
    "event_source": "webhook/event",
}
"""What a dry run assumes: its pods are processes of this machine."""


class Settings(TargetSettings):
    """A profile as this target sees it."""

    name_setting = "name"

    given_store = text(
        "the store of the runs: s3://, gs:// or az://, or a folder in one of `volumes`",
        name="store",
        required=True,
        example="s3://my-bucket/flowport",
    )
    image = text(
        "the container image; it contains Python, flowport and the modules that the flow imports",
        required=True,
        example="registry.example.com/flows:1",
    )
    image_pull_policy = text("when the image is pulled; by default Kubernetes decides", choices=("Always", "IfNotPresent", "Never"))
    image_pull_secrets = texts("names of the secrets for the registry, a list of strings", example=["registry"])
    namespace = text("the namespace of the workflows; by default that of kubectl's context", example="flows")
    given_name = text("the name of the WorkflowTemplate; by default made from the name of the flow", name="name", example="flow")
    service_account = text("the service account of the pods", example="flows")
    labels = table("labels of the template, its workflows and their pods, a table", example={"team": "vision"})
    annotations = table("annotations of the pods, a table", example={"sidecar.istio.io/inject": "false"})
    node_selector = table("labels that nodes must have to run the pods, a table", example={"pool": "batch"})
    tolerations = tables("tolerations of the pods, a list of tables as in a pod spec", example=[{"key": "batch", "operator": "Exists"}])
    priority_class = text("the priority class of the pods (`podPriorityClassName`)", example="high")
    secrets = texts("secrets whose keys become environment variables, a list of names", example=["database"])
    secret_files = table("secrets whose keys become files, a table of secret names and folders", example={"tls": "/secrets/tls"})
    volumes = tables(
        "volumes of the pods, a list of tables as in a pod spec, each with a `mountPath`",
        example=[{"name": "models", "mountPath": "/models", "persistentVolumeClaim": {"claimName": "models"}}],
    )
    run_as_user = number(
        "the user id of the containers; with 0 the image or the cluster decides; root only if `security_context` allows it",
        default=1000,
        least=0,
        most=(1 << 31) - 1,
    )
    security_context = table("further fields of the security context of the pods, a table as in a pod spec", example={"fsGroup": 1000})
    gangs = text(
        "where the nodes of a step with `num_parallel` run: `nodes`, each in a pod of its own, or `container`, all in one",
        default="nodes",
        choices=("nodes", "container"),
    )
    max_concurrency = number("how many pods of a workflow may run at once (`parallelism`); by default there is no limit", most=PODS)
    run_timeout = number(
        "timeout of a run in seconds: the workflow is stopped and fails (`activeDeadlineSeconds`); by default there is none",
        most=DAYS * 86_400,
    )
    cooldown = number(COOLDOWN, most=10 * 366 * 86_400)
    startup_timeout = number(
        "timeout for the start of a pod in seconds (`pendingTimeout`, from Argo 4.1 on); by default there is none", most=DAYS * 86_400
    )
    pod_gc = text("which pods are deleted after they end (`podGC`)", default="OnPodSuccess", choices=POD_GC)
    concurrency_policy = text(
        "another name of `overlap`, with the words of Argo: Allow, Forbid (which is `skip`) or Replace", choices=tuple(POLICIES.values())
    )
    given_overlap = text(f"{OVERLAPS}; by default `skip`, and Argo cannot `wait`", name="overlap", choices=OVERLAP)
    catch_up = text(f"{CATCH_UP}; Argo cannot, and starts only the last one, within ten minutes", example="2026-11-01")
    schedule = text(
        "whether a deployed `@schedule` starts runs: `active`, or `paused` until you turn it on; `paused` leaves triggers out",
        default="active",
        choices=("active", "paused"),
    )
    on_success = on_end("is done", "kubernetes:alerts/slack")
    on_failure = on_end("failed or was stopped", "kubernetes:alerts/slack")
    event_source = text(
        "the event source and the event of Argo Events that `@trigger` waits for, such as the webhook that Metaflow uses; by default a "
        "WorkflowEventBinding starts a run, for which Argo's server is enough",
        example="argo-events-webhook/metaflow-event",
    )
    event_service_account = text(
        "the service account of the EventSource and the Sensor of a flow: it may list and watch workflows, and create them",
        example="events",
    )
    keep_days = number("how many days a workflow is kept after it ends (`ttlStrategy`)", default=7, most=DAYS)
    turns = number("turns of a loop that run in pods of their own; one pod runs the rest", default=TURNS, least=0, most=TURNS)
    width = number(
        "the largest number of tasks that one task may start with a foreach; by default 3,000 divided by the steps in foreaches, or less"
    )
    total = number("the largest number of tasks of one foreach in a whole run; by default that of `width`")

    @property
    def store(self) -> str:
        """The store's address, without a slash at the end."""
        return self.given_store.rstrip("/")

    @property
    def overlap(self) -> str:
        """What a schedule does while an earlier run is still running."""
        said = {policy: value for value, policy in POLICIES.items()}.get(self.concurrency_policy, "skip")
        return self.given_overlap or said

    @property
    def name(self) -> str:
        """The name of the WorkflowTemplate."""
        return self.given_name or template_name(self.flow)


def template_name(flow: str) -> str:
    """A flow's name as that of a Kubernetes object: DigitsFlow -> digitsflow."""
    return legal(flow.lower().replace("_", "-").strip("-"), "a-z0-9-", CRON_NAME)
