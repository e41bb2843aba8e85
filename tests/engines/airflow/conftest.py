"""Airflow 3 under its scheduler, up while the tests of this folder run, and an environment with Airflow 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from engines.airflow.runs import AirflowRuns, Databases
from engines.conftest import wanted
from own_environment import own_environment


@pytest.fixture(scope="session")
def airflow_2() -> Path:
    return own_environment(Path(__file__).parents[1] / "airflow-2.txt")


@pytest.fixture(scope="package")
def databases() -> Iterator[Databases]:
    with ExitStack() as stack:
        yield Databases(stack)


@pytest.fixture(scope="package")
def airflow(databases: Databases, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowRuns]:
    """Airflow, with the DAG files of all the selected tests in its folder before it looks."""
    made = AirflowRuns(tmp_path_factory.mktemp("airflow"), databases.new())
    for expected, airflow in wanted(request, "on_airflow"):
        made.prepare(expected, **airflow)
    with made:
        yield made
