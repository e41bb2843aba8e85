"""Functions of Lambda, and the states that invoke them; checked against the model of the API."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from compiled import problems_of
from flowport.compiler.ir import BatchJob, End, ExecutionSpec, Foreach, Gang, Next, Resources, Retry, Settings, Tmpfs
from flowport.compiler.ir.plan import Plan
from flowport.compiler.ir.secrets import Delivery, EngineSecret
from flowport.targets.stepfunctions import target
from plans import PATHS, flow, plan_of
from stepfunctions.emitted import PROFILE, documents

ROLE = "arn:aws:iam::123456789012:role/flows"
LAMBDA = {"compute": "lambda", "job_role": ROLE, "job_queue": ""}
MODEL = botocore.session.get_session().get_service_model("lambda").operation_model("CreateFunction")


def one(job: BatchJob | None = None, resources: Resources | None = None, **settings: Any) -> Plan:
    return flow(("start", End(), Settings(resources=resources, execution=ExecutionSpec(job=job or BatchJob()), **settings)))


def function(plan: Plan, **profile: Any) -> Any:
    found = documents(plan, **{**LAMBDA, **profile})["functions.json"][0]
    check(found)
    return found


def check(document: Any) -> None:
    report = ParamValidator().validate(document, MODEL.input_shape)
    assert not report.has_errors(), report.generate_report()


def state(plan: Plan, **profile: Any) -> Any:
    return documents(plan, **{**LAMBDA, **profile})["state-machine.json"]["States"]["start"]


def codes(plan: Plan, **profile: Any) -> list[str]:
    return [found.code for found in problems_of(target, plan, {**PROFILE, **LAMBDA, **profile})]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_lambda_takes_every_function(path: Any) -> None:
    found = documents(plan_of(path), **LAMBDA)["functions.json"]
    for each in found:
        check(each)
        assert len(each["FunctionName"]) <= 64
    assert len({each["FunctionName"] for each in found}) == len(found)


def test_a_function_has_the_words_that_every_task_of_its_step_has() -> None:
    made = function(one(), tags={"team": "vision"})
    del made["ImageConfig"]["Command"][3:]
    assert {name: value for name, value in made.items() if name != "FunctionName"} == {
        "PackageType": "Image",
        "Code": {"ImageUri": "my-image:1"},
        "Role": ROLE,
        "ImageConfig": {"EntryPoint": ["python", "-m", "flowport.runtime.process.on_lambda"], "Command": ["task", "--protocol", "2"]},
        "MemorySize": 4096,
        "EphemeralStorage": {"Size": 512},
        "Timeout": 900,
        "Environment": {"Variables": {"FLOWPORT_CACHE": "/tmp/flowport", "HOME": "/tmp"}},
        "LoggingConfig": {"LogGroup": "/aws/lambda/Small"},
        "Tags": {"team": "vision"},
    }
    assert state(one())["Parameters"]["Payload"].keys() == {"run.$", "slice.$", "code.$", "engine.$"}


@pytest.mark.parametrize(
    ("resources", "memory", "disk"),
    [
        (Resources(cpu=1, memory=200), 1769, 512),
        (Resources(cpu=0.1, memory=64), 177, 512),
        (Resources(cpu=0.01, memory=64), 128, 512),
        (Resources(cpu=6, memory=9000), 10_240, 512),
        (Resources(cpu=2, memory=5000, disk=10_000), 5000, 10_000),
    ],
)
def test_a_function_is_as_large_as_its_memory_and_its_vcpus_need(resources: Resources, memory: int, disk: int) -> None:
    made = function(one(resources=resources))
    assert (made["MemorySize"], made["EphemeralStorage"]["Size"]) == (memory, disk)


def test_a_function_has_the_timeout_of_its_step_as_far_as_it_may() -> None:
    assert [function(one(timeout=seconds))["Timeout"] for seconds in (60, 700)] == [360, 900]


def test_a_state_tries_again_but_not_after_the_error_that_says_so() -> None:
    busy, never, retry = state(one(retry=Retry(times=3, minutes=2)))["Retry"]
    assert "Lambda.TooManyRequestsException" in busy["ErrorEquals"]
    assert never == {"ErrorEquals": ["flowport.NotRetryable"], "MaxAttempts": 0}
    assert retry == {
        "ErrorEquals": ["flowport.TaskFailed", "States.TaskFailed"],
        "IntervalSeconds": 120,
        "MaxAttempts": 3,
        "BackoffRate": 1.0,
    }


def test_the_roles_of_functions_write_logs_and_the_machine_invokes_them() -> None:
    made = documents(one(), **LAMBDA)
    machine = {each["Sid"]: each for each in made["machine-policy.json"]["Statement"]}
    assert machine["InvokeItsFunctions"]["Action"] == ["lambda:InvokeFunction"]
    assert machine["InvokeItsFunctions"]["Resource"] == ["arn:aws:lambda:eu-central-1:123456789012:function:Small-*"]
    job = {each["Sid"]: each for each in made["job-policy.json"]["Statement"]}
    assert job["WriteItsLog"]["Resource"] == ["arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/Small:*"]
    assert made["job-trust.json"]["Statement"][0]["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert "WriteItsLog" not in {each["Sid"] for each in documents(one())["job-policy.json"]["Statement"]}


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ({}, []),
        ({"job_role": "", "flow_roles": True}, []),
        ({"job_role": ""}, ["FP400"]),
        ({"task_log_group": "a b"}, ["FP405"]),
        ({"platform": "FARGATE"}, ["FP405"]),
        ({"array_jobs": True}, ["FP405"]),
        ({"gangs": "nodes"}, ["FP405"]),
        ({"share_identifier": "team"}, ["FP405"]),
    ],
    ids=str,
)
def test_settings_that_lambda_needs_or_would_not_take(profile: dict[str, Any], expected: list[str]) -> None:
    assert codes(one(), **profile) == expected


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (one(resources=Resources(gpu=1)), ["FP300"]),
        (one(resources=Resources(shared_memory=64)), ["FP301"]),
        (one(resources=Resources(memory=10_241)), ["FP441"]),
        (one(resources=Resources(cpu=7)), ["FP441"]),
        (one(resources=Resources(disk=10_241)), ["FP441"]),
        (one(timeout=901), ["FP441"]),
        (one(environment=(("LONG", "x" * 4000),)), ["FP441"]),
        (one(environment=(("AWS_REGION", "here"),)), ["FP441"]),
        (
            one(delivery=Delivery(engine=(EngineSecret("batch", "arn:aws:ssm:eu-central-1:123456789012:parameter/k", variable="KEY"),))),
            ["FP441"],
        ),
        (one(BatchJob(tmpfs=Tmpfs(64, "/m"))), ["FP309"]),
        (one(BatchJob(privileged=True)), ["FP309"]),
        (one(BatchJob(host_volumes=(("/data", "/data"),))), ["FP309"]),
        (one(BatchJob(efs_volumes=(("fs-01234567", "/mnt"),))), ["FP306"]),
        (one(BatchJob(queue="gpu")), ["FP306"]),
    ],
)
def test_what_a_step_asks_for_and_a_function_has_not(plan: Plan, expected: list[str]) -> None:
    assert codes(plan) == expected


def test_the_way_to_a_role_works_when_it_is_followed() -> None:
    (found, _) = problems_of(target, one(), {**PROFILE, **LAMBDA, "job_role": "", "account": "*"})
    assert [line.partition(" under")[0] for line in found.help] == ["write `flow_roles = true`", 'write `account = "123456789012"`']
    assert codes(one(), job_role="", flow_roles=True, account="123456789012") == []


def test_a_gang_is_refused_with_the_step_and_the_way_out() -> None:
    gang = flow(
        ("start", Foreach("train", "", items=4, gang=True)),
        ("train", Next("join"), Settings(gang=Gang("parallel", 4), resources=Resources(cpu=1, memory=500))),
        ("join", Next("end"), "join"),
        ("end", End()),
    )
    (found,) = problems_of(target, gang, {**PROFILE, **LAMBDA})
    assert found.message == "the gang of step `train` has programs that talk through shared memory, which functions have not"
    assert found.help == ('remove `num_parallel`, or write `compute = "batch"`',)
