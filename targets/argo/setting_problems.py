"""What is wrong with the settings of a profile: what Argo or Kubernetes would not accept."""

from __future__ import annotations

import json
from collections.abc import Iterator

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.targets.argo.pods import ROUTE, TMP
from flowport.targets.argo.settings import OURS, POLICIES, TEMPLATE_NAME, Settings
from flowport.targets.argo.volumes import holding, volumes
from flowport.targets.hooks.receivers import receiver_problems
from flowport.targets.kubernetes import (
    IMAGE,
    LABEL,
    MOUNT,
    NAME,
    SECURITY,
    SOURCES,
    TOLERATION,
    Held,
    is_image,
    is_key,
    is_label,
    is_name,
    is_short_name,
    is_toleration,
    misfits,
)
from flowport.targets.settings_validation import line, toml
from flowport.targets.stores import is_address
from flowport.targets.volumes import Volume, mount_problems

HELD = Held(
    private=("/", TMP, ROUTE),
    mounts=("var-run-argo", "tmp-dir-argo", "/var/run/argo"),
    labels=(*OURS, "workflows.argoproj.io/"),
    variables=("ARGO_",),
)
"""What Argo, and a deployment, keep for themselves (`workflow/controller/workflowpod.go`, `workflow/common`)."""

STORES = ("s3://", "gs://", "az://")


def setting_problems(settings: Settings) -> Iterator[Diagnostic]:
    """Settings that Kubernetes would not accept."""
    yield from _expressions(settings)
    yield from _store_problems(settings.given_store, holding(settings))
    yield from _name_problems(settings)
    yield from _volume_problems(settings)
    yield from receiver_problems(settings, "Argo", ("kubernetes", "env", "secret"))
    if settings.given_overlap and settings.concurrency_policy not in ("", POLICIES.get(settings.given_overlap)):
        said = f'`overlap = "{settings.given_overlap}"` and `concurrency_policy = "{settings.concurrency_policy}"`'
        yield Diagnostic(
            "FP490", f"{said} contradict each other", help=("leave `concurrency_policy` out: it is another name of `overlap`",)
        )


def _expressions(settings: Settings) -> Iterator[Diagnostic]:
    """Texts that Argo would read as its own: a workflow with an expression that it cannot read never begins."""
    for name, value in settings.values.items():
        if "{{" in json.dumps(value, default=str):
            message = f"the setting `{name}` has `{{{{`, and Argo evaluates what stands in double braces"
            yield Diagnostic("FP490", message, help=("leave the braces out",))


def _name_problems(settings: Settings) -> Iterator[Diagnostic]:
    for what, name in (("name", settings.given_name), ("namespace", settings.namespace)):
        if name and not is_short_name(name):
            way_out = f"use at most {TEMPLATE_NAME} small letters, digits and `-`, the first and the last one no `-`"
            yield Diagnostic("FP405", f"`{name}` cannot be the {what} of a WorkflowTemplate", help=(way_out,))
    yield from (Diagnostic("FP405", message, help=(way_out,)) for message, way_out in _refused(settings))


def _refused(settings: Settings) -> Iterator[tuple[str, str]]:
    """What Kubernetes does not take of a profile, and what to do."""
    for name, table in (("labels", settings.labels), ("node_selector", settings.node_selector)):
        yield from (
            (f"`{key} = {toml(value)}` in `{name}` is no label of Kubernetes", LABEL)
            for key, value in table.items()
            if not is_label(key, value)
        )
    yield from (
        (f"the label `{key}` in `labels` is not for a profile to set", "leave it out")
        for key in settings.labels
        if key.startswith(HELD.labels)
    )
    for key, value in settings.annotations.items():
        if not (is_key(key) and isinstance(value, str)):
            yield f"`{key} = {toml(value)}` in `annotations` is no annotation of Kubernetes", f'write `"{key}" = "{value}"`, a text'
    if settings.image and not is_image(settings.image):
        yield f"`{settings.image}` cannot be the name of an image", IMAGE
    named = (
        tuple(filter(None, (settings.service_account, settings.priority_class))),
        settings.secrets,
        settings.image_pull_secrets,
        settings.secret_files,
    )
    for each in (each for names in named for each in names if not is_name(each)):
        yield f"`{each}` cannot be the name of an object of Kubernetes", NAME
    for toleration in settings.tolerations:
        if not is_toleration(toleration):
            yield f"`{toml(dict(toleration))}` in `tolerations` is no toleration of Kubernetes", f"write it as `{TOLERATION}`"
    for name in misfits(settings.security_context, SECURITY):
        message = f"`{name} = {toml(settings.security_context[name])}` in `security_context` is not what Kubernetes knows of a pod"
        yield message, (did_you_mean(name, SECURITY) or (f"its fields are {', '.join(f'`{one}`' for one in SECURITY)}",))[0]
    if settings.security_context.get("runAsUser") == 0 and settings.security_context.get("runAsNonRoot", True):
        yield "`security_context` has user 0, who is root, and pods may not be root", "leave it out, or add `runAsNonRoot = false`"


def _volume_problems(settings: Settings) -> Iterator[Diagnostic]:
    setting = Settings.named("volumes")
    for volume in settings.volumes:
        if not (is_short_name(str(volume.get("name"))) and isinstance(volume.get("mountPath"), str)):
            message = "a volume is a table with a `name` of small letters, digits and `-`, a `mountPath` and what it is"
            yield Diagnostic("FP490", message, help=(line("argo", setting),))
            return
        names = [name for name in volume if name not in (*MOUNT, "name")]
        how = {name: value for name, value in volume.items() if name in MOUNT}
        if wrong := [*misfits(how, MOUNT), *(name for name in names if name not in SOURCES or not isinstance(volume[name], dict))]:
            message = f"`{wrong[0]} = {toml(volume[wrong[0]])}` of volume `{volume['name']}` is not what Kubernetes knows"
            yield Diagnostic("FP490", message, help=(*did_you_mean(wrong[0], {*MOUNT, *SOURCES}), line("argo", setting)))
            return
        if len(names) != 1:
            message = f"volume `{volume['name']}` is {len(names)} things, and a volume is one"
            yield Diagnostic("FP490", message, help=(line("argo", setting),))
            return
    for secret, path in settings.secret_files.items():
        if not isinstance(path, str):
            way_out = f'write `{secret} = "/secrets/{secret}"`'
            yield Diagnostic("FP490", f"secret `{secret}` in `secret_files` has no folder", help=(way_out,))
            return
    yield from mount_problems(volumes(settings), HELD)


def _store_problems(store: str, there: list[Volume]) -> Iterator[Diagnostic]:
    """A store that not all pods reach; `there` are the volumes that it is in."""
    if store.startswith(STORES) and not is_address(store):
        message = f"the store `{store}` is no bucket with a folder in it"
        yield Diagnostic("FP401", message, help=(line("argo", Settings.named("store")),))
    elif there and not any(_is_shared(volume) for volume in there):
        message = f"the store `{store}` is in the volume `{there[0].name}`, which pods cannot share, or not write to"
        yield Diagnostic("FP401", message, help=("use a claim that many pods mount at once (ReadWriteMany), and not `readOnly`",))
    elif store and not there and not store.startswith(STORES):
        message = f"the store `{store}` is not one that pods can use: a folder is not the same in each of them"
        begins = ", ".join(f"`{start}`" for start in STORES)
        way_out = f"an address that begins with {begins}, or a folder below the `mountPath` of one of `volumes`"
        yield Diagnostic("FP401", message, help=(way_out, line("argo", Settings.named("store"))))


def _is_shared(volume: Volume) -> bool:
    """Whether what one pod writes into a volume is there for the others."""
    claim = volume.source.get("persistentVolumeClaim")
    read_only = volume.how.get("readOnly") or (isinstance(claim, dict) and claim.get("readOnly"))
    return not read_only and not volume.source.keys() & {
        "emptyDir",
        "configMap",
        "secret",
        "downwardAPI",
        "projected",
        "image",
        "ephemeral",
    }
