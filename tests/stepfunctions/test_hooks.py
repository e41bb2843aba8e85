"""The documents of what follows an execution: a machine of its own for every kind of compute, its rule, and who may do what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from statelint.linter import Linter

from compiled import problems_of
from desk import Desk
from flowport.compiler.compile import load
from flowport.compiler.ir.plan import Plan
from flowport.targets.stepfunctions import target
from flowport.targets.stepfunctions.checks import broken
from stepfunctions.emitted import PROFILE, documents

FLOW = """
from flowport import FlowSpec, Parameter, batch, exit_hook, resources, step

def tell(run):
    assert run.successful

def complain():
    raise ValueError("nobody listens")

@exit_hook(on_success=[tell], on_error=[complain])
class TrainFlow(FlowSpec):
    size = Parameter("size", default=3)

    @batch(image="first:1", queue="small")
    @resources(memory=64000, gpu=8)
    @step
    def start(self):
        assert self.size < 100
        self.next(self.end)

    @step
    def end(self):
        pass
"""
ECS = {"compute": "ecs", "cluster": "c"}
SLACK = [{"slack": "aws-secrets-manager.alerts/slack"}]


def plan_of(folder: Path, text: str = FLOW) -> Plan:
    (folder / "flow.py").write_text(text)
    found = load(str(folder / "flow.py"))
    assert found.plan is not None, found.diagnostics
    return found.plan


@pytest.mark.parametrize(
    ("profile", "file"),
    [({}, "job-definitions.json"), (ECS, "task-definitions.json"), ({"compute": "lambda", "job_role": "r"}, "functions.json")],
    ids=["batch", "ecs", "lambda"],
)
def test_a_machine_of_its_own_runs_the_hooks_on_every_compute(tmp_path: Path, profile: dict[str, Any], file: str) -> None:
    found = documents(plan_of(tmp_path, FLOW.replace(", gpu=8", "")), on_failure=SLACK, **profile)
    machine = found["exit-machine.json"]
    assert broken(machine) == []
    assert Linter.validate(machine, []) == []
    definition = json.dumps(next(each for each in found[file] if "exit-hooks" in json.dumps(each)))
    name = next(iter(json.loads(definition).values()))
    assert name in json.dumps(machine["States"]["exit hooks"]["Parameters"]), "the machine runs this definition"
    for word in ("first:1", '"hooks"', '"TrainFlow"', "s3://my-bucket/flowport", "alerts/slack"):
        assert word in definition, word
    assert "64000" not in definition


def test_a_rule_hands_on_how_an_execution_ended_and_each_role_may_do_its_own_work(tmp_path: Path) -> None:
    found = documents(plan_of(tmp_path), on_failure=SLACK)
    rule, target = found["exit-rule.json"]["rule"], found["exit-rule.json"]["target"]
    machine = "arn:aws:states:eu-central-1:123456789012:stateMachine:TrainFlow"
    began = [{"anything-but": {"prefix": '{"skipped"'}}, None]
    detail = {"status": ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"], "stateMachineArn": [machine], "output": began}
    assert json.loads(rule["EventPattern"])["detail"] == detail
    assert (target["Arn"], target["RoleArn"]) == (f"{machine}-exit:live", "arn:aws:iam::123456789012:role/TrainFlow-exit")
    assert json.loads(target["InputTransformer"]["InputTemplate"]) == {"run": "<run>", "status": "<status>"}
    (start,) = found["exit-policy.json"]["Statement"]
    assert (start["Action"], start["Resource"]) == (["states:StartExecution"], [f"{machine}-exit:live"])
    assert "rule/TrainFlow-exit" in json.dumps(found["exit-trust.json"])
    assert f"{machine}-exit" in json.dumps(found["machine-trust.json"])
    secrets = [each for each in found["job-policy.json"]["Statement"] if each["Sid"] == "ReadItsSecrets"]
    assert [each["Resource"] for each in secrets] == [["arn:aws:secretsmanager:eu-central-1:123456789012:secret:alerts/slack-??????"]]


def test_only_the_ends_that_somebody_asks_about_start_the_machine(tmp_path: Path) -> None:
    quiet = plan_of(tmp_path, FLOW.replace("@exit_hook(on_success=[tell], on_error=[complain])\n", ""))
    assert not [name for name in documents(quiet) if name.startswith("exit")]
    assert "exit" not in json.dumps(documents(quiet))
    for setting, statuses in (("on_success", ["SUCCEEDED"]), ("on_failure", ["FAILED", "TIMED_OUT", "ABORTED"])):
        pattern = json.loads(documents(quiet, **{setting: SLACK})["exit-rule.json"]["rule"]["EventPattern"])
        assert pattern["detail"]["status"] == statuses


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        ({"on_failure": [{"slack": "https://hooks.slack.com/services/T/B/SECRET"}]}, "FP445"),
        ({"on_failure": [{"slack": "kubernetes:alerts/slack"}]}, "FP490"),
        ({"on_failure": [{"slack": "connection:alerts"}]}, "FP490"),
        ({"region": "*"}, "FP446"),
    ],
)
def test_what_cannot_be_told_is_said(tmp_path: Path, profile: dict[str, Any], code: str) -> None:
    found = problems_of(target, plan_of(tmp_path), {**PROFILE, **profile})
    assert code in [one.code for one in found]
    assert "SECRET" not in "".join(one.message for one in found)


def test_a_dry_run_calls_the_hooks_and_sends_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write("flow.py", FLOW)
    desk.write("flowport.toml", '[stepfunctions]\non_failure = [{ webhook = "http://127.0.0.1:9/" }]\n')
    ended = desk("dry-run", "flow.py", "--target", "sfn", "--run-id", "one", "--size", "100")
    assert ended.status == 1
    assert ended.err.endswith("exit hook `complain` failed: ValueError: nobody listens\n"), ended.err
    assert [hook["name"] for hook in json.loads(desk("status", "TrainFlow/one", "--json").out)["hooks"]] == ["exit hook `complain`"]
