"""The limits of whole runs that a profile sets, and what each engine is told of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from argo import emitted as argo
from compiled import files_of, problems_of
from dags import emitted as airflow
from flowport.compiler.ir import End, Foreach, Next, RunLimits
from flowport.compiler.ir.plan import Plan
from flowport.compiler.record import replace
from flowport.compiler.target import Target
from flowport.targets.airflow import target as airflow_target
from flowport.targets.argo import target as argo_target
from flowport.targets.stepfunctions import target as stepfunctions_target
from plans import flow
from stepfunctions import emitted as stepfunctions

GOLDEN = Path(__file__).resolve().parent / "golden" / "limits"
PLAN = flow(("start", Foreach("each", "xs")), ("each", Next("join")), ("join", Next("end"), "join"), ("end", End()))
LIMITS: list[tuple[Target[Any], dict[str, Any], dict[str, Any], str]] = [
    (stepfunctions_target, stepfunctions.PROFILE, {"run_timeout": 7200}, "json"),
    (airflow_target, airflow.PROFILE, {"run_timeout": 7200, "max_active_runs": 1, "startup_timeout": 900}, "py"),
    (argo_target, argo.PROFILE, {"run_timeout": 7200, "startup_timeout": 900}, "yaml"),
]


def emitted(target: Target[Any], profile: dict[str, Any]) -> str:
    return files_of(target, PLAN, profile)[0].data.decode()


@pytest.mark.parametrize(("target", "profile", "limits", "suffix"), LIMITS, ids=lambda value: getattr(value, "name", ""))
def test_a_file_with_limits_is_as_it_was(
    target: Target[Any], profile: dict[str, Any], limits: dict[str, Any], suffix: str, golden: Callable[[Path, str], None]
) -> None:
    golden(GOLDEN / f"{target.name}.{suffix}", emitted(target, {**profile, **limits}))


@pytest.mark.parametrize(("target", "profile", "limits", "suffix"), LIMITS, ids=lambda value: getattr(value, "name", ""))
def test_a_limit_that_is_no_number_of_seconds_is_refused(
    target: Target[Any], profile: dict[str, Any], limits: dict[str, Any], suffix: str
) -> None:
    for name in limits:
        for value in (0, "2h", 10**12 if "timeout" in name else -1):
            assert [problem.code for problem in problems_of(target, PLAN, {**profile, name: value})] == ["FP402"]


def test_only_pods_have_a_startup_timeout_on_airflow() -> None:
    assert "startup_timeout" not in airflow.source(PLAN, compute="docker", startup_timeout=900)


def test_only_pods_have_a_priority_class_on_airflow() -> None:
    assert '"priority_class_name": "high"' in airflow.source(PLAN, priority_class="high")
    assert "priority_class" not in airflow.source(PLAN, compute="docker", priority_class="high")


FLOW_LIMITS = RunLimits(7200, 1, 900)


def limited(limits: RunLimits) -> Plan:
    """The plan of a flow with `@limits`."""
    return replace(PLAN, flow=replace(PLAN.flow, limits=limits))


@pytest.mark.parametrize(("target", "profile", "limits", "suffix"), LIMITS, ids=lambda value: getattr(value, "name", ""))
def test_a_flow_says_the_same_as_a_profile(target: Target[Any], profile: dict[str, Any], limits: dict[str, Any], suffix: str) -> None:
    assert files_of(target, limited(FLOW_LIMITS), profile)[0].data.decode() == emitted(target, {**profile, **limits})


@pytest.mark.parametrize(("target", "profile", "limits", "suffix"), LIMITS, ids=lambda value: getattr(value, "name", ""))
def test_a_limit_that_an_engine_does_not_have_is_a_warning(
    target: Target[Any], profile: dict[str, Any], limits: dict[str, Any], suffix: str
) -> None:
    found = problems_of(target, limited(FLOW_LIMITS), profile)
    named = [problem.message.partition("`, and")[0].rpartition("`")[2] for problem in found]
    assert named == [name for name in FLOW_LIMITS.given() if name not in limits]
    assert {(problem.code, problem.severity) for problem in found} <= {("FP308", "warning")}


def test_a_profile_comes_before_the_flow() -> None:
    profile = {**airflow.PROFILE, "run_timeout": 60}
    text = files_of(airflow_target, limited(RunLimits(7200)), profile)[0].data.decode()
    assert "dagrun_timeout=timedelta(seconds=60)" in text


def test_a_limit_of_a_flow_that_no_engine_takes_is_refused() -> None:
    found = problems_of(airflow_target, limited(RunLimits(run_timeout=10**12)), airflow.PROFILE)
    assert [problem.code for problem in found] == ["FP402"]
