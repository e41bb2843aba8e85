"""The state that invokes a function and waits for its task, and what the machine must be allowed for that."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.ir import JSON
from flowport.targets.stepfunctions.access.statements import allow, place
from flowport.targets.stepfunctions.functions.function import function_name
from flowport.targets.stepfunctions.jobs import Job, Jobs
from flowport.targets.stepfunctions.settings import Settings
from flowport.targets.stepfunctions.states import LONGEST_INTERVAL, NOT_RETRYABLE, TASK_FAILED, State, patient

INVOKE = "arn:aws:states:::lambda:invoke"

BUSY = (
    *("Lambda.TooManyRequestsException", "Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException"),
    *("Lambda.ResourceNotReadyException", "Lambda.ResourceConflictException"),
)
"""More invocations than the account may have at once, and what passes (Step Functions, "Handle transient Lambda service exceptions")."""


def state(job: Job, settings: Settings, values: Mapping[str, JSON]) -> State:
    """Invoke a function and wait until its task has ended; `values` are arguments of its command, by their names."""
    parameters: State = {"FunctionName": function_name(job, settings), "Payload": dict(values)}
    return {"Type": "Task", "Resource": INVOKE, "Parameters": parameters, "ResultPath": None, "Retry": [patient(BUSY)]}


def tried_again(invoke: State, times: int, minutes: float) -> State:
    """Run a task again when it fails, but not when it says that this is useless: a function has an error for it.

    `States.TaskFailed` stands for all errors, also that of a function that ran out of time or of memory.
    """
    first = invoke["Retry"]
    assert isinstance(first, list)
    never: State = {"ErrorEquals": [NOT_RETRYABLE], "MaxAttempts": 0}
    retry: State = {
        "ErrorEquals": [TASK_FAILED, "States.TaskFailed"],
        "IntervalSeconds": min(max(1, round(minutes * 60)), LONGEST_INTERVAL),
        "MaxAttempts": min(times, LONGEST_INTERVAL),
        "BackoffRate": 1.0,
    }
    return {**invoke, "Retry": [*first, never, retry]}


def permissions(settings: Settings, jobs: Jobs) -> list[JSON]:
    """The permission that the role of the machine needs to invoke these functions."""
    functions = f"{place(settings, 'lambda')}:function:{settings.begin('lambda')}*"
    return [allow("InvokeItsFunctions", ["lambda:InvokeFunction"], [functions])]
