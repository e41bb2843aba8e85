"""The states of a machine as values: each function makes one, in the words of the Amazon States Language (states-language.net).

Everything is JSONPath. No state carries data: the document has the run, the digest of the code, the slice, and what switches decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from flowport.compiler.ir import JSON
from flowport.runtime.protocol import STOP

State: TypeAlias = dict[str, JSON]
States: TypeAlias = dict[str, State]

PUT = "arn:aws:states:::aws-sdk:s3:putObject"
GET = "arn:aws:states:::aws-sdk:s3:getObject"
READ = "arn:aws:states:::s3:getObject"

STORE_BUSY = ("S3.S3Exception", "S3.SdkClientException")
STOPPED = f'*"ExitCode":{STOP}*'
"""What the cause of a job has when its container ended with STOP. The cause is the description of the job, as JSON without spaces (AWS
Batch API, DescribeJobs); a quote in one of its texts has a backslash before it, so no text can look like this."""

SKIPPED: State = {"skipped": True}
"""The output of an execution that began no run. Other flows do not begin after it."""

TASK_FAILED, NOT_RETRYABLE = "flowport.TaskFailed", "flowport.NotRetryable"
"""The errors of a job that may be tried again, and of one that may not."""

LONGEST_INTERVAL = 99_999_999
"""The largest IntervalSeconds and MaxAttempts that the States Language allows."""


def onward(state: State, following: str | None) -> State:
    """The state, going on to `following` or, when there is none, ending its machine, branch or map item."""
    return {**state, "End": True} if following is None else {**state, "Next": following}


def patient(errors: Iterable[str]) -> State:
    """Try again for some minutes, at times that differ between the tasks of a foreach."""
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": 2,
        "MaxAttempts": 10,
        "BackoffRate": 2.0,
        "MaxDelaySeconds": 60,
        "JitterStrategy": "FULL",
    }


def tried_again(job: State, names: tuple[str, str, str, str, str], times: int, minutes: float) -> State:
    """Run a job again when it fails, up to `times` times, but not when it ended with STOP: nothing but trying could be gained.

    `Retry` knows the names of errors, not exit codes, and each failed job is a `States.TaskFailed`. So the job is the one branch of a
    Parallel state, and what follows it there looks at the exit code and fails with one of two names. The first of the `names` is
    that of the job in its branch, and the others are those of these states; the last one is for a job with a timeout of its own.
    """
    first, ended, stopped, failed, late = names
    caught: list[JSON] = [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.failure", "Next": ended}]
    timed_out: States = {}
    if "TimeoutSeconds" in job:
        # It is no `States.TaskFailed`, and it has no cause.
        caught.append({"ErrorEquals": ["States.Timeout"], "ResultPath": None, "Next": late})
        timed_out[late] = {"Type": "Fail", "Error": TASK_FAILED, "Cause": f"the task took longer than {job['TimeoutSeconds']} seconds"}
    branch = {
        first: onward({**job, "Catch": caught}, None),
        ended: choice([{"Variable": "$.failure.Cause", "StringMatches": STOPPED, "Next": stopped}], failed),
        stopped: fail(NOT_RETRYABLE, "$.failure.Cause"),
        failed: fail(TASK_FAILED, "$.failure.Cause"),
        **timed_out,
    }
    seconds = min(max(1, round(minutes * 60)), LONGEST_INTERVAL)
    retry: State = {
        "ErrorEquals": [TASK_FAILED],
        "IntervalSeconds": seconds,
        "MaxAttempts": min(times, LONGEST_INTERVAL),
        "BackoffRate": 1.0,
    }
    return {**parallel([branch]), "Retry": [retry]}


def fail(error: str, cause: str) -> State:
    """End the machine or branch with an error, and with the cause that is at the path `cause`."""
    return {"Type": "Fail", "Error": error, "CausePath": cause}


def skipped() -> State:
    """End the machine without a run."""
    return {"Type": "Pass", "Result": dict(SKIPPED), "End": True}


def commented(state: State, comment: str) -> State:
    """The state with a comment, if there is one, behind its type."""
    return {"Type": state["Type"], "Comment": comment, **state} if comment else state


def put_input(bucket: str, key: str) -> State:
    """Put the execution's input into the store, unread: this is how parameters reach the first task."""
    parameters: State = {"Bucket": bucket, "Key.$": key, "Body.$": "$", "ContentType": "application/json"}
    return {"Type": "Task", "Resource": PUT, "Parameters": parameters, "ResultPath": None, "Retry": [patient(STORE_BUSY)]}


def get(bucket: str, key: str, path: str) -> State:
    """Read a small JSON document of the store to `path`, under the name `route`."""
    parameters: State = {"Bucket": bucket, "Key.$": key}
    selector: State = {"route.$": "States.StringToJson($.Body)"}
    return {
        "Type": "Task",
        "Resource": GET,
        "Parameters": parameters,
        "ResultSelector": selector,
        "ResultPath": path,
        "Retry": [patient(STORE_BUSY)],
    }


def count(bucket: str, key: str, path: str) -> State:
    """Put the number of elements of the JSON array at `key` to `path`, under the name `count`."""
    return {**get(bucket, key, path), "ResultSelector": {"count.$": "States.ArrayLength(States.StringToJson($.Body))"}}


def place(values: Mapping[str, JSON], path: str = "$") -> State:
    """Replace what is at `path` by new values."""
    state: State = {"Type": "Pass", "Parameters": dict(values)}
    return state if path == "$" else {**state, "ResultPath": path}


def parallel(branches: Iterable[States]) -> State:
    """Run machines side by side; each gets a copy of the document, and what they make of it is dropped."""
    return {"Type": "Parallel", "Branches": [machine(branch) for branch in branches], "ResultPath": None}


def distributed_map(bucket: str, key: str, label: str, concurrency: int, selector: Mapping[str, JSON], body: States) -> State:
    """Run a machine for every element of the JSON array at `key`, as executions of their own."""
    reader: State = {"Resource": READ, "ReaderConfig": {"InputType": "JSON"}, "Parameters": {"Bucket": bucket, "Key.$": key}}
    processor: State = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **machine(body)}
    return {
        "Type": "Map",
        "Label": label,
        "MaxConcurrency": concurrency,
        "ItemReader": reader,
        "ItemSelector": dict(selector),
        "ItemProcessor": processor,
        "ResultPath": None,
        "Retry": [patient(["States.ItemReaderFailed"])],
    }


def choice(rules: Iterable[State], default: str) -> State:
    """Go on with the first rule that holds."""
    return {"Type": "Choice", "Choices": list(rules), "Default": default}


def any_of(conditions: Iterable[State]) -> State:
    """A condition that holds when one of them does."""
    listed = list(conditions)
    return listed[0] if len(listed) == 1 else {"Or": [*listed]}


def is_true(path: str, certain: bool) -> State:
    """A condition on a boolean; one that is not `certain` to be there counts as false."""
    holds: State = {"Variable": path, "BooleanEquals": True}
    return holds if certain else {"And": [{"Variable": path, "IsPresent": True}, holds]}


def machine(states: States) -> State:
    """A machine that begins with the first of its states."""
    return {"StartAt": next(iter(states)), "States": {name: dict(state) for name, state in states.items()}}


def text(template: str, *values: str) -> str:
    """A call of States.Format; every `{}` of the template takes one of `values`.

    The template has no quotes, backslashes or other braces: moto cannot read them, however they are escaped, so `limits` refuses them.
    """
    return f"States.Format('{template}', {', '.join(values)})"
