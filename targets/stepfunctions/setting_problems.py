"""What is wrong with the settings of a profile: what AWS would not accept, and what has no effect.

Codes FP400 to FP449. The numbers and forms are those of the services.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.targets.containers.aws import FORMS, ROLE, TAGS, is_tag
from flowport.targets.hooks.receivers import receiver_problems
from flowport.targets.settings_validation import line, toml
from flowport.targets.settings_validation import missing as missing_setting
from flowport.targets.stepfunctions.compute import COMPUTE
from flowport.targets.stepfunctions.ecs.problems import ecs_problems
from flowport.targets.stepfunctions.functions.problems import function_setting_problems
from flowport.targets.stepfunctions.settings import DRY_RUN_DEFAULTS, LOG_GROUP, Settings

KEYS = (
    "Step Functions passes data through S3, so the address must not contain spaces, quotes, braces, backslashes, `?`, `*`, `#` or `%`, "
    "nor parts that are empty, `.` or `..`, and its folder has at most 400 bytes; the name of a bucket has 3 to 63 small letters, digits, "
    "`-` and `.`"
)
PREFIX = 400
"""Bytes of the folder of a store: a key of S3 has 1,024 (Amazon S3 User Guide, "Naming Amazon S3 objects")."""

ARN = "the ARN of a role, such as `arn:aws:iam::123456789012:role/name`"
RETENTION = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""The days for which CloudWatch keeps events (CloudWatch Logs API, PutRetentionPolicy)."""

READERS = {
    "capacity_provider": ("ecs",),
    "subnets": ("ecs",),
    "security_groups": ("ecs",),
    "public_ip": ("ecs",),
    "task_log_group": ("ecs", "lambda"),
    "execution_role": ("batch", "ecs"),
}
"""The settings that some kinds of compute read, beside those that others refuse."""

MOST_TAGS = 48
"""The most tags of an object of AWS are 50, and flowport adds up to two (AWS General Reference, "Tagging AWS resources")."""

PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "eusc-": "aws-eusc",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
}
"""How the names of regions begin that are in another partition than `aws` (AWS General Reference, "Partitions")."""

PLACES = {
    "machine_role": (ROLE, ARN),
    "schedule_role": (ROLE, ARN),
    "task_log_group": (f"[{LOG_GROUP[0]}]{{1,{LOG_GROUP[1]}}}", "the name of a log group: at most 512 letters, digits and `.-_/#`"),
    "partition": (r"aws|aws-[a-z-]+", "a partition of AWS, such as `aws` or `aws-cn`"),
    "region": (r"\*|[a-z]{2,}(-[a-z]+)+-\d{1,2}", "a region of AWS, such as `eu-central-1`"),
    "account": (r"\*|\d{12}", "an account of AWS, which has 12 digits"),
}
"""The forms of settings beside those of jobs (Amazon Resource Names)."""


def setting_problems(settings: Settings) -> Iterator[Diagnostic]:
    """Settings that no service would accept."""
    for name in COMPUTE[settings.compute].needs:
        if not settings.values.get(name):
            yield missing_setting("stepfunctions", Settings.named(name))
    store = settings.given_store
    if not _is_place(store):
        yield Diagnostic(
            "FP401",
            f"the store `{store}` is not an S3 address that a state machine can use",
            notes=(KEYS,),
            help=(line("stepfunctions", Settings.named("store")),),
        )
    yield from _form_problems(settings)
    yield from _place_problems(settings)
    if not re.fullmatch(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/]{1,80}", settings.given_machine or "flow"):
        yield Diagnostic(
            "FP405",
            f"`{settings.given_machine}` is not a name that a state machine can have",
            help=("use at most 80 letters, digits, `-` and `_`",),
        )


def _place_problems(settings: Settings) -> Iterator[Diagnostic]:
    """A log group that CloudWatch does not accept; nodes where there are none; a missing region or account."""
    # CloudWatch Logs API, CreateLogGroup.
    if settings.given_log_group and not re.fullmatch(f"[{LOG_GROUP[0]}]{{1,{LOG_GROUP[1]}}}", settings.given_log_group):
        way_out = "use at most 512 letters, digits and `.-_/#`: a name, not an ARN"
        yield Diagnostic("FP405", f"`{settings.given_log_group}` cannot name a log group", help=(way_out,))
    yield from _retention_problems(settings.log_retention)
    yield from _tag_problems(settings)
    yield from _partition_problems(settings)
    if settings.gangs == "nodes" and settings.platform == "FARGATE":
        # AWS Batch User Guide, "Create a multi-node parallel job definition".
        message = "the setting `gangs` is `nodes`, and Fargate has no jobs of several nodes"
        yield Diagnostic("FP405", message, help=('write `gangs = "container"`, or `platform = "EC2"` with a queue on EC2',))
    if settings.compute == "ecs":
        yield from ecs_problems(settings)
    elif settings.compute == "lambda":
        yield from function_setting_problems(settings)
    yield from _without_effect(settings)
    for name, given in (
        ("array_jobs", settings.array_jobs),
        ("gangs", settings.gangs == "nodes"),
        ("share_identifier", settings.share_identifier),
    ):
        if given and settings.compute != "batch":
            message = f"the setting `{name}` is for jobs of AWS Batch, and `compute` is `{settings.compute}`"
            yield Diagnostic("FP405", message, help=(f'remove `{name}`, or write `compute = "batch"`',))
    if settings.array_jobs and settings.max_concurrency:
        message = "`max_concurrency` does not hold for array jobs: how many children run at once is up to the compute environment"
        yield Diagnostic("FP405", message, help=("remove `array_jobs` or `max_concurrency`",))
    if settings.scheduling_priority is not None and not settings.share_identifier:
        message = "`scheduling_priority` needs a `share_identifier`: AWS Batch compares the priorities of jobs that share one"
        yield Diagnostic("FP405", message, help=(line("stepfunctions", Settings.named("share_identifier")),))
    yield from receiver_problems(settings, "Step Functions", ("env", "secret"))
    lines = tuple(line("stepfunctions", Settings.named(name)) for name in settings.unknown)
    asked = [name for name in ("log_group", "log_level") if settings.values.get(name)]
    if lines and asked and settings.log_level != "OFF":
        message = f"`{asked[0]}` needs the settings `region` and `account`, which are in the ARN of a log group"
        yield Diagnostic("FP400", message, help=lines)
    elif lines:
        trust = ", and the trust policies have no conditions" if settings.account == "*" else ""
        yield Diagnostic(
            "FP423",
            f"the policies hold for any {' and any '.join(settings.unknown)}",
            notes=(f"executions are not logged{trust}",),
            help=lines,
            severity="warning",
        )


def _without_effect(settings: Settings) -> Iterator[Diagnostic]:
    """Settings that the compute of the profile does not read; the queue and the cluster may stand side by side, to change between them."""
    for name, readers in READERS.items():
        given = settings.values.get(name)
        # What a dry run assumes, nobody has written.
        if given and given != DRY_RUN_DEFAULTS.get(name) and settings.compute not in readers:
            kinds = " or ".join(f'`compute = "{each}"`' for each in readers)
            message = f"the setting `{name}` has no effect without {kinds}, and `compute` is `{settings.compute}`"
            yield Diagnostic("FP405", message, help=(f"remove `{name}`",), severity="warning")


def _retention_problems(days: int | None) -> Iterator[Diagnostic]:
    """A number of days that CloudWatch does not take."""
    if days is not None and days not in RETENTION:
        more = next(each for each in RETENTION if each > days)
        message = f"the setting `log_retention` is `{days}`, and CloudWatch keeps events for {', '.join(map(str, RETENTION))} days"
        yield Diagnostic("FP405", message, help=(f"write `log_retention = {more}` under [stepfunctions] in flowport.toml",))


def _tag_problems(settings: Settings) -> Iterator[Diagnostic]:
    """Tags that AWS does not take, or that say whose an object is."""
    for key, value in settings.tags.items():
        if isinstance(value, dict | list) or not is_tag(key, str(value)):
            yield Diagnostic("FP405", f"`{key} = {toml(value)}` in `tags` is not a tag of AWS", help=(TAGS,))
    if len(settings.tags) > MOST_TAGS:
        message = f"the setting `tags` has {len(settings.tags)} tags, and there is room for {MOST_TAGS}"
        yield Diagnostic("FP405", message, help=("leave some of them out",))


def _partition_problems(settings: Settings) -> Iterator[Diagnostic]:
    """A region of another partition: no ARN in the policies would be right."""
    if settings.region != "*" and re.fullmatch(PLACES["partition"][0], settings.partition):
        right = next((name for begin, name in PARTITIONS.items() if settings.region.startswith(begin)), "aws")
        if settings.partition != right:
            message = f"the region `{settings.region}` is in the partition `{right}`, and the setting `partition` is `{settings.partition}`"
            yield Diagnostic("FP405", message, help=(f'write `partition = "{right}"` under [stepfunctions] in flowport.toml',))


def _form_problems(settings: Settings) -> Iterator[Diagnostic]:
    """Settings that AWS would refuse."""
    for name, (form, meaning) in {**FORMS, **PLACES}.items():
        value = settings.values.get(name)
        if isinstance(value, str) and value and not re.fullmatch(form, value):
            yield Diagnostic("FP405", f"the setting `{name}` is `{value}`, which is not {meaning}", help=(f"write {meaning}",))


def _is_place(store: str) -> bool:
    """Whether a store is a bucket and a prefix whose keys mean the same in a state machine, in a URL and to S3."""
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/[^\s'\"{}\\?*#%]*)?", store)
    if found is None or ".." in found[1] or len((found[2] or "").encode()) > PREFIX:
        return False
    return not {"", ".", ".."} & set(store.rstrip("/").split("/")[3:])
