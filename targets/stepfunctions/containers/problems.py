"""What AWS Batch or Amazon ECS would refuse of a step's job, or could not run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.ir import BatchJob, ExecutionSpec, Step
from flowport.compiler.ir.plan import Loop, Plan, walk
from flowport.compiler.lower.fuse import differing_steps
from flowport.targets.containers.aws import Refusal, form_problems, refused, tag_problems
from flowport.targets.containers.limits import loop_problems, needed
from flowport.targets.settings_validation import line
from flowport.targets.sizes import fargate
from flowport.targets.stepfunctions.containers.properties import volume_name
from flowport.targets.stepfunctions.settings import Settings

OVERRIDES = 8_192
"""Characters of the environment of a job, which AWS Batch hands on to ECS with each task (AWS Batch, "Service quotas")."""

TASK_DEFINITION = 60_000
"""Bytes of the environment of a task definition, of which all may have 64 KiB (Amazon ECS, "Service quotas")."""

SERVICES = {"batch": "AWS Batch", "ecs": "Amazon ECS"}

LOG_DRIVERS = {
    "EC2": ("awslogs", "awsfirelens", "fluentd", "gelf", "journald", "json-file", "splunk", "syslog"),
    "FARGATE": ("awslogs", "awsfirelens", "splunk"),
}
"""AWS Batch API, LogConfiguration."""


def job_problems(plan: Plan, settings: Settings) -> Iterator[Diagnostic]:
    """What is wrong with the jobs of a plan."""
    for step in plan.flow.steps:
        if settings.compute != "lambda":
            yield from _environment(step, OVERRIDES if settings.compute == "batch" else TASK_DEFINITION)
            yield from _secrets(step, settings)
        if settings.platform == "FARGATE":
            yield from _fargate(step)
        own = step.settings.execution.for_batch()
        if own != BatchJob():
            yield from refused(step, (*form_problems(own), *_logging(own, settings), *tag_problems(own), *_mounts(own)))
    yield from _rests(plan)


def _logging(own: BatchJob, settings: Settings) -> Iterator[Refusal]:
    known = LOG_DRIVERS[settings.platform]
    if own.log_driver and own.log_driver not in known:
        way_out = (did_you_mean(own.log_driver, known) or (f"write {' or '.join(f'`{each}`' for each in known)}",))[0]
        yield f"the log driver `{own.log_driver}`", f"is none that containers on {settings.platform} have", way_out
    if own.log_options and not own.log_driver:
        yield f"the log option `{own.log_options[0][0]}`", "has no log driver that reads it", 'add `log_driver="awslogs"`'


def _mounts(own: BatchJob) -> Iterator[Refusal]:
    for source, path in own.host_volumes:
        if not (source.startswith("/") and path.startswith("/")):
            yield f"the host volume `{source}:{path}`", "is not an absolute path", 'write `host_volumes=["/data:/mnt/data"]`'
    for system, path in own.efs_volumes:
        if not (re.fullmatch(r"fs-[0-9a-f]{8,40}", system) and path.startswith("/")):
            way_out = 'write `efs_volumes=["fs-0123456789abcdef0:/mnt/data"]`'
            yield f"the EFS volume `{system}:{path}`", "is not a file system with a path", way_out
    volumes = [*own.host_volumes, *((f"efs_{system}", path) for system, path in own.efs_volumes)]
    paths = [path for _, path in volumes] + ([own.tmpfs.path] if own.tmpfs else [])
    names = [volume_name(source) for source, _ in volumes]
    for what, known in (("folder", paths), ("name", names)):
        for twice in sorted({each for each in known if known.count(each) > 1}):
            yield f"the {what} `{twice}`", "is that of two volumes", f"give one of them another {what}"


def _secrets(step: Step, settings: Settings) -> Iterator[Diagnostic]:
    """A container with secrets needs an execution role (AWS Batch User Guide, "Specify sensitive data")."""
    role = step.settings.execution.for_batch().execution_role or settings.execution_role
    if role or not any(secret.kind == "batch" for secret in step.settings.delivery.engine):
        return
    message = f"{SERVICES[settings.compute]} cannot put the secrets of step `{step.name}` into its container without `execution_role`"
    yield Diagnostic("FP404", message, step.span, help=(line("stepfunctions", Settings.named("execution_role")),))


def _environment(step: Step, most: int) -> Iterator[Diagnostic]:
    """A longer environment, AWS Batch accepts it, and then the job fails; ECS refuses its task definition."""
    size = sum(len(name.encode()) + len(value.encode()) + len('{"name":"","value":""},') for name, value in step.settings.variables)
    if size > most:
        yield Diagnostic(
            "FP413",
            f"the environment of step `{step.name}` has {size:,} bytes, and a container allows {most:,}",
            step.span,
            help=("put long values into a file in the image, or into a parameter",),
        )


def _fargate(step: Step) -> Iterator[Diagnostic]:
    asked = step.settings.sizes
    cpu, memory = fargate(asked)
    if cpu < asked.cpu or memory < asked.memory:
        yield Diagnostic(
            "FP414",
            f"step `{step.name}` requests {asked.cpu:g} vCPUs and {asked.memory:,} MiB, and Fargate has {cpu:g} and {memory:,} at most",
            step.span,
            help=('request less, or set platform = "EC2"',),
        )


def _rests(plan: Plan) -> Iterator[Diagnostic]:
    """Loops whose steps cannot share the job that runs all turns, or what is left after the last turn that is a job of its own."""
    yield from loop_problems(plan, ExecutionSpec.for_batch, "job", "batch")
    for loop in walk(plan.body):
        if isinstance(loop, Loop) and loop.cap and (found := differing_steps(plan, loop, ExecutionSpec.for_batch)) is not None:
            what, way_out = needed(plan, found, "job", "batch")
            message = (
                f"after {loop.cap} turns one job runs what is left of the loop of `{loop.header}`, and its steps `{found[0]}` and "
                f"`{found[1]}` need different {what}"
            )
            note = f"that job is like those of `{found[0]}`"
            way_out = f"{way_out} all steps of the loop if it may take more turns"
            yield Diagnostic("FP419", message, plan.flow.step(found[1]).span, (note,), (way_out,), severity="warning")
