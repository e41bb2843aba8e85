"""Flows that are deployed to run as functions of Lambda."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from flowport.targets.stepfunctions.deployment import account as accounts
from flowport.targets.stepfunctions.deployment.compute import functions as deployed
from operations.conftest import ACCOUNT, REGION, Work

STEPS = ("start", "double", "join", "end")
REPOSITORY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/functions"


@pytest.fixture
def functions(work: Work) -> Work:
    """A flow whose profile names Lambda and an image that is there."""
    ecr = work.client("ecr")
    if "functions" not in {each["repositoryName"] for each in ecr.describe_repositories()["repositories"]}:
        ecr.create_repository(repositoryName="functions")
        for tag in ("1", "2"):
            ecr.put_image(repositoryName="functions", imageManifest=json.dumps({"schemaVersion": 2, "tag": tag}), imageTag=tag)
    work.change('job_queue = "flows"', 'compute = "lambda"', "flowport.toml")
    work.change("my-image:1", f"{REPOSITORY}:1", "flowport.toml")
    return work


def names(work: Work) -> list[str]:
    pages = work.client("lambda").get_paginator("list_functions").paginate()
    return [each["FunctionName"] for page in pages for each in page["Functions"] if each["FunctionName"].startswith(f"{work.name}-")]


def test_a_flow_is_deployed_run_taken_back_and_removed(functions: Work) -> None:
    first = functions("deploy", "FLOW", "--roles")
    assert (first.status, first.err) == (0, "")
    assert re.sub(r"-[0-9a-f]{8}\b", "-HASH", first.out).splitlines() == [
        f"s3://flows/{functions.name}/code/DIGEST.zip is new",
        f"role {functions.name}-job is new",
        f"role {functions.name}-machine is new",
        f"log group /aws/vendedlogs/states/{functions.name} is new",
        f"log group /aws/lambda/{functions.name} is new",
        *(f"function {functions.name}-{step}-HASH is new" for step in STEPS),
        f"state machine {functions.name} is new",
        f"alias {functions.name}:live is new",
    ]
    again = functions("deploy", "FLOW", "--roles")
    assert {line.rpartition(" ")[2] for line in again.out.splitlines()} == {"unchanged"}
    assert functions("trigger", "FLOW", "--size", "5", "--run-id", "one", "--wait").status == 0
    assert functions("artifacts", f"{functions.name}/one/end", "--name", "total").out.strip().endswith("20")

    functions.change(f"{REPOSITORY}:1", f"{REPOSITORY}:2", "flowport.toml")
    assert functions("deploy", "FLOW", "--roles").status == 0
    assert len(names(functions)) == 2 * len(STEPS)
    assert functions("rollback", "FLOW").status == 0
    assert functions("trigger", "FLOW", "--run-id", "two", "--wait").status == 0

    removed = functions("delete", "FLOW")
    assert len(re.findall(rf"^function {functions.name}-\w+-[0-9a-f]{{8}} is deleted$", removed.out, re.MULTILINE)) == 2 * len(STEPS)
    assert names(functions) == []
    assert functions("delete", "FLOW").out == "nothing is deployed\n"


def test_a_deployment_that_is_cut_off_anywhere_is_mended_by_deploying_again(functions: Work, writes: dict[str, Any]) -> None:
    functions("deploy", "FLOW", "--roles")
    whole = [name for name in writes["made"] if name != "CreateLogGroup"]
    assert whole[-6:] == [*["CreateFunction"] * 4, "CreateStateMachine", "CreateStateMachineAlias"]
    functions("delete", "FLOW")
    for stop in range(1, len(whole) + 1):
        writes.update(made=[], stop=stop)
        assert functions("deploy", "FLOW", "--roles").status == 130
        writes.update(made=[], stop=None)
        assert functions("deploy", "FLOW", "--roles").status == 0
        assert functions("deploy", "FLOW", "--roles", "--diff").status == 0, f"cut off after {whole[stop - 1]}"
        assert len(names(functions)) == len(STEPS)
        functions("delete", "FLOW")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (f"{REPOSITORY}:1", "python:3.12", "AWS Lambda cannot start the image `python:3.12`: it has to be in an Amazon ECR in us-east-1"),
        (f"{REPOSITORY}:1", f"{REPOSITORY}:9", f"there is no image `{REPOSITORY}:9`"),
        ("flow_roles = true", f'job_role = "arn:aws:iam::{ACCOUNT}:role/nobody"', f"there is no role `nobody` in the account {ACCOUNT}"),
    ],
)
def test_what_is_missing_is_named_before_anything_is_made(functions: Work, writes: dict[str, Any], old: str, new: str, said: str) -> None:
    functions.change(old, new, "flowport.toml")
    missing = functions("deploy", "FLOW", "--roles")
    assert missing.status == 1
    assert said in missing.err
    assert writes["made"] == []


def test_a_deployment_waits_until_functions_can_be_invoked(functions: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    ask, looked = accounts.Account.ask, []

    def slow(self: accounts.Account, service: str, operation: str, **arguments: Any) -> Any:
        answer = ask(self, service, operation, **arguments)
        if operation == "GetFunctionConfiguration":
            looked.append(arguments["FunctionName"])
            answer["State"] = "Pending" if looked.count(arguments["FunctionName"]) < 4 else "Active"
        return answer

    monkeypatch.setattr(accounts.Account, "ask", slow)
    monkeypatch.setattr(deployed.time, "sleep", lambda seconds: None)
    assert functions("deploy", "FLOW", "--roles").status == 0
    assert min(looked.count(name) for name in looked) >= 4


def test_a_function_that_lambda_cannot_start_stops_a_deployment_and_is_made_again(functions: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = accounts.Account.ask

    def broken(self: accounts.Account, service: str, operation: str, **arguments: Any) -> Any:
        answer = ask(self, service, operation, **arguments)
        if operation == "GetFunctionConfiguration":
            answer["State"] = "Failed"
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(accounts.Account, "ask", broken)
        stopped = functions("deploy", "FLOW", "--roles")
        assert stopped.status == 1
        assert "cannot be invoked: its state is Failed" in stopped.err
        assert functions.live() is None
        assert "-start-" in functions("deploy", "FLOW", "--roles").err
    assert functions("deploy", "FLOW", "--roles").status == 0
