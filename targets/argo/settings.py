"""The settings of a profile that this target reads, and their values with the defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.ir import JSON
from flowport.compiler.names import legal
from flowport.compiler.record import record
from flowport.compiler.target import Profile, Setting

SETTINGS = (
    Setting("store", "where artifacts live, as s3://, gs:// or az://", True, example="s3://my-bucket/flowport"),
    Setting("image", "the container image, with Python, flowport and what the flow imports", True, example="registry.example.com/flows:1"),
    Setting("namespace", "the namespace of the workflows; kubectl's own unless given", example="flows"),
    Setting("name", "the name of the WorkflowTemplate; made of the flow's name unless given"),
    Setting("service_account", "the service account of the pods", example="flows"),
    Setting("image_pull_secrets", "names of the secrets for the registry, a list of text"),
    Setting("labels", "labels of the template, its workflows and their pods, a table"),
    Setting("node_selector", "labels of the nodes that pods run on, a table"),
    Setting("tolerations", "tolerations of the pods, a list of tables in Kubernetes' own words"),
    Setting("secrets", "names of secrets whose keys become variables of the environment, a list of text"),
    Setting("volumes", "volumes of the pods, a list of tables in Kubernetes' own words; each with `mountPath` beside them"),
    Setting("run_as_user", "the number of the user that containers run as", default=1000),
    Setting("max_concurrency", "how many pods of a workflow run at once (`parallelism`); all that may unless given"),
    Setting("keep_days", "days that a workflow is kept when it has ended (`ttlStrategy`)", default=7),
    Setting("turns", "turns of a loop, 50 at most, after which the rest of it runs in one pod", default=50),
    Setting("width", "the most tasks that one fan-out makes; 3,000 divided by the steps in foreaches unless given"),
    Setting("total", "the most tasks that one foreach makes in a whole run, with the foreaches around it; like `width` unless given"),
)

STAND_INS: Profile = {"store": "s3://flowport-dry-run", "image": "python"}
"""What a dry run assumes: its pods are processes of this machine."""

TEMPLATE_NAME = 63
"""Characters of the name of a WorkflowTemplate, which is also a label of its workflows (Kubernetes, "Labels and Selectors")."""

PODS = 3000
"""Pods of one workflow: its object holds a node for each, and etcd takes 1 MiB compressed (measured: 57 to 165 bytes each)."""

TURNS = 50
"""Turns of a loop that are pods of their own: a template that calls itself is at an end after 98 (measured), and keeps a node for each."""

DEFAULTS = {setting.name: setting.default for setting in SETTINGS}


@record
class Settings:
    """A profile as this target sees it."""

    store: str
    image: str
    namespace: str
    name: str
    service_account: str
    image_pull_secrets: tuple[str, ...]
    labels: Mapping[str, JSON]
    node_selector: Mapping[str, JSON]
    tolerations: tuple[JSON, ...]
    secrets: tuple[str, ...]
    volumes: tuple[Mapping[str, JSON], ...]
    run_as_user: int
    max_concurrency: int | None
    keep_days: int
    turns: int
    width: int | None
    total: int | None


def settings(profile: Profile, flow: str) -> Settings:
    """The settings for a flow, in a profile that has no `setting_problems`."""
    values = {**DEFAULTS, **{name: value for name, value in profile.items() if value is not None}}
    text = {name: str(values[name] or "") for name in ("image", "namespace", "service_account")}
    return Settings(
        **text,
        store=str(values["store"] or "").rstrip("/"),
        name=str(values["name"] or "") or template_name(flow),
        image_pull_secrets=tuple(map(str, _list(values["image_pull_secrets"]))),
        labels=_table(values["labels"]),
        node_selector=_table(values["node_selector"]),
        tolerations=tuple(_list(values["tolerations"])),
        secrets=tuple(map(str, _list(values["secrets"]))),
        volumes=tuple(volume for volume in _list(values["volumes"]) if isinstance(volume, dict)),
        run_as_user=_number(values["run_as_user"]) or 0,
        max_concurrency=_number(values["max_concurrency"]),
        keep_days=_number(values["keep_days"]) or 0,
        turns=_number(values["turns"]) or 0,
        width=_number(values["width"]),
        total=_number(values["total"]),
    )


def template_name(flow: str) -> str:
    """A flow's name as that of a Kubernetes object: DigitsFlow -> digitsflow."""
    return legal(flow.lower().replace("_", "-").strip("-"), "a-z0-9-", TEMPLATE_NAME)


def _list(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []


def _table(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, dict) else {}


def _number(value: JSON) -> int | None:
    return value if isinstance(value, int) else None
