"""Settings that ECS needs, or would not accept."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.targets.settings_validation import line
from flowport.targets.stepfunctions.settings import Settings

FORMS = {
    "cluster": (r"(arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:cluster/)?[\w-]{1,255}", "the name or the ARN of a cluster of ECS"),
    "capacity_provider": (r"[\w-]{1,255}", "the name of a capacity provider, such as `FARGATE_SPOT`"),
    "subnets": (r"subnet-[0-9a-f]{8,40}", "the id of a subnet, such as `subnet-0123456789abcdef0`"),
    "security_groups": (r"sg-[0-9a-f]{8,40}", "the id of a security group, such as `sg-0123456789abcdef0`"),
}
"""Amazon ECS API, RunTask and CreateCapacityProvider; Amazon EC2, "Resource IDs"."""

SUBNETS, GROUPS = 16, 5
"""Amazon ECS API, AwsVpcConfiguration."""


def ecs_problems(settings: Settings) -> Iterator[Diagnostic]:
    """What is missing of a profile with `compute = "ecs"`, and what has no effect there."""
    for name, (form, meaning) in FORMS.items():
        given = settings.values.get(name) or ()
        for value in [given] if isinstance(given, str) else given if isinstance(given, list) else ():
            if not re.fullmatch(form, str(value)):
                message = f"the setting `{name}` has `{value}`, which is not {meaning}"
                yield Diagnostic("FP405", message, help=(f"write {meaning}",))
    if settings.region == "*":
        yield _needed("region", "the logs of the containers go to a region")
    if settings.platform == "FARGATE" and not settings.subnets:
        yield _needed("subnets", "containers on Fargate have a network interface of their own")
    if settings.security_groups and not settings.subnets:
        yield _needed("subnets", "`security_groups` are those of a network interface")
    if settings.public_ip and settings.platform == "EC2":
        message = "containers on EC2 cannot have a public address of their own"
        yield Diagnostic("FP405", message, help=('remove `public_ip`, or write `platform = "FARGATE"`',))
    for name, found, most in (("subnets", settings.subnets, SUBNETS), ("security_groups", settings.security_groups, GROUPS)):
        if len(found) > most:
            message = f"the setting `{name}` has {len(found)} ids, and ECS takes {most}"
            yield Diagnostic("FP405", message, help=("leave some of them out",))


def _needed(name: str, why: str) -> Diagnostic:
    message = f'`compute = "ecs"` needs the setting `{name}`: {why}'
    return Diagnostic("FP400", message, help=(line("stepfunctions", Settings.named(name)),))
