"""What this target cannot do, and the limits of Argo and Kubernetes, as diagnostics before anything is written.

Codes FP300 to FP399 name a feature, FP400 to FP449 a limit or a setting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flowport.compiler.capability import Capabilities, Feature, Limit, missing
from flowport.compiler.diagnostics import Diagnostic
from flowport.compiler.fuse import unlike
from flowport.compiler.ir import JSON, Resources, Span
from flowport.compiler.plan import Loop, Plan, walk
from flowport.compiler.target import Profile
from flowport.runtime import documents
from flowport.targets.argo.form import FIELDS
from flowport.targets.argo.names import Names
from flowport.targets.argo.parts import TASKS
from flowport.targets.argo.settings import CRON_NAME, DEPTH, OURS, SETTINGS, TEMPLATE_NAME, Settings, settings, template_name
from flowport.targets.argo.volumes import Volume, own_volumes, volumes
from flowport.targets.kinds import line, problems, toml
from flowport.targets.pods import unlike_pods
from flowport.targets.schedules import unfilled

TEMPLATES = 200
"""Templates of a workflow (Argo's CRDs)."""

SIZE = 1_000_000
"""Bytes of a template: the object of each of its workflows has a copy, beside its nodes, and etcd takes 1.5 MiB (etcd, "System limits")."""

STORES = ("s3://", "gs://", "az://")
NAME = "use small letters, digits, `-` and `.`, the first and the last one a letter or a digit"
IMAGE = "write it as `registry.example.com/flows:1`"
LABEL = "use letters, digits, `-`, `_` and `.`, at most 63, the first and the last one a letter or a digit"
ONE_CONTAINER = Limit(
    "never",
    "a loop in a foreach or in another loop runs in one pod, its foreaches item after item",
    "where that takes too long, take the loop out of the other one, or the foreach out of the loop",
    harmless=True,
)
LACKS: Capabilities = {Feature.FOREACH_IN_LOOP: ONE_CONTAINER}
CODES: Mapping[Feature, str] = {Feature.FOREACH_IN_LOOP: "FP304"}


def setting_problems(profile: Profile) -> Iterator[Diagnostic]:
    """Settings that are missing, or that Kubernetes would not accept."""
    wrong = tuple(problems("argo", SETTINGS, profile))
    yield from wrong
    if not any(problem.code != "FP400" for problem in wrong):
        yield from _store_problems(profile)
        yield from _name_problems(profile)
        yield from _volume_problems(settings(profile, "flow"))


def _name_problems(profile: Profile) -> Iterator[Diagnostic]:
    for name in ("name", "namespace"):
        if not re.fullmatch(rf"[a-z0-9]([a-z0-9-]{{0,{TEMPLATE_NAME - 2}}}[a-z0-9])?", str(profile.get(name) or "flow")):
            way_out = f"use at most {TEMPLATE_NAME} small letters, digits and `-`, the first and the last one no `-`"
            yield Diagnostic("FP405", f"`{profile[name]}` cannot be the {name} of a WorkflowTemplate", help=(way_out,))
    for name in ("labels", "node_selector"):
        table = profile.get(name)
        for key, value in table.items() if isinstance(table, dict) else ():
            if not is_label(key, value):
                yield Diagnostic("FP405", f"`{key} = {toml(value)}` in `{name}` is no label of Kubernetes", help=(LABEL,))
            elif name == "labels" and is_taken(key):
                yield Diagnostic("FP405", f"the label `{key}` in `labels` is not for a profile to set", help=("leave it out",))
    if not is_image(image := str(profile.get("image") or "image")):
        yield Diagnostic("FP405", f"`{image}` cannot be the name of an image", help=(IMAGE,))
    for name in ("service_account", "secrets", "image_pull_secrets", "secret_files"):
        held = profile.get(name) or ()
        for each in (held,) if isinstance(held, str) else held if isinstance(held, list | dict) else ():
            if not is_name(str(each)):
                yield Diagnostic("FP405", f"`{each}` in `{name}` cannot be the name of an object of Kubernetes", help=(NAME,))


def is_name(text: str) -> bool:
    """Whether Kubernetes takes a name of a secret, a claim or a service account ("Object Names and IDs", DNS subdomain)."""
    return len(text) <= 253 and bool(re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", text))


def is_image(text: str) -> bool:
    """Whether a text may be an image's name, and means nothing to Argo; what else it must be is the registry's to say."""
    return bool(re.fullmatch(r"[\w.:@/-]+", text, re.ASCII))


def is_taken(label: str) -> bool:
    """Whether Argo or a deployment knows its own by a label."""
    return label in OURS or label.startswith("workflows.argoproj.io/")


def is_label(key: str, value: JSON) -> bool:
    """Whether Kubernetes takes a label ("Labels and Selectors", Syntax and character set)."""
    prefix, slash, name = key.rpartition("/")
    fits = not slash or (len(prefix) <= 253 and re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", prefix))
    word = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
    return bool(fits and re.fullmatch(word, name) and isinstance(value, str) and re.fullmatch(f"({word})?", value))


def _volume_problems(known: Settings) -> Iterator[Diagnostic]:
    for volume in known.volumes:
        if not (re.fullmatch("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", str(volume.get("name"))) and isinstance(volume.get("mountPath"), str)):
            setting = next(setting for setting in SETTINGS if setting.name == "volumes")
            yield Diagnostic(
                "FP490",
                "a volume is a table with a `name` of small letters, digits and `-`, a `mountPath` and what it is",
                help=(line("argo", setting),),
            )
            return
    for secret, path in known.secret_files.items():
        if not isinstance(path, str):
            yield Diagnostic(
                "FP490", f"secret `{secret}` in `secret_files` has no folder", help=(f'write `{secret} = "/secrets/{secret}"`',)
            )
            return
    yield from _twice(volumes(known), "two volumes", None)


def _twice(mounted: list[Volume], whose: str, span: Span | None) -> Iterator[Diagnostic]:
    """Volumes of one name, or mounted at one place, or at none."""
    for volume in mounted:
        if not volume.path.startswith("/") or ":" in volume.path:
            message = f"volume `{volume.name}` is mounted at `{volume.path}`, which is no absolute path without a colon"
            yield Diagnostic("FP490", message, span, help=(f"write `/{volume.path.strip('/:')}`",))
    for what, held in (("name", [volume.name for volume in mounted]), ("folder", [volume.path.rstrip("/") for volume in mounted])):
        for each in sorted({each for each in held if held.count(each) > 1}):
            yield Diagnostic("FP490", f"{whose} have the {what} `{each}`", span, help=(f"give one of them another {what}",))


def _store_problems(profile: Profile) -> Iterator[Diagnostic]:
    store = str(profile.get("store") or "")
    volumes = profile.get("volumes")
    mounted = (
        [str(volume.get("mountPath")).rstrip("/") for volume in volumes if isinstance(volume, dict)] if isinstance(volumes, list) else []
    )
    if store and not store.startswith(STORES) and not any(f"{store.rstrip('/')}/".startswith(f"{path}/") for path in mounted):
        message = f"the store `{store}` is not one that pods can use: a folder is not the same in each of them"
        known = ", ".join(f"`{start}`" for start in STORES)
        way_out = f"an address that begins with {known}, or a folder below the `mountPath` of one of `volumes`"
        yield Diagnostic("FP401", message, help=(way_out, line("argo", SETTINGS[0])))


def plan_problems(plan: Plan, profile: Profile, document: Any) -> Iterator[Diagnostic]:
    """What a plan asks for and does not get, and names that are others in Argo; the profile has no `setting_problems`."""
    yield from missing(plan, "argo", LACKS, CODES)
    for parameter in plan.flow.parameters:
        if parameter.name in FIELDS:
            message = f"parameter `{parameter.name}` is called like the field of Argo's form for {FIELDS[parameter.name]}"
            yield Diagnostic("FP416", message, parameter.span, help=("give the parameter another name",))
        elif not re.fullmatch("[A-Za-z0-9_-]+", parameter.name):
            message = f"parameter `{parameter.name}` has a name that Argo does not take"
            yield Diagnostic("FP417", message, parameter.span, help=("use letters from a to z, digits, `_` and `-`",))
        elif isinstance(parameter.default, str) and "{{=" in parameter.default and parameter.kind != "file":
            message = (
                f"the default of parameter `{parameter.name}` has `{{{{=` in it, "
                "and a workflow with an expression that Argo cannot read never begins"
            )
            way_out = "make the default a function, which is called when the run starts"
            yield Diagnostic("FP420", message, parameter.span, help=(way_out,), severity="warning")
    if plan.flow.schedule and len(name := str(profile.get("name") or "")) > CRON_NAME:
        message = f"`{name}` has {len(name)} characters, and the name of a CronWorkflow {CRON_NAME} at most"
        yield Diagnostic("FP405", message, plan.flow.schedule.span, help=("give the template a shorter `name`",))
    yield from unfilled(plan.flow)
    yield from unlike_pods(plan)
    yield from _without_rest(plan)
    yield from _pods(plan, settings(profile, plan.flow.name))
    yield from _renamed(plan, profile)
    yield from _sizes(plan, document)


def _without_rest(plan: Plan) -> Iterator[Diagnostic]:
    """Loops with turns that no pod can do the rest of."""
    for loop in walk(plan.body):
        if isinstance(loop, Loop) and loop.cap and (found := unlike(plan, loop)) is not None:
            message = (
                f"the loop of `{loop.header}` fails after {DEPTH} turns: Argo nests no deeper, and no pod can do the rest of it, "
                f"as its steps `{found[0]}` and `{found[1]}` ask for other ones"
            )
            way_out = "write the same `@kubernetes` on all steps of the loop, where it may take more turns"
            yield Diagnostic("FP419", message, plan.flow.step(found[1]).span, help=(way_out,), severity="warning")


def _pods(plan: Plan, known: Settings) -> Iterator[Diagnostic]:
    """What of `@kubernetes` and `@resources` no pod can have."""
    for step in plan.flow.steps:
        own = step.settings.kubernetes
        for key, value in (*own.labels, *own.node_selector):
            if not is_label(key, value):
                yield Diagnostic("FP405", f"`{key}={value}` of step `{step.name}` is no label of Kubernetes", step.span, help=(LABEL,))
        for key, _ in own.labels:
            if is_taken(key):
                message = f"the label `{key}` of step `{step.name}` is not for a flow to set"
                yield Diagnostic("FP405", message, step.span, help=("leave it out",))
        if own.image and not is_image(own.image):
            yield Diagnostic("FP405", f"`{own.image}` of step `{step.name}` cannot be the name of an image", step.span, help=(IMAGE,))
        for each in filter(None, (own.service_account, *own.secrets, *(claim for claim, _ in own.volumes))):
            if not is_name(each):
                message = f"`{each}` of step `{step.name}` cannot be the name of an object of Kubernetes"
                yield Diagnostic("FP405", message, step.span, help=(NAME,))
        if mounted := own_volumes(own, step.settings.resources or Resources()):
            yield from _twice([*volumes(known), *mounted], f"two volumes of step `{step.name}`", step.span)


def _sizes(plan: Plan, document: Any) -> Iterator[Diagnostic]:
    templates = document["spec"]["templates"]
    most = max(len(template["dag"]["tasks"]) for template in templates if "dag" in template)
    if most > TASKS:
        message = f"a DAG of {plan.flow.name} has {most} tasks, and Argo takes {TASKS}"
        yield Diagnostic("FP418", message, plan.flow.span, help=("put some of the steps into flows of their own",))
    if (size := len(documents.dump(document))) > SIZE:
        message = f"the workflow template of {plan.flow.name} has {size:,} bytes, and Argo keeps {SIZE:,} at most beside its nodes"
        way_out = "make several flows of it, or keep long variables of `@environment` in a file beside the flow"
        yield Diagnostic("FP410", message, plan.flow.span, help=(way_out,))
    if len(templates) > TEMPLATES:
        message = f"{plan.flow.name} has {len(templates)} templates, and Argo takes {TEMPLATES}"
        way_out = "give steps the same resources, retries and environment: they then share a template"
        yield Diagnostic("FP418", message, plan.flow.span, help=(way_out,))


def _renamed(plan: Plan, profile: Profile) -> Iterator[Diagnostic]:
    notes = ("the names of Argo consist of letters from a to z, digits and `-`; `_` becomes `-`",)
    known = settings(profile, plan.flow.name)
    if not profile.get("name") and known.name != plan.flow.name.lower().replace("_", "-"):
        yield Diagnostic(
            "FP305", f"flow `{plan.flow.name}` is `{template_name(plan.flow.name)}` in Argo", plan.flow.span, notes, severity="warning"
        )
    names = Names()
    for step in plan.flow.steps:
        if names(step.name) != step.name.replace("_", "-"):
            message = f"step `{step.name}` is task `{names(step.name)}` in Argo"
            yield Diagnostic("FP305", message, step.span, notes, severity="warning")
