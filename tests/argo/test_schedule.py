"""The CronWorkflow of a flow that the clock starts."""

from __future__ import annotations

import pytest
import yaml
from hera.workflows.models import CronWorkflow

from argo.checks import problems
from argo.emitted import PROFILE, said
from flowport.compiler.ir import End, Parameter, Schedule
from flowport.targets.argo import target
from plans import NO_CODE, flow

DAILY = Schedule("30 6 * * MON-FRI", "Europe/Berlin")


def test_a_flow_with_a_schedule_has_a_cron_workflow_beside_its_template() -> None:
    plan = flow(("start", End()), schedule=DAILY, doc="What it is for.")
    template, cron, _ = target.emit(plan, {**PROFILE, "namespace": "flows", "concurrency_policy": "Forbid"}, NO_CODE)
    assert (template.path, cron.path) == ("small.yaml", "small-schedule.yaml")
    made = yaml.safe_load(cron.data)
    assert problems(made) == []
    assert made["metadata"] == yaml.safe_load(template.data)["metadata"]
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


def test_the_clock_is_that_of_utc_unless_said() -> None:
    cron = target.emit(flow(("start", End()), schedule=Schedule("0 0 * * *")), PROFILE, NO_CODE)[1]
    assert yaml.safe_load(cron.data)["spec"]["timezone"] == "UTC"


def test_a_flow_without_a_schedule_has_no_cron_workflow() -> None:
    assert [file.path for file in target.emit(flow(("start", End())), PROFILE, NO_CODE)] == ["small.yaml", f"small/code/{'0' * 64}.zip"]


def test_nobody_fills_in_the_form_of_a_run_that_the_clock_starts() -> None:
    needed = (Parameter("size", "size", "int", required=True), Parameter("note", "note", "str", default="x", required=True))
    assert [found.code for found in said(flow(("start", End()), schedule=DAILY, parameters=needed))] == ["FP421"]
    assert said(flow(("start", End()), parameters=needed)) == ()


@pytest.mark.parametrize(("length", "codes"), [(52, []), (53, ["FP405"])])
def test_the_name_of_a_cron_workflow_leaves_room_for_the_time(length: int, codes: list[str]) -> None:
    plan = flow(("start", End()), schedule=DAILY)
    assert [found.code for found in said(plan, name="a" * length)] == codes
    assert said(flow(("start", End())), name="a" * length) == ()
