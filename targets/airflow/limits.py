"""What this target cannot do, and the limits of Airflow and of where its tasks run, as diagnostics before anything is written.

Codes FP300 to FP399 name a feature, FP400 to FP449 a limit or a setting.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from flowport.compiler.decorators.step.resources import DISK, GPU
from flowport.compiler.decorators.step.secrets import OF_BATCH, OF_KUBERNETES
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import BatchJob, Parameter
from flowport.compiler.ir.features import FOREACH_IN_LOOP, Feature
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.capabilities import Capabilities, Limit, missing
from flowport.compiler.lower.fuse import fuse_loops
from flowport.runtime.protocol import GATE
from flowport.targets.airflow.arguments import argument_problems
from flowport.targets.airflow.compute import COMPUTE, NO_JOB_SECRET, NO_POD_SECRET, Compute
from flowport.targets.airflow.form import FIELDS, shown
from flowport.targets.airflow.names import Names
from flowport.targets.airflow.settings import ID, Settings, api_problem
from flowport.targets.containers.aws import form_problems, refused, tag_problems
from flowport.targets.containers.limits import COMPUTE_CODES, loop_problems
from flowport.targets.gangs import uncounted
from flowport.targets.hooks.receivers import receiver_problems
from flowport.targets.kubernetes import IMAGE, NAME, Held, is_image, is_name
from flowport.targets.pods import pod_problems
from flowport.targets.schedules.problems import not_offered, unfilled
from flowport.targets.settings_validation import line
from flowport.targets.settings_validation import missing as missing_one
from flowport.targets.sizes import VARIABLE, fargate
from flowport.targets.stores import is_address

MAP_LENGTH = 1024
"""The longest list that Airflow maps over, unless its administrator allows more (`core.max_map_length`)."""

OVERRIDES = 8_192
"""Characters of the overrides of a container of AWS Batch or ECS (their API references)."""

HELD = Held(private=("/", "/airflow/xcom"), mounts=("xcom",))
"""Where a pod writes what is its own."""

TAG = 100
"""Characters of a tag (Airflow's model of DAGs)."""

FARGATE_GPU = Limit("never", "Fargate has no GPUs", 'set platform = "EC2" for a profile with a GPU queue or cluster')
EC2_DISK = Limit("never", "on EC2 a task uses the disk of its instance", "give the instances larger volumes", harmless=True)
ONE_CONTAINER = Limit(
    "never",
    "a DAG has no cycles, so a loop runs in one container, and each foreach in it one item after the other",
    "if that takes too long, move the foreach before or after the loop",
    harmless=True,
)
CODES: Mapping[Feature, str] = {**COMPUTE_CODES, FOREACH_IN_LOOP: "FP304"}

IMAGES_ELSEWHERE: Mapping[str, str] = {
    "batch": "the job definition is yours, and names the image",
    "ecs": "the task definition is yours, and names the image",
    "local": "tasks are processes on the workers",
}
"""Why tasks on some kinds of compute do not get their image from a DAG."""

FIRST_YEAR = 2000
"""The first year to catch up from: with an earlier one, Airflow would start a run for every scheduled time since then."""

NO_OVERLAP = {
    value: (why, 'write `overlap = "wait"` under [airflow] in flowport.toml: one run at once, and of the times that wait some are left out')
    for value, why in {
        "skip": "a run that comes due while another one is running waits for its end",
        "replace": "Airflow stops no run for another one",
    }.items()
}
"""Values of `overlap` that Airflow has no way for (`SchedulerJobRunner._create_dag_runs` of 2.10 to 3.3)."""


def lacks(settings: Settings) -> Capabilities:
    """What Airflow and the compute of a profile cannot do."""
    kind = settings.compute
    more: dict[Feature, Limit] = {FOREACH_IN_LOOP: ONE_CONTAINER}
    if kind != "kubernetes":
        more |= {OF_KUBERNETES: NO_POD_SECRET, OF_BATCH: NO_JOB_SECRET}
    if kind in ("batch", "ecs") and settings.platform == "FARGATE":
        more[GPU] = FARGATE_GPU
    elif kind == "ecs":
        more[DISK] = EC2_DISK
    return {**COMPUTE[kind].lacks, **more}


def setting_problems(settings: Settings) -> Iterator[Diagnostic]:
    """Settings that neither Airflow nor what its tasks run on would accept."""
    compute = COMPUTE[settings.compute]
    yield from (missing_setting(name) for name in compute.needs if not settings.values.get(name))
    yield from _store_problems(settings.given_store, settings.compute, compute)
    for name, value in (("width", settings.width), ("total", settings.total)):
        if value > MAP_LENGTH:
            most = f"Airflow maps over at most {MAP_LENGTH:,} items unless `core.max_map_length` is larger"
            message = f"the setting `{name}` is `{value}`, and {most}"
            yield Diagnostic("FP402", message, help=(line("airflow", Settings.named(name)),), severity="warning")
    if not re.fullmatch(f"[{ID[0]}]{{1,{ID[1]}}}", settings.given_dag_id or "flow"):
        way_out = f"use at most {ID[1]} letters, digits, `_`, `-` and `.`"
        yield Diagnostic("FP405", f"`{settings.given_dag_id}` cannot be the id of a DAG", help=(way_out,))
    if settings.api and (problem := api_problem(settings.api)):
        message, _, way_out = problem.partition("\n")
        yield Diagnostic("FP401", message, help=(way_out.strip(),) if way_out else ())
    yield from _schedule_problems(settings)
    yield from receiver_problems(settings, "Airflow", ("connection", "env"))
    yield from _container_problems(settings)
    yield from _table_problems(settings)


def _container_problems(settings: Settings) -> Iterator[Diagnostic]:
    """An image that no registry has, and a name that nothing in a cluster has."""
    if "image" in COMPUTE[settings.compute].needs and settings.image and not is_image(settings.image):
        yield Diagnostic("FP405", f"`{settings.image}` cannot be the name of an image", help=(IMAGE,))
    if settings.compute == "kubernetes" and settings.priority_class and not is_name(settings.priority_class):
        yield Diagnostic("FP405", f"`{settings.priority_class}` cannot be the name of an object of Kubernetes", help=(NAME,))


def _schedule_problems(settings: Settings) -> Iterator[Diagnostic]:
    if settings.given_catch_up and (settings.catch_up is None or settings.catch_up.year < FIRST_YEAR):
        message = f"the setting `catch_up` is `{settings.given_catch_up}`, which is no date of this century"
        yield Diagnostic("FP490", message, help=(line("airflow", Settings.named("catch_up")),))
    if settings.overlap == "wait" and (settings.max_active_runs or 1) > 1:
        message = f'`overlap = "wait"` and `max_active_runs = {settings.max_active_runs}` contradict each other: one run at once is `wait`'
        yield Diagnostic("FP490", message, help=("leave one of them out",))


def _store_problems(store: str, kind: str, compute: Compute) -> Iterator[Diagnostic]:
    if not store.startswith(compute.stores) or not store.rstrip("/") or ("://" in store and not is_address(store)):
        why = "a container does not see the folders of the worker"
        if "://" in store:
            why = "it is not a bucket with a path" if store.startswith(compute.stores) else f"{kind} cannot reach it"
        example = None
        if "/" in compute.stores and "://" not in store:
            why, example = "each task has its own working directory, so a relative path does not work", f"/mnt/flowport/{store.strip('/')}"
        known = " or ".join(f"`{start}`" for start in compute.stores)
        message = f"tasks on {kind} cannot use the store `{store}`: {why}"
        way_out = line("airflow", Settings.named("store"), example=example)
        yield Diagnostic("FP401", message, help=(f"use an address that begins with {known}", way_out))


def _table_problems(settings: Settings) -> Iterator[Diagnostic]:
    for tag in settings.tags:
        if len(tag) > TAG:
            yield Diagnostic("FP490", f"the tag `{tag[:20]}...` has {len(tag)} characters, and Airflow allows {TAG}", help=("shorten it",))
    yield from argument_problems(settings.default_args, settings.compute)


ASSET = 1500
"""Characters of the name of an asset (Airflow, `Asset`)."""


def missing_setting(name: str) -> Diagnostic:
    """A missing setting."""
    return missing_one("airflow", Settings.named(name))


def plan_problems(plan: Plan, settings: Settings) -> Iterator[Diagnostic]:
    """What a plan asks for and does not get, and names that are others in Airflow."""
    yield from missing(plan, "airflow", lacks(settings), CODES)
    yield from unfilled(plan.flow)
    for event in plan.flow.events:
        if not event.name.strip() or len(event.name) > ASSET or event.name.startswith("airflow:") or not event.name.isascii():
            message = f"Airflow cannot have an asset `{event.name[:60]}`: a name is ASCII of at most {ASSET} characters, without `airflow:`"
            yield Diagnostic("FP443", message, event.span, help=("give the event another name",))
    yield from not_offered(plan.flow, "overlap", settings.overlap, NO_OVERLAP)
    yield from uncounted(plan.flow)
    yield from (_named_like_a_field(parameter) for parameter in plan.flow.parameters if parameter.name in FIELDS)
    yield from _long_form(plan, OVERRIDES if settings.compute in ("batch", "ecs") else VARIABLE)
    yield from _renamed(plan, settings)
    if settings.compute == "kubernetes":
        yield from pod_problems(plan, [], HELD)
    else:
        kind, decorator = ("job", "batch") if settings.compute == "batch" else ("container", "kubernetes")
        yield from loop_problems(plan, COMPUTE[settings.compute].counts, kind, decorator)
    yield from _refused(plan, settings.compute)
    if settings.compute in IMAGES_ELSEWHERE and any(step.settings.execution.built for step in plan.flow.steps):
        message = f'`environments = "image"` has no effect with `compute = "{settings.compute}"`: {IMAGES_ELSEWHERE[settings.compute]}'
        yield Diagnostic("FP432", message, help=('write `environments = "install"`, or `compute = "kubernetes"` under [airflow]',))
    for step in fuse_loops(plan).flow.steps:
        resources = step.settings.sizes
        if settings.compute in ("batch", "ecs") and settings.platform == "FARGATE":
            cpu, memory = fargate(resources)
            if cpu < resources.cpu or memory < resources.memory:
                wanted, most = f"{resources.cpu:g} vCPUs and {resources.memory:,} MiB", f"{cpu:g} and {memory:,} at most"
                message = f"step `{step.name}` requests {wanted}, and Fargate has {most}"
                yield Diagnostic("FP414", message, step.span, help=('request less, or set platform = "EC2"',))
        size = sum(len(name) + len(value) + len('{"name": "", "value": ""}, ') for name, value in step.settings.variables)
        if settings.compute in ("batch", "ecs") and size > OVERRIDES:
            message = f"the environment of step `{step.name}` has {size:,} characters, and a container allows {OVERRIDES:,}"
            yield Diagnostic("FP413", message, step.span, help=("put long values into a file in the image, or into the store",))


def _refused(plan: Plan, compute: str) -> Iterator[Diagnostic]:
    """What of a step AWS would refuse, or Airflow would read as its own."""
    for step in plan.flow.steps:
        spec = step.settings.execution
        if compute == "batch":
            counts = BatchJob(queue=spec.job.queue, aws_batch_tags=spec.job.aws_batch_tags)
            yield from refused(step, (*form_problems(counts), *tag_problems(counts)))
        for key, value in spec.pod.annotations if compute == "kubernetes" else ():
            if any(mark in value for mark in ("{{", "{%", "{#")):
                message = f"the annotation `{key}` of step `{step.name}` has braces that Airflow renders as a template"
                yield Diagnostic("FP405", message, step.span, help=("leave the braces out",))


def _long_form(plan: Plan, most: int) -> Iterator[Diagnostic]:
    """Defaults that are longer than what the first task can be handed: a form sends all of them."""
    size = len(json.dumps(shown(plan.flow)))
    if size > most:
        message = f"the defaults of the parameters of {plan.flow.name} have {size:,} characters, and a task can receive {most:,}"
        yield Diagnostic("FP413", message, plan.flow.span, help=("use an `IncludeFile` for long values",))


def _named_like_a_field(parameter: Parameter) -> Diagnostic:
    return Diagnostic(
        "FP416",
        f"parameter `{parameter.name}` has the same name as the field of the trigger form for {FIELDS[parameter.name][1]}",
        parameter.span,
        help=("rename the parameter",),
    )


def _renamed(plan: Plan, settings: Settings) -> Iterator[Diagnostic]:
    notes = ("ids in Airflow consist of letters from a to z, digits, `_`, `-` and `.`; its user interface shows the original name",)
    dag = settings.dag_id
    if dag != plan.flow.deployment and not settings.given_dag_id:
        yield Diagnostic("FP305", f"flow `{plan.flow.name}` is DAG `{dag}` in Airflow", plan.flow.span, notes, severity="warning")
    names = Names(plan)
    for step in plan.flow.steps:
        if step.name != GATE and step.name in names.steps and names[step.name].id != step.name:
            message = f"step `{step.name}` is task `{names[step.name].id}` in Airflow"
            yield Diagnostic("FP305", message, step.span, notes, severity="warning")
