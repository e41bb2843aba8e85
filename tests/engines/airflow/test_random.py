"""Random flows mean on Airflow what their reference says, whatever the limits."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from engines.airflow.dag_tests import DagTests
from engines.airflow.runs import Ended
from flowport.runtime.reader import find
from flowport.runtime.store import open_store
from properties.trial import Trial

LIMITS = ({"width": 3, "total": 6}, {"width": 2, "total": 2}, {"width": 10, "total": 40}, {"width": 1, "total": 1})


def test_random_flows_mean_on_airflow_what_their_reference_says(airflow_2: Path, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    seeds = range(2000, 2016)
    trials = [Trial(seed, tmp_path, largest=20) for seed in seeds]
    flows = [(trial.plan(), {}, dict(LIMITS[seed % len(LIMITS)])) for seed, trial in zip(seeds, trials)]
    for trial, ended in zip(trials, DagTests(tmp_path / "airflow", airflow_2).run_plans(flows), strict=True):
        agree(trial, ended)


def agree(trial: Trial, ended: Ended) -> None:
    expected = trial.reference()
    assert ended.succeeded, trial.say(ended.said)
    assert ended.lost == [], trial.say(ended.lost)
    found = find(open_store(ended.store), ended.plan.flow.name, ended.run)
    assert Counter(found.all_items()) == Counter(expected.items), trial.say("other items")
    assert found.artifacts("end") == expected.end, trial.say("other artifacts")
