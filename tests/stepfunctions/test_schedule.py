"""The schedule of EventBridge Scheduler of a flow, and what its machine does about runs that overlap."""

from __future__ import annotations

import json
from typing import Any

import pytest

from compiled import problems_of
from flowport.compiler.ir import End, Schedule
from flowport.compiler.ir.plan import Plan
from flowport.targets.stepfunctions import target
from plans import flow
from stepfunctions.emitted import PROFILE, documents

ACTION = "states:ListExecutions"
PLAN = flow(("start", End()), triggers=(Schedule("30 6 * * MON-FRI", "Europe/Berlin"),))


def allowed(made: dict[str, Any], action: str) -> list[list[str]]:
    """The resources of each statement of the machine's policy that allows an action."""
    return [statement["Resource"] for statement in made["machine-policy.json"]["Statement"] if action in statement["Action"]]


def test_a_schedule_that_skips_says_so_to_the_machine_which_may_list_its_executions() -> None:
    made = documents(PLAN, overlap="skip")
    told = json.loads(made["schedule.json"]["Target"]["Input"])
    assert told == {"scheduled_time": "<aws.scheduler.scheduled-time>", "overlap": "skip"}
    assert made["state-machine.json"]["StartAt"] == "begin schedule"
    assert allowed(made, ACTION) == [["arn:aws:states:eu-central-1:123456789012:stateMachine:Small"]]


@pytest.mark.parametrize(
    ("plan", "profile"),
    [
        (PLAN, {}),
        (PLAN, {"overlap": "allow"}),
        (PLAN, {"overlap": "skip", "region": "*"}),
        (flow(("start", End())), {"overlap": "skip"}),
    ],
    ids=["default", "allow", "no-schedule-is-emitted", "no-schedule"],
)
def test_any_other_machine_begins_at_once(plan: Plan, profile: dict[str, Any]) -> None:
    made = documents(plan, **profile)
    assert made["state-machine.json"]["StartAt"] == "store input"
    assert allowed(made, ACTION) == []
    assert "overlap" not in json.dumps(made)


@pytest.mark.parametrize("overlap", ["wait", "replace"])
def test_what_a_machine_cannot_do_about_other_executions_is_refused(overlap: str) -> None:
    (found,) = problems_of(target, PLAN, {**PROFILE, "overlap": overlap})
    assert (found.code, found.severity) == ("FP439", "error")
    assert found.help == ('write `overlap = "skip"` under [stepfunctions]',)


def test_a_schedule_that_is_not_emitted_says_what_to_write() -> None:
    found = problems_of(target, PLAN, {**PROFILE, "region": "*", "account": "*"})
    (about,) = [one for one in found if one.code == "FP307"]
    assert about.help == ('write `region = "eu-central-1"` and `account = "123456789012"` under [stepfunctions] in flowport.toml',)
