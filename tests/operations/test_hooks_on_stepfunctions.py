"""The end of an execution on Step Functions: the rule of EventBridge on ministack, which sends the events that AWS sends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flowport import Run
from flowport.runtime.records.hooks import HookOutcome, read_outcomes
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store
from operations.conftest import Work
from progress import until
from receiver import Receiver, without_time

FLOW = """
from flowport import FlowSpec, Parameter, exit_hook, step

def tell(run):
    assert run.successful
    print("told of", run.pathspec)

def complain():
    raise ValueError("nobody listens")

@exit_hook(on_success=[tell], on_error=[complain])
class {name}(FlowSpec):
    size = Parameter("size", default=3)

    @step
    def start(self):
        assert self.size < 100, "a secret"
        self.next(self.end)

    @step
    def end(self):
        pass
"""
HOOKS = "@exit_hook(on_success=[tell], on_error=[complain])\n"


@pytest.fixture
def hooked(work: Work, monkeypatch: pytest.MonkeyPatch) -> Work:
    work.desk.write("flow.py", FLOW.format(name=work.name))
    monkeypatch.setenv("FLOWPORT_STORE", f"s3://flows/{work.name}")
    return work


def deploy(work: Work, *words: str) -> str:
    ended = work("deploy", "FLOW", "--roles", *words)
    assert (ended.status, ended.err) == (0, ""), ended
    return ended.out


def of_hooks(work: Work) -> list[str]:
    """How the executions of the machine of the hooks ended."""
    found = work.client("stepfunctions").list_executions(stateMachineArn=f"{work.arn}-exit")["executions"]
    return sorted(each["status"] for each in found)


def outcomes(work: Work, run: str) -> list[HookOutcome]:
    return read_outcomes(open_store(f"s3://flows/{work.name}"), Keys(work.name, run))


def told(work: Work, run: str, status: str, *steps: str) -> dict[str, Any]:
    command = f"flowport status {work.name}/{run} --target sfn"
    return {"flow": work.name, "run": run, "target": "stepfunctions", "status": status, "steps": [*steps], "command": command}


def test_everybody_is_told_of_an_execution_and_its_status_stays_as_it_is(hooked: Work) -> None:
    with Receiver() as receiver:
        entry = f'[{{ webhook = "{receiver.address}" }}, {{ slack = "env:NOWHERE" }}]'
        hooked.change("flow_roles", f"on_success = {entry}\non_failure = {entry}\nflow_roles", "flowport.toml")
        deploy(hooked)
        assert hooked("trigger", "FLOW", "--run-id", "done", "--wait").status == 0
        assert hooked("trigger", "FLOW", "--run-id", "broken", "--wait", "--size", "100").status == 1
        until(lambda: of_hooks(hooked) == ["FAILED", "FAILED"], "both executions of the hooks to end")
    found = sorted((without_time(each) for each in receiver.bodies), key=lambda each: str(each["run"]), reverse=True)
    assert found == [told(hooked, "done", "done"), told(hooked, "broken", "failed", "start")]
    assert "secret" not in json.dumps(found)
    names = ["exit hook `tell`", f"the message to `webhook {receiver.address}`", "the message to `slack env:NOWHERE`"]
    assert [outcome.name for outcome in outcomes(hooked, "done")] == names
    assert [bool(outcome.error) for outcome in outcomes(hooked, "done")] == [False, False, True]
    assert outcomes(hooked, "broken")[0] == HookOutcome("exit hook `complain`", "ValueError: nobody listens")
    assert Run(f"{hooked.name}/done", _namespace_check=False).successful
    shown = hooked("status", f"{hooked.name}/broken").out
    assert f"{hooked.name}/broken: failed" in shown
    assert "exit hook `complain` failed: ValueError: nobody listens" in shown


def test_a_stopped_execution_calls_its_hooks_and_one_that_succeeds_calls_none_where_nobody_asks(hooked: Work) -> None:
    hooked.change("on_success=[tell], ", "")
    hooked.change('        assert self.size < 100, "a secret"\n', "        import time; time.sleep(self.size)\n")
    deploy(hooked)
    assert hooked("trigger", "FLOW", "--run-id", "quick", "--size", "0", "--wait").status == 0
    hooked("trigger", "FLOW", "--run-id", "long", "--size", "600")
    until(lambda: hooked("status", f"{hooked.name}/long", "--json").out.count('"running"') > 1, "the run to begin")
    assert hooked("stop", f"{hooked.name}/long").status == 0
    until(lambda: of_hooks(hooked) == ["FAILED"], "the hooks to be called")
    assert outcomes(hooked, "long") == [HookOutcome("exit hook `complain`", "ValueError: nobody listens")]
    assert outcomes(hooked, "quick") == []


def test_the_machine_and_the_rule_are_deployed_changed_and_taken_away(hooked: Work) -> None:
    rule = f"{hooked.name}-exit"
    made = deploy(hooked)
    for what in ("role", "rule", "state machine"):
        assert f"{what} {rule} is new" in made
    again = deploy(hooked)
    assert " is new" not in again
    assert " is changed" not in again
    listed = hooked("list").out
    assert hooked.name in listed
    assert rule not in listed, "a part of a deployment is no flow"
    hooked.change(", on_error=[complain]", "")
    assert f"rule {rule} is changed" in deploy(hooked)
    pattern = json.loads(hooked.client("events").describe_rule(Name=rule)["EventPattern"])
    assert pattern["detail"]["status"] == ["SUCCEEDED"]
    hooked.change("@exit_hook(on_success=[tell])\n", "")
    gone = deploy(hooked)
    assert f"rule {rule} is deleted" in gone
    assert f"state machine {rule} is deleted" in gone
    hooked.change(f"class {hooked.name}", f"{HOOKS}class {hooked.name}")
    deploy(hooked)
    assert hooked("delete", "FLOW").status == 0
    assert hooked.client("events").list_rules(NamePrefix=rule)["Rules"] == []
    machines = {each["name"] for each in hooked.client("stepfunctions").list_state_machines()["stateMachines"]}
    assert not machines & {hooked.name, rule}


def test_a_rule_of_somebody_else_stays_as_it_is(hooked: Work) -> None:
    hooked.client("events").put_rule(Name=f"{hooked.name}-exit", EventPattern='{"source": ["mine"]}')
    refused = hooked("deploy", "FLOW", "--roles")
    assert (refused.status, f"the rule `{hooked.name}-exit` belongs to somebody else" in refused.err) == (1, True)
    assert hooked.client("events").describe_rule(Name=f"{hooked.name}-exit")["EventPattern"] == '{"source": ["mine"]}'
