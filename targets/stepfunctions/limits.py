"""What this target cannot do, and the limits of Step Functions and of what runs the tasks, as diagnostics before anything is written.

Codes FP300 to FP399 name a feature, FP400 to FP449 a limit or a setting. The numbers are those of the services' quota pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowport.compiler.decorators.step.batch import batch_feature
from flowport.compiler.decorators.step.resources import DISK, GPU, SHARED_MEMORY
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir.features import Feature
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.capabilities import Capabilities, Limit, missing
from flowport.targets.containers.limits import BATCH_LACKS, COMPUTE_CODES, TMPFS
from flowport.targets.gangs import uncounted
from flowport.targets.hooks.receivers import receivers
from flowport.targets.schedules.clock_changes import clock_changes
from flowport.targets.schedules.problems import no_catch_up, not_offered, unfilled, unplanned, untriggered
from flowport.targets.settings_validation import entry, line
from flowport.targets.stepfunctions.containers.problems import job_problems
from flowport.targets.stepfunctions.foreach.arrays import array_origins, mapped_after_all
from flowport.targets.stepfunctions.foreach.concurrency import starved
from flowport.targets.stepfunctions.functions.problems import function_problems
from flowport.targets.stepfunctions.history import BEGIN, LONGEST, History, histories
from flowport.targets.stepfunctions.schedule import has_two_days
from flowport.targets.stepfunctions.settings import Settings

DEFINITION = 1_048_576

DETAIL_TYPE = 128
"""Characters of the type of an event (EventBridge API, PutEventsRequestEntry)."""

FARGATE_EC2 = 'set platform = "EC2" in a profile with a queue on EC2, or remove it'
FARGATE_LACKS: Capabilities = {
    **BATCH_LACKS,
    GPU: Limit("never", "Fargate has no GPUs", 'set platform = "EC2" for a profile with a GPU queue'),
    SHARED_MEMORY: Limit("never", "Fargate does not support a size for shared memory", 'set platform = "EC2", or remove shared_memory'),
    **dict.fromkeys(TMPFS, Limit("never", "Fargate has no folders in memory", FARGATE_EC2)),
    batch_feature("privileged"): Limit("never", "Fargate has no privileged containers", FARGATE_EC2),
    batch_feature("host_volumes"): Limit("never", "on Fargate there is no instance whose folders could be mounted", FARGATE_EC2),
    **dict.fromkeys(
        (batch_feature("inferentia"), batch_feature("efa")), Limit("never", "Fargate has no devices for a container", FARGATE_EC2)
    ),
    **dict.fromkeys(
        (batch_feature("max_swap"), batch_feature("swappiness")), Limit("never", "Fargate does not swap", FARGATE_EC2, harmless=True)
    ),
}
EC2_LACKS: Capabilities = {
    **BATCH_LACKS,
    DISK: Limit(
        "never",
        "on EC2 a container uses the disk of its instance; AWS Batch cannot request disk space",
        "use a launch template with larger volumes in the compute environment",
        harmless=True,
    ),
}
ECS_LACKS: Capabilities = {
    batch_feature("queue"): Limit("never", "Amazon ECS has no queues", 'remove `queue`, or set compute = "batch"', harmless=True),
}
ECS_ON_EC2_LACKS: Capabilities = {
    DISK: Limit(
        "never",
        "on EC2 a container uses the disk of its instance; Amazon ECS cannot request disk space",
        "use a launch template with larger volumes for the instances of the cluster",
        harmless=True,
    ),
}
NO_INSTANCE = Limit("never", "a function of Lambda has no instance whose parts a step could use", 'remove it, or set compute = "batch"')
LAMBDA_LACKS: Capabilities = {
    **BATCH_LACKS,
    GPU: Limit("never", "AWS Lambda has no GPUs", 'set compute = "batch" for a profile with a GPU queue'),
    SHARED_MEMORY: Limit("never", "AWS Lambda has no shared memory", 'set compute = "batch", or remove shared_memory'),
    **dict.fromkeys(
        (
            *TMPFS,
            *(batch_feature(name) for name in ("privileged", "host_volumes", "efs_volumes", "inferentia", "efa")),
        ),
        NO_INSTANCE,
    ),
    **dict.fromkeys(
        (batch_feature(name) for name in ("queue", "execution_role", "max_swap", "swappiness", "log_driver", "log_options")),
        Limit("never", "functions of Lambda do not have it", 'remove it, or set compute = "batch"', harmless=True),
    ),
}
ONLY_ON_EC2 = ("use_tmpfs", "privileged", "host_volumes", "inferentia", "efa", "max_swap", "swappiness")
CODES: Mapping[Feature, str] = {
    **COMPUTE_CODES,
    **dict.fromkeys((*TMPFS, *(batch_feature(argument) for argument in ONLY_ON_EC2)), "FP309"),
}

NO_OVERLAP = dict.fromkeys(
    ("wait", "replace"),
    (
        "a scheduled execution can end itself, but neither wait for another one nor stop it",
        'write `overlap = "skip"` under [stepfunctions]',
    ),
)


def lacks(settings: Settings) -> Capabilities:
    """What the compute of a profile cannot do; Step Functions itself runs every construct."""
    fargate = settings.platform == "FARGATE"
    if settings.compute == "lambda":
        return LAMBDA_LACKS
    common = FARGATE_LACKS if fargate else EC2_LACKS
    if settings.compute == "batch":
        return common
    return {**common, **ECS_LACKS, **({} if fargate else ECS_ON_EC2_LACKS)}


def plan_problems(plan: Plan, settings: Settings, size: int) -> Iterator[Diagnostic]:
    """What a plan uses that Step Functions does not have, and what is too large. `size` is that of the definition, in bytes."""
    yield from missing(plan, "stepfunctions", lacks(settings), CODES)
    yield from _schedule_problems(plan, settings)
    if "'" in plan.flow.name:
        way_out = ("use another name for the flow: `@flow(name=...)`",)
        yield Diagnostic(
            "FP415", f"the name `{plan.flow.name}` has a quote, which keys in a state machine cannot contain", plan.flow.span, help=way_out
        )
    if settings.unknown and (plan.flow.has_exit_hooks or receivers(settings)):
        message = f"what follows a run of {plan.flow.name} is not emitted: the ARN of a rule has a region and an account"
        yield Diagnostic("FP446", message, plan.flow.span, help=(_both(settings),), severity="warning")
    if size > DEFINITION:
        yield Diagnostic(
            "FP410",
            f"the state machine of {plan.flow.name} has {size:,} bytes, and Step Functions allows {DEFINITION:,}",
            plan.flow.span,
            help=("split the flow, or combine steps",),
        )
    yield from _histories(plan, settings)
    yield from starved(plan, settings)
    yield from uncounted(plan.flow)
    yield from mapped_after_all(plan, settings)
    if settings.platform == "FARGATE" and any(not (settings.execution_role or role) for role in _execution_roles(plan)):
        yield Diagnostic(
            "FP404",
            "Fargate cannot start containers without `execution_role`",
            help=(line("stepfunctions", Settings.named("execution_role")),),
        )
    if settings.compute == "lambda":
        yield from function_problems(plan)
    yield from job_problems(plan, settings)


def _schedule_problems(plan: Plan, settings: Settings) -> Iterator[Diagnostic]:
    """A schedule that EventBridge Scheduler cannot have, or that is not emitted as its ARNs are not known."""
    yield from unfilled(plan.flow)
    for schedule in plan.flow.schedules:
        if has_two_days(schedule):
            message = f"EventBridge Scheduler cannot express `{schedule.cron}`: it takes a day of the month or a day of the week"
            yield Diagnostic("FP438", message, schedule.span, help=("write one of the two days as `*`",))
    yield from not_offered(plan.flow, "overlap", settings.overlap, NO_OVERLAP)
    yield from clock_changes(plan.flow, "EventBridge Scheduler starts no run then")
    yield from no_catch_up(plan.flow, settings.catch_up, "EventBridge Scheduler starts no run for a time that it missed")
    if settings.unknown:
        yield from unplanned(plan.flow, _both(settings), "the ARN of a schedule has a region and an account")
        yield from untriggered(plan.flow, _both(settings), "the ARNs in the rules of EventBridge have a region and an account")
    for event in plan.flow.events:
        if len(event.name) > DETAIL_TYPE or any(mark in event.name for mark in "<>"):
            message = f"EventBridge cannot have the event `{event.name[:60]}`: it takes {DETAIL_TYPE} characters, and neither `<` nor `>`"
            yield Diagnostic("FP443", message, event.span, help=("give the event another name",))


def _both(settings: Settings) -> str:
    """What to write so that ARNs are known."""
    return f"write {' and '.join(entry(Settings.named(name)) for name in settings.unknown)} under [stepfunctions] in flowport.toml"


def _execution_roles(plan: Plan) -> Iterator[str]:
    """The roles that `@batch` names, empty where it names none."""
    return (step.settings.execution.job.execution_role for step in plan.flow.steps)


def _histories(plan: Plan, settings: Settings) -> Iterator[Diagnostic]:
    """Whether every execution ends before its history is full."""
    arrays = array_origins(plan, settings)
    plain, worst = History(plan, retries=False, arrays=arrays), History(plan, arrays=arrays)
    for block in histories(plan.body):
        smooth, rough = BEGIN + plain.events(block), BEGIN + worst.events(block)
        where = "the flow" if block is plan.body else "the body of a foreach"
        out = "move steps into the body of a foreach, which counts as one state, or split the flow"
        if smooth > LONGEST:
            yield Diagnostic(
                "FP411", f"{where} produces {smooth:,} events, and an execution fails at {LONGEST:,}", plan.flow.span, help=(out,)
            )
        elif rough > LONGEST:
            yield Diagnostic(
                "FP412",
                f"{where} produces {rough:,} events if every retry is used, and an execution fails at {LONGEST:,}",
                plan.flow.span,
                help=("allow fewer retries, or " + out,),
                severity="warning",
            )
