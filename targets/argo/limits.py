"""What this target cannot do, and the limits of Argo and Kubernetes, as diagnostics before anything is written.

Codes FP300 to FP399 name a feature, FP400 to FP449 a limit or a setting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flowport.compiler.capability import Capabilities, Feature, Limit, missing
from flowport.compiler.diagnostics import Diagnostic
from flowport.compiler.ir import JSON
from flowport.compiler.plan import Plan
from flowport.compiler.target import Profile
from flowport.targets.argo.form import FIELDS
from flowport.targets.argo.names import Names
from flowport.targets.argo.parts import TASKS
from flowport.targets.argo.settings import SETTINGS, TEMPLATE_NAME, settings, template_name

TEMPLATES, PARAMETERS = 200, 500
"""Templates of a workflow, and its parameters (Argo's CRDs)."""

STORES = ("s3://", "gs://", "az://")
TABLES = {"labels": dict, "node_selector": dict, "tolerations": list, "secrets": list, "image_pull_secrets": list, "volumes": list}
EXAMPLES: Mapping[str, str] = {
    "labels": '{ team = "vision" }',
    "node_selector": '{ pool = "batch" }',
    "tolerations": '[{ key = "batch", operator = "Exists" }]',
    "secrets": '["database"]',
    "image_pull_secrets": '["registry"]',
    "volumes": '[{ name = "models", mountPath = "/models", persistentVolumeClaim = { claimName = "models" } }]',
}

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
    for setting in SETTINGS:
        if setting.required and profile.get(setting.name) in (None, ""):
            yield missing_setting(setting.name)
    store = str(profile.get("store") or "")
    if store and not store.startswith(STORES):
        message = f"the store `{store}` is not one that pods can use: a folder is not the same in each of them"
        known = ", ".join(f"`{start}`" for start in STORES)
        yield Diagnostic("FP401", message, help=(f"an address that begins with {known}", _line("store", SETTINGS[0].example)))
    for name in ("width", "total", "max_concurrency", "run_as_user", "keep_days"):
        value = profile.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            message = f"the setting `{name}` is `{value}`, which is not a whole number of at least 1"
            yield Diagnostic("FP402", message, help=(_line(name, 500),))
    for name, most in (("name", TEMPLATE_NAME), ("namespace", TEMPLATE_NAME)):
        if not re.fullmatch(rf"[a-z0-9]([a-z0-9-]{{0,{most - 2}}}[a-z0-9])?", str(profile.get(name) or "flow")):
            way_out = f"use at most {most} small letters, digits and `-`, the first and the last one no `-`"
            yield Diagnostic("FP405", f"`{profile[name]}` cannot be the {name} of a WorkflowTemplate", help=(way_out,))
    for name, kind in TABLES.items():
        if (value := profile.get(name)) is not None and not isinstance(value, kind):
            what = "a table" if kind is dict else "a list"
            help = f"write `{name} = {EXAMPLES[name]}` under [argo] in flowport.toml"
            yield Diagnostic("FP490", f"the setting `{name}` is {what}", help=(help,))
    volumes = profile.get("volumes")
    for volume in volumes if isinstance(volumes, list) else ():
        if not (isinstance(volume, dict) and isinstance(volume.get("name"), str) and isinstance(volume.get("mountPath"), str)):
            help = f"write `volumes = {EXAMPLES['volumes']}` under [argo] in flowport.toml"
            yield Diagnostic("FP490", "a volume is a table with a `name`, a `mountPath` and what it is", help=(help,))


def missing_setting(name: str) -> Diagnostic:
    """A setting that is needed and not there."""
    setting = next(setting for setting in SETTINGS if setting.name == name)
    message = f"target argo needs the setting `{setting.name}`: {setting.help}"
    return Diagnostic("FP400", message, help=(_line(setting.name, setting.example),))


def _line(name: str, value: JSON) -> str:
    shown = f'"{value}"' if isinstance(value, str) else value
    return f"write `{name} = {shown}` under [argo] in flowport.toml"


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
    yield from _renamed(plan, profile)
    yield from _sizes(plan, document)


def _sizes(plan: Plan, document: Any) -> Iterator[Diagnostic]:
    templates = document["spec"]["templates"]
    most = max(len(template["dag"]["tasks"]) for template in templates if "dag" in template)
    if most > TASKS:
        message = f"a DAG of {plan.flow.name} has {most} tasks, and Argo takes {TASKS}"
        yield Diagnostic("FP418", message, plan.flow.span, help=("put some of the steps into flows of their own",))
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
