"""Random flows mean on Airflow what their reference says, whatever the limits."""

from __future__ import annotations

from pathlib import Path

from choice import Choice
from engines.airflow.dag_tests import DagTests
from engines.corpus_runs import agree_with_reference
from properties.trial import Trial

LIMITS = ({"width": 3, "total": 6}, {"width": 2, "total": 2}, {"width": 10, "total": 40}, {"width": 1, "total": 1})


def test_random_flows_mean_on_airflow_what_their_reference_says(airflow_2: Path, tmp_path: Path, choice: Choice) -> None:
    seeds = choice("random flows on Airflow 2", range(2000, 2016), lambda seed: {seed % len(LIMITS)}, more=2)
    trials = [Trial(seed, tmp_path, largest=20) for seed in seeds]
    flows = [(trial.plan(), {}, dict(LIMITS[seed % len(LIMITS)])) for seed, trial in zip(seeds, trials)]
    for trial, ended in zip(trials, DagTests(tmp_path / "airflow", airflow_2).run_plans(flows), strict=True):
        agree_with_reference(trial, ended)
