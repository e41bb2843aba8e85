"""What Argo cannot do with a plan, and its limits, as diagnostics before anything is written; `setting_problems` checks the settings.

Codes FP300 to FP399 name a feature, FP400 to FP449 a limit or a setting.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from flowport.compiler.decorators.step.kubernetes import pod_feature
from flowport.compiler.diagnostics.diagnostic import Diagnostic, Severity
from flowport.compiler.ir import ExecutionSpec, Flow
from flowport.compiler.ir.features import FOREACH_IN_LOOP, Feature
from flowport.compiler.ir.plan import Loop, Plan, walk
from flowport.compiler.lower.capabilities import Capabilities, Limit, missing
from flowport.compiler.lower.fuse import differing_steps
from flowport.runtime.store import documents
from flowport.targets.argo.events.problems import trigger_problems
from flowport.targets.argo.form import REFERENCE, ROOM, WHOLE, arguments, fields
from flowport.targets.argo.gangs import gangs, is_apart, number_of_pods
from flowport.targets.argo.graph import graph, jobs, repeated
from flowport.targets.argo.names import Names
from flowport.targets.argo.setting_problems import HELD
from flowport.targets.argo.settings import CRON_NAME, DEPTH, Settings, template_name
from flowport.targets.argo.split import TASKS
from flowport.targets.argo.volumes import volumes
from flowport.targets.argo.workflow import room
from flowport.targets.containers.limits import COMPUTE_CODES, POD_LACKS, needed
from flowport.targets.gangs import uncounted
from flowport.targets.pods import pod_problems
from flowport.targets.schedules.clock_changes import clock_changes
from flowport.targets.schedules.problems import no_catch_up, not_offered, unfilled

TEMPLATES = 200
"""Templates of a workflow (Argo's CRDs)."""

PARAMETERS = 500
"""Parameters of a workflow (Argo's CRDs)."""

ONE_CONTAINER = Limit(
    "never",
    "a loop in a foreach or in another loop runs in one pod, and each foreach in it one item after the other",
    "if that takes too long, move the inner loop out of the outer one, or the foreach out of the loop",
    harmless=True,
)
NAMESPACE = Limit("never", "all pods of a workflow are in its namespace", "set `namespace` in the profile, under [argo]", harmless=True)
LACKS: Capabilities = {FOREACH_IN_LOOP: ONE_CONTAINER, pod_feature("namespace"): NAMESPACE, **POD_LACKS}
CODES: Mapping[Feature, str] = {FOREACH_IN_LOOP: "FP304", **COMPUTE_CODES}

NO_OVERLAP = {"wait": ("a CronWorkflow starts a run at once, or not at all", 'write `overlap = "skip"` under [argo] in flowport.toml')}
NO_CATCH_UP = "of the times that a CronWorkflow missed, Argo starts a run for the last one at most, within ten minutes"


def plan_problems(plan: Plan, settings: Settings, document: Any) -> Iterator[Diagnostic]:
    """What a plan asks for and does not get, and names that are others in Argo."""
    yield from missing(plan, "argo", LACKS, CODES)
    yield from _parameters(plan.flow)
    for schedule in plan.flow.schedules if len(name := settings.given_name) > CRON_NAME else ():
        message = f"`{name}` has {len(name)} characters, and Argo allows {CRON_NAME} for a CronWorkflow"
        yield Diagnostic("FP405", message, schedule.span, help=("use a shorter `name` for the template",))
    yield from unfilled(plan.flow)
    yield from trigger_problems(plan.flow, settings)
    yield from not_offered(plan.flow, "overlap", settings.overlap, NO_OVERLAP)
    yield from clock_changes(plan.flow, "Argo starts no run then", "Argo starts two runs")
    yield from no_catch_up(plan.flow, settings.catch_up, NO_CATCH_UP)
    yield from pod_problems(plan, volumes(settings), HELD)
    yield from _expressions(plan.flow)
    yield from _retried(plan.flow, settings)
    yield from _without_rest(plan)
    yield from _gangs(plan, settings)
    yield from _renamed(plan, settings)
    yield from _sizes(plan, settings, document)


def _parameters(flow: Flow) -> Iterator[Diagnostic]:
    """Names that Argo does not accept, and values that it may not be able to read or to pass on."""
    made: list[Any] = arguments(flow)
    own = fields(flow)
    for parameter, argument in zip(flow.parameters, made):
        if parameter.name in (*own, WHOLE):
            what = own.get(parameter.name, "all parameters together")
            message = f"parameter `{parameter.name}` has the same name as the field of Argo's form for {what}"
            yield Diagnostic("FP416", message, parameter.span, help=("rename the parameter",))
        elif not re.fullmatch("[A-Za-z0-9_-]+", parameter.name):
            message = f"parameter `{parameter.name}` has a name that Argo does not accept"
            yield Diagnostic("FP417", message, parameter.span, help=("use letters from a to z, digits, `_` and `-`",))
        elif any("{{=" in text for text in (argument.get("value", ""), *argument.get("enum", ()))):
            message = f"parameter `{parameter.name}` has `{{{{=` in its default or in its choices"
            notes = ("Argo evaluates `{{=...}}`, and a workflow with an expression that it cannot parse never starts",)
            way_out = "make the default a function of one argument; flowport calls it when the run starts"
            yield Diagnostic("FP420", message, parameter.span, notes, (way_out,), severity="warning")
    if len(made) > PARAMETERS:
        message = f"the form of {flow.name} has {len(made)} fields, {len(own)} of them of flowport, and Argo allows {PARAMETERS} parameters"
        yield Diagnostic("FP418", message, flow.span, help=("put several parameters into one, of the type `JSONType`",))
    if (size := len(json.dumps(made))) > ROOM - REFERENCE:
        message = f"the parameters of {flow.name} have {size:,} bytes with their help and choices, and a pod allows {ROOM - REFERENCE:,}"
        yield Diagnostic("FP413", message, flow.span, help=("use an `IncludeFile` for long values",))


def _expressions(flow: Flow) -> Iterator[Diagnostic]:
    """Annotations that Argo would read as its own."""
    for step in flow.steps:
        for key, value in step.settings.execution.pod.annotations:
            if "{{" in value:
                message = f"the annotation `{key}` of step `{step.name}` has `{{{{`, and Argo evaluates what stands in double braces"
                yield Diagnostic("FP405", message, step.span, help=("leave the braces out",))


def _retried(flow: Flow, settings: Settings) -> Iterator[Diagnostic]:
    """Steps that are tried again: a template with a `retryStrategy` makes a node above its pods, and Argo asks that one only."""
    found = [step for step in flow.steps if step.settings.retries] if settings.startup_timeout else []
    if found:
        names = ", ".join(f"`{step.name}`" for step in found)
        message = f"`startup_timeout` does not hold for steps that are tried again: {names}"
        reason = "up to 4.1.2, Argo does not look at `pendingTimeout` where there is a `retryStrategy`"
        way_out = "set `run_timeout` too, so that a run ends in which such a pod never starts"
        yield Diagnostic("FP308", message, found[0].span, (reason,), (way_out,), severity="warning")


def _without_rest(plan: Plan) -> Iterator[Diagnostic]:
    """Loops with turns that no pod can do the rest of."""
    for loop in walk(plan.body):
        if isinstance(loop, Loop) and loop.cap and (found := differing_steps(plan, loop, ExecutionSpec.for_pod)) is not None:
            what, way_out = needed(plan, found, "pod", "kubernetes")
            message = (
                f"the loop of `{loop.header}` fails after {DEPTH} turns: Argo does not nest deeper, and the rest cannot run in one pod, "
                f"because its steps `{found[0]}` and `{found[1]}` need different {what}"
            )
            way_out = f"{way_out} all steps of the loop if it may take more turns"
            yield Diagnostic("FP419", message, plan.flow.step(found[1]).span, help=(way_out,), severity="warning")


def _gangs(plan: Plan, settings: Settings) -> Iterator[Diagnostic]:
    """Gangs in one pod that nobody has counted, and those with a pod for each node of which not all may run at once."""
    flow, most = plan.flow, settings.max_concurrency
    alone = {job.step for job in jobs(graph(plan))}  # and not in a loop that has one pod
    yield from uncounted(flow, lambda step: step.name in alone and is_apart(step.settings, settings))
    for step, asked in gangs(flow, settings).items():
        number = asked.gang.nodes if asked.gang else None
        if step in alone and most and number and number > most:
            message = f"the {number} nodes of step `{step}` wait for each other, and max_concurrency = {most} lets {most} of them run"
            ways_out = (f"set `max_concurrency = {number}` or more", 'or write `gangs = "container"`: all nodes then run in one pod')
            yield Diagnostic("FP437", message, flow.step(step).span, help=ways_out)


def _sizes(plan: Plan, settings: Settings, document: Any) -> Iterator[Diagnostic]:
    templates = document["spec"]["templates"]
    most = max(len(template["dag"]["tasks"]) for template in templates if "dag" in template)
    if most > TASKS:
        message = f"a DAG of {plan.flow.name} has {most} tasks, and Argo allows {TASKS}"
        yield Diagnostic("FP418", message, plan.flow.span, help=("move some of the steps to another flow",))
    members, apart = graph(plan), gangs(plan.flow, settings)
    inside = number_of_pods(repeated(members), apart)
    alone = number_of_pods(jobs(members), apart) - inside
    width = settings.total or settings.width or 1
    if (left := room(document)) < alone + width * inside:
        size = len(documents.dump(document))
        message = f"a workflow of {plan.flow.name} has room for {max(0, left):,} pods, and may need {alone + width * inside:,}"
        note = f"Argo keeps its template of {size:,} bytes twice in an object of about 1 MB, together with a node for each pod"
        way_out = "split the flow, move long variables of `@environment` to a file next to the flow, or lower `width` and `total`"
        severity: Severity = "error" if left < alone + inside else "warning"
        yield Diagnostic("FP410", message, plan.flow.span, (note,), (way_out,), severity)
    if len(templates) > TEMPLATES:
        message = f"{plan.flow.name} has {len(templates)} templates, and Argo allows {TEMPLATES}"
        way_out = "use the same resources, retries and environment for several steps: they then share a template"
        yield Diagnostic("FP418", message, plan.flow.span, help=(way_out,))


def _renamed(plan: Plan, settings: Settings) -> Iterator[Diagnostic]:
    notes = ("names in Argo consist of letters from a to z, digits and `-`; `_` becomes `-`",)
    if not settings.given_name and not plan.flow.project and settings.name != plan.flow.name.lower().replace("_", "-"):
        yield Diagnostic(
            "FP305", f"flow `{plan.flow.name}` is `{template_name(plan.flow.name)}` in Argo", plan.flow.span, notes, severity="warning"
        )
    names = Names()
    for step in plan.flow.steps:
        if names(step.name) != step.name.replace("_", "-"):
            message = f"step `{step.name}` is task `{names(step.name)}` in Argo"
            yield Diagnostic("FP305", message, step.span, notes, severity="warning")
