"""The limit of a task with `@timeout` on each engine: a little longer than the runtime's own, where a task has one item."""

from __future__ import annotations

from typing import Any

import pytest

from argo import emitted as argo
from dags import emitted as airflow
from flowport.compiler.ir import Branch, Case, End, Foreach, Next, Settings, Switch
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.time_limits import SLACK, time_limits
from plans import flow
from stepfunctions import emitted as stepfunctions

TIMED = Settings(timeout=60)
LIMIT = 60 + SLACK


def nest(outer: Foreach, inner: Foreach) -> Plan:
    return flow(
        ("start", outer, TIMED),
        ("inner", inner, TIMED),
        ("cell", Next("row"), TIMED),
        ("row", Next("all"), "join"),
        ("all", Next("end"), "join"),
        ("end", End(), TIMED),
    )


def each(foreach: Foreach) -> Plan:
    return flow(("start", foreach, TIMED), ("each", Next("join"), TIMED), ("join", Next("end"), "join"), ("end", End()))


LISTED, READ = Foreach("each", "xs", items=3), Foreach("each", "xs")


@pytest.mark.parametrize(
    ("foreach", "limited"),
    [
        (LISTED, {"start", "each"}),
        (READ, {"start"}),
        (Foreach("each", "xs", batch=2, items=3), {"start"}),
        (Foreach("each", "xs", items=11), {"start"}),
        (Foreach("each", "xs", items=3, max_parallel=2), {"start"}),
        (Foreach("each", "xs", items=0), {"start", "each"}),
    ],
)
def test_a_task_has_a_limit_where_it_surely_has_one_item(foreach: Foreach, limited: set[str]) -> None:
    assert time_limits(each(foreach), width=10, total=100) == dict.fromkeys(limited, LIMIT)


@pytest.mark.parametrize(
    ("rows", "cells", "total", "limited"),
    [
        (3, 3, 9, {"start", "inner", "cell", "end"}),
        (3, 3, 8, {"start", "inner", "end"}),
        (None, 3, 100, {"start", "end"}),
        (3, None, 100, {"start", "inner", "end"}),
    ],
)
def test_of_nested_foreaches_all_must_be_listed(rows: int | None, cells: int | None, total: int, limited: set[str]) -> None:
    plan = nest(Foreach("inner", "rows", items=rows), Foreach("cell", "cells", items=cells))
    assert set(time_limits(plan, width=10, total=total)) == limited


def test_steps_in_branches_switches_and_loops_have_one() -> None:
    branches = flow(("start", Branch(("a", "b"))), ("a", Next("j"), TIMED), ("b", Next("j")), ("j", Next("end"), "join"), ("end", End()))
    loop = flow(
        ("start", Next("look")),
        ("look", Switch("found", (Case("no", "search"), Case("yes", "end")))),
        ("search", Next("look"), TIMED),
        ("end", End()),
    )
    assert time_limits(branches, 10, 10) == {"a": LIMIT}
    assert time_limits(loop, 10, 10) == {"search": LIMIT}


def on_step_functions(plan: Plan) -> Any:
    found = stepfunctions.documents(plan)["job-definitions.json"]
    return {words[words.index("--step") + 1]: each.get("timeout") for each in found for words in [each["containerProperties"]["command"]]}


def test_what_step_functions_is_told() -> None:
    assert on_step_functions(each(LISTED))["each"] == {"attemptDurationSeconds": LIMIT}
    assert on_step_functions(each(READ))["each"] is None


def test_what_airflow_is_told() -> None:
    limit = "execution_timeout=timedelta(minutes=6)"
    assert airflow.source(each(LISTED)).count(limit) == 2
    assert airflow.source(each(READ)).count(limit) == 1


def test_a_pod_of_airflow_gets_the_time_that_it_may_take_to_start() -> None:
    assert "execution_timeout=timedelta(minutes=16)" in airflow.source(each(LISTED), startup_timeout=600)
    assert "execution_timeout=timedelta(minutes=6)" in airflow.source(each(LISTED), compute="docker", startup_timeout=600)


def test_what_argo_is_told() -> None:
    def deadlines(plan: Plan) -> list[int]:
        return [made["activeDeadlineSeconds"] for made in argo.templates(plan).values() if "activeDeadlineSeconds" in made]

    assert deadlines(each(LISTED)) == [LIMIT, LIMIT]
    assert deadlines(each(READ)) == [LIMIT]
