"""The CronWorkflow of a flow that the clock starts."""

from __future__ import annotations

import pytest
from hera.workflows.models import CronWorkflow

from argo.checks import problems
from argo.emitted import documents, said
from flowport.compiler.ir import End, Parameter, Schedule
from plans import flow

DAILY = Schedule("30 6 * * MON-FRI", "Europe/Berlin")


def test_a_flow_with_a_schedule_has_a_cron_workflow_beside_its_template() -> None:
    plan = flow(("start", End()), triggers=(DAILY,), doc="What it is for.")
    template, made = documents(plan, namespace="flows", concurrency_policy="Forbid")
    assert (template["kind"], made["kind"]) == ("WorkflowTemplate", "CronWorkflow")
    assert problems(made) == []
    assert made["metadata"] == template["metadata"]
    assert made["spec"] == {
        "schedules": ["30 6 * * MON-FRI"],
        "timezone": "Europe/Berlin",
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 600,
        "successfulJobsHistoryLimit": 1000,
        "failedJobsHistoryLimit": 1000,
        "workflowSpec": {"workflowTemplateRef": {"name": "small"}},
    }
    assert CronWorkflow.model_validate(made).model_dump(mode="json", by_alias=True, exclude_none=True) == made


def test_a_paused_schedule_starts_nothing() -> None:
    made = documents(flow(("start", End()), triggers=(DAILY,)), schedule="paused")[1]
    assert made["spec"]["suspend"] is True
    assert problems(made) == []
    assert CronWorkflow.model_validate(made).model_dump(mode="json", by_alias=True, exclude_none=True) == made


@pytest.mark.parametrize(
    ("settings", "policy"),
    [
        ({}, "Forbid"),
        ({"overlap": "allow"}, "Allow"),
        ({"overlap": "skip"}, "Forbid"),
        ({"overlap": "replace"}, "Replace"),
        ({"concurrency_policy": "Allow"}, "Allow"),
        ({"concurrency_policy": "Forbid", "overlap": "skip"}, "Forbid"),
    ],
)
def test_what_happens_beside_a_running_run(settings: dict[str, str], policy: str) -> None:
    plan = flow(("start", End()), triggers=(DAILY,))
    assert said(plan, **settings) == ()
    assert documents(plan, **settings)[1]["spec"]["concurrencyPolicy"] == policy


def test_what_a_cron_workflow_cannot_do_is_refused() -> None:
    plan = flow(("start", End()), triggers=(DAILY,))
    (found,) = said(plan, overlap="wait")
    assert (found.code, found.severity) == ("FP439", "error")
    assert found.message.endswith('cannot have `overlap = "wait"`: a CronWorkflow starts a run at once, or not at all')
    assert found.help == ('write `overlap = "skip"` under [argo] in flowport.toml',)
    (found,) = said(plan, catch_up="2026-11-01")
    assert (found.code, found.help[0]) == ("FP439", "leave `catch_up` out")
    assert said(flow(("start", End())), overlap="wait", catch_up="2026-11-01") == ()


def test_two_names_of_one_setting_do_not_contradict_each_other() -> None:
    (found,) = said(flow(("start", End())), overlap="allow", concurrency_policy="Forbid")
    assert found.message == '`overlap = "allow"` and `concurrency_policy = "Forbid"` contradict each other'
    assert found.help == ("leave `concurrency_policy` out: it is another name of `overlap`",)


def test_only_a_workflow_of_a_schedule_is_told_a_time() -> None:
    named = [made["spec"]["templates"] for made in (documents(flow(("start", End()), triggers=given))[0] for given in ((DAILY,), ()))]
    assert ["FLOWPORT_SCHEDULED" in str(templates) for templates in named] == [True, False]


def test_the_clock_is_that_of_utc_unless_said() -> None:
    assert documents(flow(("start", End()), triggers=(Schedule("0 0 * * *"),)))[1]["spec"]["timezone"] == "UTC"


def test_a_flow_without_a_schedule_has_no_cron_workflow() -> None:
    assert [made["kind"] for made in documents(flow(("start", End())))] == ["WorkflowTemplate"]


def test_nobody_fills_in_the_form_of_a_run_that_the_clock_starts() -> None:
    needed = (Parameter("size", "size", "int", required=True), Parameter("note", "note", "str", default="x", required=True))
    assert [found.code for found in said(flow(("start", End()), triggers=(DAILY,), parameters=needed))] == ["FP421"]
    assert said(flow(("start", End()), parameters=needed)) == ()


@pytest.mark.parametrize(("length", "codes"), [(52, []), (53, ["FP405"])])
def test_the_name_of_a_cron_workflow_leaves_room_for_the_time(length: int, codes: list[str]) -> None:
    plan = flow(("start", End()), triggers=(DAILY,))
    assert [found.code for found in said(plan, name="a" * length)] == codes
    assert said(flow(("start", End())), name="a" * length) == ()
