"""Task definitions of ECS, and the states that run tasks of them; checked against the model of the API."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from compiled import problems_of
from flowport.compiler.ir import BatchJob, End, ExecutionSpec, Foreach, Gang, Next, Resources, Retry, Settings, Tmpfs
from flowport.compiler.ir.plan import Plan
from flowport.targets.stepfunctions import target
from plans import PATHS, flow, plan_of
from stepfunctions.emitted import PROFILE, documents

ROLE = "arn:aws:iam::123456789012:role/flows"
ECS = {"compute": "ecs", "cluster": "flows", "job_queue": ""}
FARGATE = {**ECS, "platform": "FARGATE", "subnets": ["subnet-0123456789abcdef0"], "execution_role": ROLE}
MODEL = botocore.session.get_session().get_service_model("ecs")


def one(job: BatchJob | None = None, resources: Resources | None = None, **settings: Any) -> Plan:
    return flow(("start", End(), Settings(resources=resources, execution=ExecutionSpec(job=job or BatchJob()), **settings)))


def definition(plan: Plan, **profile: Any) -> Any:
    found = documents(plan, **{**ECS, **profile})["task-definitions.json"][0]
    check(found, "RegisterTaskDefinition")
    return found


def state(plan: Plan, **profile: Any) -> Any:
    return documents(plan, **{**ECS, **profile})["state-machine.json"]["States"]["start"]


def check(document: Any, operation: str) -> None:
    report = ParamValidator().validate(document, MODEL.operation_model(operation).input_shape)
    assert not report.has_errors(), report.generate_report()


def codes(plan: Plan, **profile: Any) -> list[str]:
    return [found.code for found in problems_of(target, plan, {**PROFILE, **ECS, **profile})]


@pytest.mark.parametrize("profile", [ECS, FARGATE], ids=["EC2", "FARGATE"])
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_ecs_takes_the_definition_of_every_task(path: Any, profile: dict[str, Any]) -> None:
    found = documents(plan_of(path), **profile)["task-definitions.json"]
    for each in found:
        check(each, "RegisterTaskDefinition")
    assert len({each["family"] for each in found}) == len(found)


def test_the_words_of_a_task_are_those_of_a_job_of_batch() -> None:
    plan = one()
    (container,) = definition(plan)["containerDefinitions"]
    command = state(plan)["Parameters"]["Overrides"]["ContainerOverrides"][0]["Command.$"]
    batch = documents(plan)["job-definitions.json"][0]["containerProperties"]["command"]
    for name in ("run", "slice", "code", "engine"):
        place = batch.index(f"--{name}")
        assert batch[place + 1] == f"Ref::{name}"
        assert f"'--{name}', " in command
        del batch[place : place + 2]
    assert container["entryPoint"] == batch


@pytest.mark.parametrize(
    ("job", "resources", "expected"),
    [
        (BatchJob(image="own:1"), None, {"image": "own:1"}),
        (None, Resources(cpu=0.5, memory=300, gpu=2), {"cpu": 512, "memory": 300, "resourceRequirements": [{"type": "GPU", "value": "2"}]}),
        (BatchJob(max_swap=0), Resources(shared_memory=64), {"linuxParameters": {"sharedMemorySize": 64, "maxSwap": 0}}),
        (
            BatchJob(tmpfs=Tmpfs(64, "/m")),
            None,
            {
                "linuxParameters": {"tmpfs": [{"containerPath": "/m", "size": 64, "mountOptions": ["defaults"]}]},
                "environment": [{"name": "METAFLOW_TEMPDIR", "value": "/m"}],
            },
        ),
        (BatchJob(privileged=True), None, {"privileged": True}),
        (
            BatchJob(efs_volumes=(("fs-01234567", "/mnt/data"),)),
            None,
            {"mountPoints": [{"sourceVolume": "efs_fs-01234567", "containerPath": "/mnt/data"}]},
        ),
        (
            BatchJob(log_driver="awslogs", log_options=(("awslogs-group", "ours"),)),
            None,
            {
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": "ours", "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "Small-start"},
                }
            },
        ),
        (BatchJob(log_driver="json-file"), None, {"logConfiguration": {"logDriver": "json-file"}}),
    ],
)
def test_what_a_step_asks_for_is_in_its_container(job: BatchJob | None, resources: Resources | None, expected: dict[str, Any]) -> None:
    (container,) = definition(one(job, resources))["containerDefinitions"]
    assert {name: container.get(name) for name in expected} == expected


def test_a_task_on_fargate_has_a_size_and_a_network_of_its_own() -> None:
    found = definition(one(resources=Resources(cpu=2, memory=5000, disk=50_000)), **FARGATE)
    assert {name: found[name] for name in ("cpu", "memory", "networkMode", "ephemeralStorage", "executionRoleArn")} == {
        "cpu": "2048",
        "memory": "5120",
        "networkMode": "awsvpc",
        "ephemeralStorage": {"sizeInGiB": 49},
        "executionRoleArn": ROLE,
    }
    assert not {"cpu", "memory", "linuxParameters"} & found["containerDefinitions"][0].keys()


def test_what_differs_by_state_is_what_the_api_takes() -> None:
    profile = {**FARGATE, "security_groups": ["sg-0123456789abcdef0"], "public_ip": True, "tags": {"team": "vision"}}
    found = state(one(), **profile)["Parameters"]
    assert found["LaunchType"] == "FARGATE"
    assert found["PropagateTags"] == "TASK_DEFINITION"
    assert found["NetworkConfiguration"] == {
        "AwsvpcConfiguration": {
            "Subnets": ["subnet-0123456789abcdef0"],
            "SecurityGroups": ["sg-0123456789abcdef0"],
            "AssignPublicIp": "ENABLED",
        }
    }
    assert definition(one(), **profile)["tags"] == [{"key": "team", "value": "vision"}]
    spot = state(one(), **FARGATE, capacity_provider="FARGATE_SPOT")["Parameters"]
    assert spot["CapacityProviderStrategy"] == [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]
    assert "LaunchType" not in spot
    assert "NetworkConfiguration" not in state(one())["Parameters"]


def test_a_step_with_a_timeout_has_half_an_hour_more_to_start() -> None:
    plan = one(timeout=60)
    assert state(plan)["TimeoutSeconds"] == 60 + 300 + 1800
    tried = state(one(timeout=60, retry=Retry(times=1)))["Branches"][0]["States"]
    assert tried["start job"]["Catch"][1] == {"ErrorEquals": ["States.Timeout"], "ResultPath": None, "Next": "start timed out"}
    assert tried["start timed out"] == {
        "Type": "Fail",
        "Error": "flowport.TaskFailed",
        "Cause": "the task took longer than 2160 seconds",
    }
    batch = documents(one(timeout=60, retry=Retry(times=1)))["state-machine.json"]["States"]["start"]["Branches"][0]["States"]
    assert "start timed out" not in batch


def test_a_definition_has_another_name_when_its_content_changes() -> None:
    assert definition(one())["family"] != definition(one(), image="other:1")["family"]
    assert definition(one())["family"] == definition(one(), cluster="other")["family"]


def test_the_machine_may_run_its_tasks_in_its_cluster_and_hand_on_their_roles() -> None:
    profile = {**FARGATE, "job_role": ROLE.replace("flows", "job"), "tags": {"team": "vision"}}
    policy = {each["Sid"]: each for each in documents(one(), **profile)["machine-policy.json"]["Statement"]}
    assert policy["RunItsTasks"]["Resource"] == ["arn:aws:ecs:eu-central-1:123456789012:task-definition/Small-*"]
    assert policy["RunItsTasks"]["Condition"] == {"ArnLike": {"ecs:cluster": "arn:aws:ecs:eu-central-1:123456789012:cluster/flows"}}
    assert policy["WatchAndStopTasks"]["Resource"] == ["arn:aws:ecs:eu-central-1:123456789012:task/flows/*"]
    assert policy["TagItsTasks"]["Resource"] == policy["WatchAndStopTasks"]["Resource"]
    assert policy["HandOnRoles"]["Resource"] == [profile["job_role"], ROLE]
    assert policy["HandOnRoles"]["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    assert not any(action.startswith("batch:") for each in policy.values() for action in each["Action"])
    arn = "arn:aws:ecs:eu-central-1:123456789012:cluster/other"
    named = {each["Sid"]: each for each in documents(one(), **{**ECS, "cluster": arn})["machine-policy.json"]["Statement"]}
    assert named["WatchAndStopTasks"]["Resource"] == ["arn:aws:ecs:eu-central-1:123456789012:task/other/*"]
    assert "HandOnRoles" not in named


def test_nodes_of_a_gang_share_a_container() -> None:
    gang = flow(
        ("start", Foreach("train", "", items=4, gang=True)),
        ("train", Next("join"), Settings(gang=Gang("parallel", 4), resources=Resources(cpu=2, memory=3000))),
        ("join", Next("end"), "join"),
        ("end", End()),
    )
    (found,) = (each for each in documents(gang, **ECS)["task-definitions.json"] if "-train-" in each["family"])
    (container,) = found["containerDefinitions"]
    assert (container["cpu"], container["memory"]) == (8 * 1024, 12_000)
    assert "--nodes" not in container["entryPoint"]


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ({}, []),
        (FARGATE, []),
        ({"cluster": ""}, ["FP400"]),
        ({"region": "*"}, ["FP400", "FP423"]),
        ({**FARGATE, "subnets": []}, ["FP400"]),
        ({**FARGATE, "execution_role": ""}, ["FP404"]),
        ({"security_groups": ["sg-0123456789abcdef0"]}, ["FP400"]),
        ({"cluster": "a b"}, ["FP405"]),
        ({**FARGATE, "subnets": ["net"]}, ["FP405"]),
        ({**FARGATE, "subnets": [f"subnet-{number:08}" for number in range(17)]}, ["FP405"]),
        ({**FARGATE, "security_groups": ["group"]}, ["FP405"]),
        ({"capacity_provider": "a b"}, ["FP405"]),
        ({"task_log_group": "a b"}, ["FP405"]),
        ({"public_ip": True}, ["FP405"]),
        ({"array_jobs": True}, ["FP405"]),
        ({"gangs": "nodes"}, ["FP405"]),
        ({"share_identifier": "team"}, ["FP405"]),
    ],
    ids=str,
)
def test_settings_that_ecs_needs_or_would_not_take(profile: dict[str, Any], expected: list[str]) -> None:
    assert codes(one(), **profile) == expected


@pytest.mark.parametrize(
    ("plan", "profile", "expected"),
    [
        (one(BatchJob(queue="gpu")), {}, ["FP306"]),
        (one(resources=Resources(disk=1000)), {}, ["FP302"]),
        (one(resources=Resources(gpu=1)), FARGATE, ["FP300"]),
        (one(resources=Resources(cpu=32)), FARGATE, ["FP414"]),
        (one(environment=(("LONG", "x" * 9000),)), {}, []),
        (one(environment=(("LONG", "x" * 61_000),)), {}, ["FP413"]),
    ],
)
def test_what_a_step_asks_for_and_ecs_has_not(plan: Plan, profile: dict[str, Any], expected: list[str]) -> None:
    assert codes(plan, **profile) == expected
