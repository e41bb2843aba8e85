"""The emitted files on Airflow 2, and for every place where tasks may run.

The operators are the real ones up to what they would send to a service: instead of that, a process of this machine runs what was asked for.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from choice import Choice, constructs
from engines.airflow.dag_tests import DagTests
from engines.corpus_runs import Here, agree
from engines.engine import plan_of
from flows.expected import EXAMPLES, RUNS

LOW: dict[str, Any] = {"width": 3, "total": 6}
FILES = ("loop_exits.py", "decorated.py", "nasties.py", "placed.py")
SOME = [expected for expected in RUNS if expected.file in FILES and (expected.parameters or expected.file != "nasties.py")]
"""Flows with all that a task has to tell, and odd values: a foreach, switches, a loop with several ways out, resources, environments."""

NESTED = [expected for expected in RUNS if expected.file == "switch_foreach_switch.py"]
NEEDED: dict[str, dict[str, Any]] = {
    "kubernetes": {"image": "flows:1"},
    "docker": {"image": "flows:1"},
    "batch": {"job_queue": "flows", "job_definition": "flows"},
    "ecs": {"cluster": "flows", "task_definition": "flows", "container": "main", "platform": "FARGATE"},
}


def test_airflow_2_comes_to_what_this_machine_comes_to(airflow_2: Path, here: Here, tmp_path: Path, choice: Choice) -> None:
    cases = choice("the corpus on Airflow 2", [*RUNS, *EXAMPLES], constructs, more=2)
    for expected, ended in zip(cases, DagTests(tmp_path / "airflow", airflow_2).run(cases, **LOW), strict=True):
        agree(expected, ended, here(expected).result())


@pytest.mark.parametrize("compute", NEEDED)
def test_tasks_come_to_the_same_wherever_they_run(compute: str, bucket: str, here: Here, tmp_path: Path) -> None:
    airflow = DagTests(tmp_path / "airflow", Path(sys.executable))
    for expected, ended in zip(SOME, airflow.run(SOME, compute, f"s3://{bucket}/runs", **NEEDED[compute], **LOW), strict=True):
        agree(expected, ended, here(expected).result())


def test_pods_come_to_the_same_on_airflow_2(airflow_2: Path, bucket: str, here: Here, tmp_path: Path) -> None:
    airflow = DagTests(tmp_path / "airflow", airflow_2)
    for expected, ended in zip(
        [*SOME, *NESTED], airflow.run([*SOME, *NESTED], "kubernetes", f"s3://{bucket}/runs", image="flows:1", **LOW), strict=True
    ):
        agree(expected, ended, here(expected).result())


AGAIN = """
import os

from flowport import FlowSpec, retry, step


class Again(FlowSpec):
    @step
    def start(self):
        self.codes = [0, 1, 78]
        self.next(self.work, foreach="codes")

    @retry(times=2, minutes_between_retries=0)
    @step
    def work(self):
        if self.input:
            os._exit(self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def tries(airflow: DagTests, compute: str, folder: Path, bucket: str, **profile: Any) -> dict[str, tuple[str, int]]:
    """The state and the number of tries of each task of `work`, whose items end with the exit codes 0, 1 and 78."""
    path = folder / "again.py"
    path.write_text(AGAIN)
    (ended,) = airflow.run_plans([(plan_of(path), {}, {**NEEDED[compute], **profile})], compute, f"s3://{bucket}/runs")
    assert (ended.state, ended.states["start[-1]"]) == ("failed", "success"), ended.said
    return {f"{task['map_index']}": (task["state"], task["try_number"]) for task in ended.tasks if task["task_id"] == "work"}


@pytest.mark.parametrize("compute", NEEDED)
def test_a_task_that_says_that_trying_is_useless_is_tried_once(compute: str, bucket: str, tmp_path: Path) -> None:
    airflow = DagTests(tmp_path / "airflow", Path(sys.executable))
    assert tries(airflow, compute, tmp_path, bucket) == {"0": ("success", 1), "1": ("failed", 3), "2": ("failed", 1)}


@pytest.mark.parametrize("compute", ["batch", "ecs"])
def test_a_task_that_waits_in_the_triggerer_goes_on_and_fails_as_any_other(compute: str, bucket: str, tmp_path: Path) -> None:
    airflow = DagTests(tmp_path / "airflow", Path(sys.executable))
    found = tries(airflow, compute, tmp_path, bucket, default_args={"deferrable": True})
    assert found == {"0": ("success", 1), "1": ("failed", 3), "2": ("failed", 1)}


def test_a_pod_that_says_that_trying_is_useless_is_tried_once_on_airflow_2(airflow_2: Path, bucket: str, tmp_path: Path) -> None:
    airflow = DagTests(tmp_path / "airflow", airflow_2)
    assert tries(airflow, "kubernetes", tmp_path, bucket) == {"0": ("success", 1), "1": ("failed", 3), "2": ("failed", 1)}
