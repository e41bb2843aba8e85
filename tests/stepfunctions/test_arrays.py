"""Which foreaches become array jobs, and how their states look."""

from __future__ import annotations

from typing import Any

import pytest

from compiled import problems_of
from flowport.compiler.ir import End, Foreach, Next, Retry, Settings
from flowport.compiler.ir.plan import Plan
from flowport.runtime.protocol import Invocation, VersionError
from flowport.targets.stepfunctions import target
from plans import flow
from stepfunctions.emitted import PROFILE, documents, machine

END = ("end", End())


def each(settings: Settings | None = None) -> Plan:
    work = ("work", Next("join"), settings) if settings else ("work", Next("join"))
    return flow(("start", Foreach("work", "items")), work, ("join", Next("end"), "join"), END)


def test_a_foreach_of_one_step_is_one_submission() -> None:
    states = machine(each(), array_jobs=True)["States"]
    assert states["start foreach"]["ResultSelector"] == {"count.$": "States.ArrayLength(States.StringToJson($.Body))"}
    assert [(rule["NumericEquals"], rule["Next"]) for rule in states["start slices"]["Choices"]] == [(0, "join"), (1, "start slice")]
    assert states["start slices"]["Default"] == "work"
    asked = states["work"]["Parameters"]
    assert asked["ArrayProperties"] == {"Size.$": "$.array.count"}
    assert asked["Parameters"]["slice.$"] == "States.Format('{}.', $.slice)"
    assert "RetryStrategy" not in asked
    assert states["work"]["Next"] == "join"
    assert states["start slice"]["Parameters"]["Parameters"]["slice.$"] == "States.Format('{}.0', $.slice)"


def test_batch_tries_again_itself() -> None:
    states = machine(each(Settings(retry=Retry(times=3, minutes=0))), array_jobs=True)["States"]
    wanted = {"Attempts": 4, "EvaluateOnExit": [{"OnExitCode": "78", "Action": "EXIT"}]}
    assert states["work"]["Parameters"]["RetryStrategy"] == wanted
    assert states["start slice"]["Parameters"]["RetryStrategy"] == wanted


def codes(plan: Plan, **profile: Any) -> list[str]:
    return [found.code for found in problems_of(target, plan, {**PROFILE, **profile})]


@pytest.mark.parametrize(
    ("retry", "said"),
    [(Retry(times=1, minutes=2), "`work` waits 2 minutes"), (Retry(times=10, minutes=0), "`work` has 11 attempts")],
)
def test_retries_that_batch_cannot_do_keep_the_map(retry: Retry, said: str) -> None:
    plan = each(Settings(retry=retry))
    assert machine(plan, array_jobs=True)["States"]["start foreach"]["Type"] == "Map"
    (found,) = [found for found in problems_of(target, plan, {**PROFILE, "array_jobs": True}) if found.code == "FP440"]
    assert said in found.message
    assert "FP440" not in codes(plan)


def test_a_foreach_of_two_steps_is_a_map() -> None:
    plan = flow(("start", Foreach("one", "items")), ("one", Next("two")), ("two", Next("join")), ("join", Next("end"), "join"), END)
    assert machine(plan, array_jobs=True)["States"]["start foreach"]["Type"] == "Map"
    assert "FP440" not in codes(plan, array_jobs=True)


def test_a_machine_without_maps_may_start_no_executions() -> None:
    def allowed(**profile: Any) -> set[str]:
        return {statement["Sid"] for statement in documents(each(), **profile)["machine-policy.json"]["Statement"]}

    assert allowed() - allowed(array_jobs=True) == {"RunItsMaps", "FollowItsMaps"}
    assert allowed(array_jobs=True) <= allowed()


def test_nothing_limits_the_children_of_an_array() -> None:
    assert "FP405" in codes(each(), array_jobs=True, max_concurrency=5)


def test_the_last_number_of_a_slice_is_in_the_environment() -> None:
    argv = Invocation("F", "run", "work", "s.3.", "store", "code", width=1, total=1).argv()
    assert Invocation.parse(argv, {"AWS_BATCH_JOB_ARRAY_INDEX": "7"}).slice == "s.3.7"
    with pytest.raises(VersionError, match="is that of an array job"):
        Invocation.parse(argv, {})
