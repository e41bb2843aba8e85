"""What this target cannot do, and the limits of Airflow and of where its tasks run, as diagnostics before anything is written.

Codes FP300 to FP399 name a feature, FP400 to FP449 a limit or a setting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from flowport.compiler.capability import Capabilities, Feature, Limit, missing
from flowport.compiler.diagnostics import Diagnostic
from flowport.compiler.fuse import fused
from flowport.compiler.ir import JSON, Parameter, Resources
from flowport.compiler.plan import Plan
from flowport.compiler.target import Profile
from flowport.targets.airflow.compute import COMPUTE, Compute
from flowport.targets.airflow.form import FIELDS
from flowport.targets.airflow.names import Names
from flowport.targets.airflow.settings import ID, SETTINGS, settings
from flowport.targets.pods import unlike_pods
from flowport.targets.schedules import unfilled
from flowport.targets.sizes import fargate

MAP_LENGTH = 1024
"""The longest list that Airflow maps over, unless its administrator allows more (`core.max_map_length`)."""

OVERRIDES = 8_192
"""Characters of the overrides of a container of AWS Batch or ECS (their API references)."""

OURS = ("task_id", "environment", "env_vars", "cmds", "command", "container_overrides", "overrides", "do_xcom_push", "pre_execute")
"""Arguments of tasks that flowport sets, and nobody else."""

DURATIONS = {"execution_timeout": "@timeout", "retry_delay": "@retry", "max_retry_delay": "@retry"}
"""Arguments of tasks that are times, and the decorator that says them."""

TEXTS = ("image", "job_queue", "job_definition", "cluster", "task_definition", "container", "python", "dags", "owner")
"""The settings that are texts, and that nothing else asks for their type."""

TAG = 100
"""Characters of a tag (Airflow's model of DAGs)."""

FARGATE_GPU = Limit("never", "Fargate has no GPUs", 'set platform = "EC2" for a profile with a GPU queue or cluster')
EC2_DISK = Limit("never", "on EC2 a task has what its instance has", "give the instances larger volumes", harmless=True)
NO_POD = Limit("never", "a task is no pod there", "say it in a profile, or run the tasks on kubernetes", harmless=True)
ONE_CONTAINER = Limit(
    "never",
    "a DAG has no cycles, so a loop runs in one container, its foreaches item after item",
    "where that takes too long, put the foreach in front of the loop or behind it",
    harmless=True,
)
CODES: Mapping[Feature, str] = {
    Feature.GPU: "FP300",
    Feature.SHARED_MEMORY: "FP301",
    Feature.DISK: "FP302",
    Feature.RESOURCES: "FP303",
    Feature.FOREACH_IN_LOOP: "FP304",
    Feature.KUBERNETES: "FP306",
}


def lacks(profile: Profile) -> Capabilities:
    """What Airflow and the compute of a profile cannot do."""
    kind = str(profile.get("compute") or "kubernetes")
    more: dict[Feature, Limit] = {Feature.FOREACH_IN_LOOP: ONE_CONTAINER}
    if kind != "kubernetes":
        more[Feature.KUBERNETES] = NO_POD
    if kind in ("batch", "ecs") and profile.get("platform") == "FARGATE":
        more[Feature.GPU] = FARGATE_GPU
    elif kind == "ecs":
        more[Feature.DISK] = EC2_DISK
    return {**COMPUTE[kind].lacks, **more}


def setting_problems(profile: Profile) -> Iterator[Diagnostic]:
    """Settings that are missing, or that neither Airflow nor what its tasks run on would accept."""
    kind = profile.get("compute") or "kubernetes"
    if kind not in COMPUTE:
        known = ", ".join(f"`{name}`" for name in COMPUTE)
        yield Diagnostic("FP403", f"the setting `compute` is `{kind}`, and tasks run on {known}", help=(_line("compute", "kubernetes"),))
        return
    compute = COMPUTE[str(kind)]
    for setting in SETTINGS:
        if (setting.required or setting.name in compute.needs) and profile.get(setting.name) in (None, ""):
            yield missing_setting(setting.name)
    yield from _store_problems(profile, str(kind), compute)
    for name in ("width", "total", "max_concurrency"):
        value = profile.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            message = f"the setting `{name}` is `{value}`, which is not a whole number of at least 1"
            yield Diagnostic("FP402", message, help=(_line(name, 500),))
        elif name != "max_concurrency" and isinstance(value, int) and value > MAP_LENGTH:
            message = (
                f"the setting `{name}` is `{value}`, and Airflow maps over {MAP_LENGTH:,} at most unless `core.max_map_length` says more"
            )
            yield Diagnostic("FP402", message, help=(_line(name, 500),), severity="warning")
    if profile.get("platform", "EC2") not in ("EC2", "FARGATE"):
        message = f"the setting `platform` is `{profile['platform']}`, which AWS does not have"
        yield Diagnostic("FP403", message, help=(_line("platform", "EC2"),))
    if not re.fullmatch(f"[{ID[0]}]{{1,{ID[1]}}}", str(profile.get("dag_id") or "flow")):
        way_out = f"use at most {ID[1]} letters, digits, `_`, `-` and `.`"
        yield Diagnostic("FP405", f"`{profile['dag_id']}` cannot be the id of a DAG", help=(way_out,))
    yield from _table_problems(profile)


def _store_problems(profile: Profile, kind: str, compute: Compute) -> Iterator[Diagnostic]:
    store = str(profile.get("store") or "")
    if store and (not store.startswith(compute.stores) or not store.rstrip("/")):
        why = f"{kind} reaches others" if "://" in store else "a folder is not the same on the worker and in a container"
        example = SETTINGS[0].example
        if "/" in compute.stores and "://" not in store:
            why, example = "a task is in a folder of its own, where a relative one is another", f"/mnt/flowport/{store.strip('/')}"
        known = " or ".join(f"`{start}`" for start in compute.stores)
        message = f"the store `{store}` is not one that tasks on {kind} can use: {why}"
        yield Diagnostic("FP401", message, help=(f"an address that begins with {known}", _line("store", example)))


def _table_problems(profile: Profile) -> Iterator[Diagnostic]:
    for name in TEXTS:
        if (value := profile.get(name)) is not None and not isinstance(value, str):
            yield Diagnostic("FP490", f"the setting `{name}` is a text, not `{value}`", help=(_line(name, str(value)),))
    tags, more = profile.get("tags"), profile.get("default_args")
    if tags is not None and not (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
        yield Diagnostic("FP490", "the setting `tags` is a list of text", help=('write `tags = ["ml"]` under [airflow] in flowport.toml',))
    for tag in tags if isinstance(tags, list) else ():
        if len(str(tag)) > TAG:
            yield Diagnostic(
                "FP490", f"the tag `{str(tag)[:20]}...` has {len(str(tag))} characters, and Airflow takes {TAG}", help=("shorten it",)
            )
    if more is not None and not isinstance(more, dict):
        way_out = 'write `default_args = {pool = "ml"}` under [airflow] in flowport.toml'
        yield Diagnostic("FP490", "the setting `default_args` is a table", help=(way_out,))
    for name, value in more.items() if isinstance(more, dict) else ():
        if name in OURS:
            message = f"`default_args` has `{name}`, which flowport sets for every task"
            yield Diagnostic("FP406", message, help=(f"leave `{name}` out",))
        elif name in DURATIONS:
            message = f"`default_args` has `{name}`, a duration, which TOML does not have"
            yield Diagnostic("FP406", message, help=(f"write {DURATIONS[name]} on the steps",))
        elif (kind := type(value).__name__) in ("date", "time"):
            message = f"`default_args` has the {kind} `{value}` for `{name}`, and Airflow takes dates with times only"
            yield Diagnostic("FP406", message, help=("write `2026-01-31T00:00:00Z`",))


def missing_setting(name: str) -> Diagnostic:
    """A setting that is needed and not there."""
    setting = next(setting for setting in SETTINGS if setting.name == name)
    message = f"target airflow needs the setting `{setting.name}`: {setting.help}"
    return Diagnostic("FP400", message, help=(_line(setting.name, setting.example),))


def _line(name: str, value: JSON) -> str:
    shown = f'"{value}"' if isinstance(value, str) else value
    return f"write `{name} = {shown}` under [airflow] in flowport.toml"


def plan_problems(plan: Plan, profile: Profile) -> Iterator[Diagnostic]:
    """What a plan asks for and does not get, and names that are others in Airflow; the profile has no `setting_problems`."""
    yield from missing(plan, "airflow", lacks(profile), CODES)
    yield from unfilled(plan.flow)
    yield from (_named_like_a_field(parameter) for parameter in plan.flow.parameters if parameter.name in FIELDS)
    yield from _renamed(plan, profile)
    if str(profile.get("compute") or "kubernetes") == "kubernetes":
        yield from unlike_pods(plan)
    for step in fused(plan).flow.steps:
        asked = step.settings.resources or Resources()
        if profile.get("compute") in ("batch", "ecs") and profile.get("platform") == "FARGATE":
            cpu, memory = fargate(asked)
            if cpu < asked.cpu or memory < asked.memory:
                wanted, most = f"{asked.cpu:g} vCPUs and {asked.memory:,} MiB", f"{cpu:g} and {memory:,} at most"
                message = f"step `{step.name}` asks for {wanted}, and Fargate has {most}"
                yield Diagnostic("FP414", message, step.span, help=('ask for less, or set platform = "EC2"',))
        size = sum(len(name) + len(value) + len('{"name": "", "value": ""}, ') for name, value in step.settings.environment)
        if profile.get("compute") in ("batch", "ecs") and size > OVERRIDES:
            message = f"the environment of step `{step.name}` has {size:,} characters, and a container takes {OVERRIDES:,}"
            yield Diagnostic("FP413", message, step.span, help=("put long values into a file of the image, or into the store",))


def _named_like_a_field(parameter: Parameter) -> Diagnostic:
    return Diagnostic(
        "FP416",
        f"parameter `{parameter.name}` is called like the field of the trigger form for {FIELDS[parameter.name][1]}",
        parameter.span,
        help=("give the parameter another name",),
    )


def _renamed(plan: Plan, profile: Profile) -> Iterator[Diagnostic]:
    notes = ("the ids of Airflow consist of letters from a to z, digits, `_`, `-` and `.`; its pages show the name itself",)
    dag = settings(profile, plan.flow.name).dag_id
    if dag != plan.flow.name and not profile.get("dag_id"):
        yield Diagnostic("FP305", f"flow `{plan.flow.name}` is DAG `{dag}` in Airflow", plan.flow.span, notes, severity="warning")
    names = Names(plan)
    for step in plan.flow.steps:
        if step.name in names.steps and names[step.name].id != step.name:
            message = f"step `{step.name}` is task `{names[step.name].id}` in Airflow"
            yield Diagnostic("FP305", message, step.span, notes, severity="warning")
