"""`current.scheduled_time` in runs that a schedule started, on every engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowport.cli import execute
from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store
from flows.expected import FOLDER

FILE = FOLDER / "scheduled.py"
BERLIN, UTC = "2026-03-29T06:30:00+02:00", "2026-03-29T04:30:00+00:00"
TIMES = {"first": UTC, "times": [UTC, UTC], "last": UTC, "is_scheduled": True}


def found(store: Path, run: str) -> dict[str, object]:
    """What the last step of a run found of the time."""
    artifacts = find(open_store(str(store)), "ScheduledFlow", run).artifacts("end")
    return {name: artifacts[name] for name in TIMES}


@pytest.mark.parametrize("target", ["argo", "sfn", "airflow"])
def test_a_dry_run_for_a_time_is_a_run_that_the_schedule_started(target: str, tmp_path: Path) -> None:
    command = ["dry-run", str(FILE), "--target", target, "--store", str(tmp_path), "--run-id", "one", "--scheduled-time", BERLIN]
    assert execute(command) == 0
    assert found(tmp_path, "one") == TIMES
