"""The schedule of a flow in EventBridge Scheduler. It starts the alias of the machine, so it survives every deployment."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from flowport.compiler.changes import Change, DeployError
from flowport.targets.stepfunctions.deployment.documents import change
from flowport.targets.stepfunctions.schedule import schedule_owner

if TYPE_CHECKING:
    from flowport.targets.stepfunctions.deployment.account import Account

MISSING = "ResourceNotFoundException"
SHOWN = (*("Name", "Description", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "State", "Target"),)
"""What a deployment decides of a schedule."""


def schedule_changes(account: Account, name: str, wanted: dict[str, Any] | None, deployment: str) -> Iterator[Change]:
    """What makes the schedule what the flow says: one that it has no more is deleted, as it would go on starting runs."""
    found = account.find("scheduler", "GetSchedule", MISSING, Name=name)
    if found is None and wanted is None:
        return
    if found is not None and found.get("Description") != schedule_owner(deployment):
        if wanted is None:
            return
        raise DeployError(
            f"the schedule `{name}` belongs to somebody else, and stays as it is\n"
            '  write another `machine = "..."` under [stepfunctions] in flowport.toml, or delete the schedule'
        )
    content = None if found is None else {key: found[key] for key in SHOWN if key in found}
    if wanted is None:
        yield change(f"schedule {name}", content, None, partial(account.ask, "scheduler", "DeleteSchedule", Name=name))
    else:
        operation = "CreateSchedule" if found is None else "UpdateSchedule"
        yield change(f"schedule {name}", content, wanted, partial(account.ask, "scheduler", operation, **wanted))
