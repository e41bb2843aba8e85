"""What Airflow tells the first task of a run that its scheduler made."""

from __future__ import annotations

import sys
from pathlib import Path

from engines.airflow.dag_tests import DagTests
from engines.engine import plan_of
from engines.test_scheduled_time import BERLIN, FILE, TIMES, found


def check(python: Path, folder: Path) -> None:
    (ended,) = DagTests(folder, python).run_plans([(plan_of(FILE), {}, {})], scheduled=BERLIN)
    assert ended.succeeded, ended.said
    assert found(Path(ended.store), ended.run) == TIMES


def test_a_run_of_the_scheduler_has_its_time_on_airflow_3(tmp_path: Path) -> None:
    check(Path(sys.executable), tmp_path / "airflow")


def test_a_run_of_the_scheduler_has_its_time_on_airflow_2(airflow_2: Path, tmp_path: Path) -> None:
    check(airflow_2, tmp_path / "airflow")
