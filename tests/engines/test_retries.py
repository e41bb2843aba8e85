"""A job that failed is tried again as often as its step asks for, and one that says that trying is useless is not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from engines.corpus_runs import Engines

FLOW = """
import os

from flowport import FlowSpec, retry, step


class Again(FlowSpec):
    @step
    def start(self):
        self.codes = {codes}
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


def codes(engines: Engines, engine: str, tmp_path: Path, wanted: Sequence[int]) -> tuple[str, list[int]]:
    """The error of the execution, and the exit codes of the attempts of `work`, whose items end with these codes."""
    file = tmp_path / "again.py"
    file.write_text(FLOW.format(codes=list(wanted)))
    outcome = engines[engine].run(file, {}, tmp_path / "store")
    return outcome.ended.error, sorted(code for job, code in outcome.jobs if job.step == "work")


@pytest.mark.parametrize("engine", ["a", "b"])
def test_a_job_that_fails_is_tried_as_often_as_its_step_says(engines: Engines, engine: str, tmp_path: Path) -> None:
    assert codes(engines, engine, tmp_path, [1]) == ("States.ExceedToleratedFailureThreshold", [1, 1, 1])


@pytest.mark.parametrize("engine", ["a", "b"])
def test_a_job_that_says_that_trying_is_useless_is_tried_once(engines: Engines, engine: str, tmp_path: Path) -> None:
    assert codes(engines, engine, tmp_path, [78]) == ("States.ExceedToleratedFailureThreshold", [78])


@pytest.mark.parametrize("engine", ["a", "b"])
def test_a_job_that_succeeds_is_not_tried_again(engines: Engines, engine: str, tmp_path: Path) -> None:
    assert codes(engines, engine, tmp_path, [0]) == ("", [0])
