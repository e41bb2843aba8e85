"""`overlap = "skip"`: a scheduled execution ends at once when an earlier execution of its machine is running.

EventBridge Scheduler starts an execution whatever else is running, so the machine itself looks. What it finds stays under `$.overlap`,
where the schedule says that it should look; an execution that was started without it runs at once.
"""

from __future__ import annotations

from flowport.compiler.ir import JSON
from flowport.compiler.ir.plan import Plan
from flowport.targets.stepfunctions import states as asl
from flowport.targets.stepfunctions.access.statements import allow
from flowport.targets.stepfunctions.schedule import machine_arn
from flowport.targets.stepfunctions.settings import Settings
from flowport.targets.stepfunctions.states import State, States

LIST = "arn:aws:states:::aws-sdk:sfn:listExecutions"
BUSY = ("Sfn.SfnException", "Sfn.SdkClientException")
SKIP = "skip"


def skips(plan: Plan, settings: Settings) -> bool:
    """Whether the machine has a schedule that starts no run while an earlier one is running."""
    return bool(plan.flow.schedules) and settings.overlap == SKIP and not settings.unknown


def permissions(plan: Plan, settings: Settings) -> list[JSON]:
    """What the machine's role needs for it."""
    return [allow("SeeItsExecutions", ["states:ListExecutions"], [machine_arn(settings)])] if skips(plan, settings) else []


def skipping(settings: Settings, following: str) -> States:
    """The states before `following`, which a scheduled execution does not reach while an earlier one is running.

    Executions are listed from the latest to the earliest (Step Functions API, ListExecutions). Of two that a schedule starts at nearly
    the same time, the earlier one runs. A list has at most 100; more can only be running that users started.
    """
    wanted: State = {"And": [{"Variable": "$.overlap", "IsPresent": True}, {"Variable": "$.overlap", "StringEquals": SKIP}]}
    none: State = {"Variable": "$.overlap.count", "NumericEquals": 0, "Next": "begin scheduled run"}
    itself: State = {"Variable": "$.overlap.earliest", "StringEqualsPath": "$.overlap.this", "Next": "begin scheduled run"}
    earliest: dict[str, JSON] = {
        "earliest.$": "States.ArrayGetItem($.overlap.runs, States.MathAdd($.overlap.count, -1))",
        "this.$": "$$.Execution.Id",
    }
    return {
        "begin schedule": asl.choice([{**wanted, "Next": "running runs"}], following),
        "running runs": asl.onward(_running(settings), "any run"),
        "any run": asl.choice([none], "earliest run"),
        "earliest run": asl.onward(asl.place(earliest, "$.overlap"), "is earliest"),
        "is earliest": asl.choice([itself], "skip run"),
        "skip run": asl.skipped(),
        "begin scheduled run": {"Type": "Pass", "Result": SKIP, "ResultPath": "$.overlap", "Next": following},
    }


def _running(settings: Settings) -> State:
    """Put the ARNs of the executions that are running, and their number, to `$.overlap`."""
    return {
        "Type": "Task",
        "Resource": LIST,
        "Parameters": {"StateMachineArn": machine_arn(settings), "StatusFilter": "RUNNING", "MaxResults": 100},
        "ResultSelector": {"runs.$": "$.Executions[*].ExecutionArn", "count.$": "States.ArrayLength($.Executions)"},
        "ResultPath": "$.overlap",
        "Retry": [asl.patient(BUSY)],
    }
