"""What Lambda needs of a profile, and what of a step it has not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Step
from flowport.compiler.ir.plan import Plan
from flowport.targets.settings_validation import line
from flowport.targets.stepfunctions.functions.function import DISK, LONGEST, MEMORY, VCPUS, memory
from flowport.targets.stepfunctions.settings import Settings

VARIABLES = 3_900
"""Bytes of the variables of a function, of which all may have 4 KiB (AWS Lambda, "Quotas")."""

RESERVED = re.compile(r"AWS_(REGION|DEFAULT_REGION|ACCESS_KEY(_ID)?|SECRET_ACCESS_KEY|SESSION_TOKEN|EXECUTION_ENV|LAMBDA_\w+)|_\w*")
"""Variables that Lambda sets itself, or cannot have (AWS Lambda, "Defined runtime environment variables")."""


def function_setting_problems(settings: Settings) -> Iterator[Diagnostic]:
    """What is missing of a profile with `compute = "lambda"`, and what has no effect there."""
    if not settings.job_role:
        message = '`compute = "lambda"` needs the role of the functions: `job_role`, or `flow_roles` with `account`'
        wanted = ("flow_roles", "account") if settings.account == "*" else ("flow_roles",)
        yield Diagnostic("FP400", message, help=tuple(line("stepfunctions", Settings.named(name)) for name in wanted))
    if settings.values.get("platform") == "FARGATE":
        message = "the setting `platform` is `FARGATE`, and functions of Lambda run on neither EC2 nor Fargate"
        yield Diagnostic("FP405", message, help=('remove `platform`, or write `compute = "ecs"`',))


def function_problems(plan: Plan) -> Iterator[Diagnostic]:
    """What steps ask for and functions have not."""
    for step in plan.flow.steps:
        for what, why, way_out in _refused(step):
            message = f"{what} of step `{step.name}` {why}"
            yield Diagnostic("FP441", message, step.span, help=(f'{way_out}, or write `compute = "batch"`',))


def _refused(step: Step) -> Iterator[tuple[str, str, str]]:
    asked, sizes = step.settings, step.settings.sizes
    if memory(sizes) > MEMORY[1]:
        found = f"{sizes.cpu:g} vCPUs and {sizes.memory:,} MiB"
        yield f"the size {found}", f"is more than a function has: {VCPUS} vCPUs and {MEMORY[1]:,} MiB", "request less"
    if (sizes.disk or 0) > DISK[1]:
        yield f"the disk of {sizes.disk:,} MiB", f"is larger than that of a function: {DISK[1]:,} MiB", "request less"
    if asked.timeout is not None and asked.timeout > LONGEST:
        yield (
            f"the timeout of {asked.timeout:,} seconds",
            f"is longer than a function runs: {LONGEST} seconds",
            "write a shorter `@timeout`",
        )
    if asked.gang is not None:
        yield "the gang", "has programs that talk through shared memory, which functions have not", "remove `num_parallel`"
    if any(secret.kind == "batch" for secret in asked.delivery.engine):
        way_out = 'let the task fetch them: `"aws-secrets-manager.NAME"`'
        yield "the secrets `batch:`", "are for containers of ECS", way_out
    size = sum(len(name.encode()) + len(value.encode()) + 6 for name, value in asked.variables)
    if size > VARIABLES:
        yield "the environment", f"has {size:,} bytes, and a function has {VARIABLES:,}", "put long values into a file in the image"
    for name in (name for name, _ in asked.variables if RESERVED.fullmatch(name)):
        yield f"the variable `{name}`", "is one that functions cannot be given", "use another name"
