"""Every flow of the corpus and every example does on a real Airflow scheduler what it does here."""

from __future__ import annotations

from typing import Any

import pytest

from choice import constructs, sample
from engines.airflow.runs import AirflowRuns
from engines.corpus_runs import Here, agree
from engines.figures import figures_of
from flowport.compiler.estimate import Range
from flowport.targets.airflow import target
from flows.expected import EXAMPLES, RUNS, Expected

LOW: dict[str, Any] = {"width": 3, "total": 6}
"""Limits so low that a foreach of a thousand items is a few tasks, and slices have several items."""


@sample(constructs, more=2)
@pytest.mark.parametrize("on_airflow", [LOW], ids=["low"])
@pytest.mark.parametrize("expected", [*RUNS, *EXAMPLES], ids=lambda expected: str(expected.id))
def test_airflow_comes_to_what_this_machine_comes_to(
    expected: Expected, on_airflow: dict[str, Any], airflow: AirflowRuns, here: Here
) -> None:
    ended = airflow.case(expected, **on_airflow)
    agree(expected, ended, here(expected).result())
    assert figures_of(target, ended, **on_airflow)["task instances"] == Range(len(ended.tasks), len(ended.tasks))
