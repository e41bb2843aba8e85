"""The log group of a state machine in CloudWatch, which must be there before the machine is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from flowport.compiler.changes import Change
from flowport.targets.stepfunctions.machine_settings import logs
from flowport.targets.stepfunctions.settings import Settings

if TYPE_CHECKING:
    from flowport.targets.stepfunctions.deployment.account import Account


def log_group_changes(account: Account, settings: Settings, tags: dict[str, str]) -> Iterator[Change]:
    """A new log group, if the machine logs to one that is not there."""
    if not logs(settings):
        return
    name = settings.log_group
    found = account.ask("logs", "DescribeLogGroups", logGroupNamePrefix=name)["logGroups"]
    there = any(group["logGroupName"] == name for group in found)
    yield Change(f"log group {name}", "unchanged" if there else "new", make=partial(_create, account, settings, tags))


def _create(account: Account, settings: Settings, tags: dict[str, str]) -> None:
    account.ask("logs", "CreateLogGroup", logGroupName=settings.log_group, tags=tags)
    if settings.log_retention is not None:
        account.ask("logs", "PutRetentionPolicy", logGroupName=settings.log_group, retentionInDays=settings.log_retention)
