"""The log groups of a flow in CloudWatch: that of the state machine, and that of its tasks on ECS. They must be there before what logs."""

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
    if logs(settings):
        yield _change(account, settings.log_group, settings, tags)


def task_log_group_changes(account: Account, settings: Settings, tags: dict[str, str]) -> Iterator[Change]:
    """A new log group, if that of the containers is not there."""
    yield _change(account, settings.task_log_group, settings, tags)


def _change(account: Account, name: str, settings: Settings, tags: dict[str, str]) -> Change:
    found = account.ask("logs", "DescribeLogGroups", logGroupNamePrefix=name)["logGroups"]
    there = any(group["logGroupName"] == name for group in found)
    return Change(f"log group {name}", "unchanged" if there else "new", make=partial(_create, account, name, settings, tags))


def _create(account: Account, name: str, settings: Settings, tags: dict[str, str]) -> None:
    account.ask("logs", "CreateLogGroup", logGroupName=name, tags=tags)
    if settings.log_retention is not None:
        account.ask("logs", "PutRetentionPolicy", logGroupName=name, retentionInDays=settings.log_retention)
