"""`@batch(image=..., queue=..., ...)`: the job of a step on AWS Batch, with the arguments of Metaflow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.decorators.step.resources import IN_GIB, read_sizes
from flowport.compiler.decorators.step.tmpfs import ARGUMENTS as TMPFS
from flowport.compiler.decorators.step.tmpfs import read_tmpfs
from flowport.compiler.ir import BatchJob, Pairs, Settings
from flowport.compiler.ir.features import Feature, argument_feature
from flowport.compiler.record import replace

WITHOUT_EFFECT: Mapping[str, str] = {"executable": "the `python` of the image runs the step"}
BATCH_SIZES = ("cpu", "memory", "gpu", "shared_memory", IN_GIB)
PROFILE_SETTINGS: Mapping[str, str] = {
    "image": "image",
    "queue": "job_queue",
    "iam_role": "job_role",
    "execution_role": "execution_role",
    "aws_batch_tags": "tags",
}
"""The arguments that a profile for Step Functions has a setting for, with its name."""

STORAGE = (21, 200)
"""The GiB of `ephemeral_storage` (AWS Batch API, EphemeralStorage)."""

DEVICES = 64
"""More devices than any machine has."""


def _differs(field: str) -> Callable[[Settings], bool]:
    return lambda settings: getattr(settings.execution.job, field) != getattr(BatchJob(), field)


def batch_feature(argument: str) -> Feature:
    """The feature of an argument."""
    return argument_feature("batch", argument)


JOB_FEATURES: Mapping[Feature, Callable[[Settings], bool]] = {
    batch_feature("use_tmpfs"): _differs("tmpfs"),
    batch_feature("image"): lambda settings: bool(settings.execution.job.image) and not settings.execution.built,
    **{
        batch_feature(name): _differs(name)
        for name in (
            *("queue", "iam_role", "execution_role", "max_swap", "swappiness", "aws_batch_tags", "inferentia", "efa"),
            *("host_volumes", "efs_volumes", "log_driver", "log_options", "privileged"),
        )
    },
}
"""A feature for each argument but for sizes; `use_tmpfs` stands for all about tmpfs, and `inferentia` also for `trainium`."""


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    job = BatchJob(
        image=arguments.text("image", "registry.example.com/flows:1"),
        tmpfs=read_tmpfs(arguments),
        queue=arguments.text("queue", "flows"),
        iam_role=arguments.text("iam_role", "arn:aws:iam::123456789012:role/job"),
        execution_role=arguments.text("execution_role", "arn:aws:iam::123456789012:role/ecs"),
        max_swap=arguments.number("max_swap", None, 0, whole=True),
        swappiness=_at_most(arguments, "swappiness", arguments.number("swappiness", None, 0, whole=True), 100),
        aws_batch_tags=arguments.table("aws_batch_tags", '{"team": "vision"}'),
        inferentia=_chips(arguments),
        efa=_at_most(arguments, "efa", arguments.number("efa", 0, 0, whole=True), DEVICES) or 0,
        host_volumes=tuple(_host_volumes(arguments)),
        efs_volumes=tuple(_efs_volumes(arguments)),
        log_driver=arguments.text("log_driver", "awslogs"),
        log_options=tuple(_log_options(arguments)),
        privileged=arguments.flag("privileged"),
    )
    _at_most(arguments, IN_GIB, arguments.number(IN_GIB, None, STORAGE[0], whole=True), STORAGE[1])
    sized = read_sizes(arguments, so_far) if arguments.named.keys() & set(BATCH_SIZES) else so_far
    return replace(sized, execution=replace(so_far.execution, job=job))


def _at_most(arguments: Arguments, name: str, value: int | None, most: int) -> int | None:
    if value is not None and value > most:
        arguments.say(arguments.named[name][0], f"`{name}` of `@batch` must be at most {most}, not {value}", f"write `{name}={most}`")
        return None
    return value


def _chips(arguments: Arguments) -> int:
    """How many chips of Inferentia or Trainium; Metaflow has a name for each, and AWS one device for both."""
    given = [name for name in ("inferentia", "trainium") if arguments.named.get(name, (None, None))[1] is not None]
    if len(given) > 1:
        message = "`inferentia` and `trainium` of `@batch` are two names for the same devices"
        arguments.say(arguments.named["trainium"][0], message, "keep one of them")
    return next((_at_most(arguments, name, arguments.number(name, 0, 0, whole=True), DEVICES) or 0 for name in given), 0)


def _host_volumes(arguments: Arguments) -> Iterator[tuple[str, str]]:
    """A folder of the instance, at the same place in the container or at the one after a colon."""
    for each in arguments.texts("host_volumes", "/data", commas=False):
        source, colon, path = each.partition(":")
        yield source, path if colon else source


def _efs_volumes(arguments: Arguments) -> Iterator[tuple[str, str]]:
    """A file system of EFS, below `/mnt` or at the folder after a colon."""
    for each in arguments.texts("efs_volumes", "fs-0123456789abcdef0", commas=False):
        system, colon, path = each.partition(":")
        yield system, path if colon else f"/mnt/{system}"


def _log_options(arguments: Arguments) -> Pairs:
    found: dict[str, str] = {}
    for each in arguments.texts("log_options", "awslogs-group:aws/batch/job", commas=False):
        name, colon, value = each.partition(":")
        if colon and name:
            found[name] = value
        else:
            message = f"a log option of `@batch` is a name and a value with a colon between them, not `{each}`"
            arguments.say(arguments.named["log_options"][0], message, 'write `log_options=["awslogs-group:aws/batch/job"]`')
    return tuple(sorted(found.items()))


def _instead_of_variable(argument: str | None) -> tuple[str, ...]:
    setting = PROFILE_SETTINGS.get(argument or "")
    if setting is None:
        return ()
    return (f"remove it, and set `{setting}` in a profile of flowport.toml, under `[profiles.NAME.stepfunctions]`",)


# What a container of several steps merges is the execution spec, which `@kubernetes` does for both.
BATCH = Decorator(
    "batch",
    tuple(dict.fromkeys((*BATCH_SIZES, *(feature.argument for feature in JOB_FEATURES), "trainium", *TMPFS, *WITHOUT_EFFECT))),
    _read,
    JOB_FEATURES,
    changes_results=False,
    without_effect=WITHOUT_EFFECT,
    instead_of_variable=_instead_of_variable,
)
