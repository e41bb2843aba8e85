"""The schedule of a flow -> the schedule of EventBridge Scheduler that starts its state machine, and the role that this needs.

    Schedule("0 10 * * 1-5")  ->  cron(0 10 ? * MON-FRI *)

The rules of EventBridge know only UTC, so they are not used.
"""

from __future__ import annotations

import json

from flowport.compiler.decorators.flow.schedule import DAYS
from flowport.compiler.ir import JSON, Schedule
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.names import legal
from flowport.targets.stepfunctions.access.statements import allow, place
from flowport.targets.stepfunctions.access.trust import trust
from flowport.targets.stepfunctions.settings import Settings

NAME = r"\w.-", 64
"""The names of schedules (EventBridge Scheduler API, CreateSchedule)."""

LATE = 600
"""Seconds after its time in which a run is still started, as on the other engines."""

ATTEMPTS = 185
"""How often a start is tried again in that time: the most that there are (EventBridge Scheduler API, RetryPolicy). It is written out, as a
deployment compares a schedule with what the service says of it, and a service may say its default for what is left out."""

ALIAS = "live"
"""The alias of the state machine that schedules and users start; a deployment puts a new version behind it."""


def schedule_document(plan: Plan, settings: Settings) -> dict[str, JSON] | None:
    """The input of `aws scheduler create-schedule --cli-input-json`; None if the flow has no schedule, or ARNs cannot be written."""
    if not plan.flow.schedules or settings.unknown:
        return None
    schedule = plan.flow.schedules[0]
    target: dict[str, JSON] = {
        "Arn": f"{machine_arn(settings)}:{ALIAS}",
        "RoleArn": settings.schedule_role or settings.role("schedule", settings.account),
        "Input": json.dumps({"scheduled_time": "<aws.scheduler.scheduled-time>", **_overlap(settings)}),
        "RetryPolicy": {"MaximumEventAgeInSeconds": LATE, "MaximumRetryAttempts": ATTEMPTS},
    }
    return {
        "Name": schedule_name(settings),
        "Description": schedule_owner(plan.flow.deployment),
        "ScheduleExpression": expression(schedule),
        "ScheduleExpressionTimezone": schedule.timezone or "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "State": "ENABLED" if settings.schedule == "active" else "DISABLED",
        "Target": target,
    }


def _overlap(settings: Settings) -> dict[str, JSON]:
    """What the schedule says to the machine, which looks for other executions itself."""
    return {"overlap": settings.overlap} if settings.overlap == "skip" else {}


def schedule_name(settings: Settings) -> str:
    """The name of the schedule, in the group `default`."""
    return legal(settings.machine, *NAME)


def schedule_owner(deployment: str) -> str:
    """The description, which says whose a schedule is, as schedules have no tags."""
    return f"flowport starts {deployment}"


def schedule_policy(settings: Settings) -> dict[str, JSON]:
    """What the schedule's role does: it starts this state machine."""
    statement = allow("StartTheMachine", ["states:StartExecution"], [f"{machine_arn(settings)}:{ALIAS}"])
    return {"Version": "2012-10-17", "Statement": [statement]}


def schedule_trust(settings: Settings) -> dict[str, JSON]:
    """EventBridge Scheduler may take the role on, for the account's schedules of its default group (Scheduler User Guide)."""
    return trust("scheduler.amazonaws.com", settings, [f"{place(settings, 'scheduler')}:schedule-group/default"])


def machine_arn(settings: Settings) -> str:
    """The ARN of the state machine."""
    return f"{place(settings, 'states')}:stateMachine:{settings.machine}"


def expression(schedule: Schedule) -> str:
    """A schedule as AWS writes it: six fields, of which one of the days is `?`, and the days of the week have names."""
    minute, hour, day, month, weekday = schedule.cron.split()
    if weekday == "*":
        return f"cron({minute} {hour} {day} {month} ? *)"
    return f"cron({minute} {hour} ? {month} {','.join(map(_weekdays, weekday.split(',')))} *)"


def has_two_days(schedule: Schedule) -> bool:
    """Whether a schedule says both a day of the month and of the week, for which AWS has no expression."""
    _, _, day, _, weekday = schedule.cron.split()
    return "*" not in (day, weekday)


def _weekdays(text: str) -> str:
    """`1-5` -> `MON-FRI`, `*/2` -> `SUN,TUE,THU,SAT`: AWS counts the days from 1."""
    span, slash, every = text.partition("/")
    names = [end if end in DAYS else DAYS[int(end)] for end in span.split("-")] if span != "*" else [DAYS[0], DAYS[-1]]
    if not slash:
        return "-".join(names)
    return ",".join(DAYS[DAYS.index(names[0]) : DAYS.index(names[-1]) + 1 : int(every)])
