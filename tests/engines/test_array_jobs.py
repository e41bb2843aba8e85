"""Foreaches of one step as array jobs of AWS Batch: the same artifacts as from distributed maps, in fewer states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engines.corpus_runs import Engines
from engines.engine import Outcome
from engines.figures import agree_with_execution, figures_of
from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store
from flowport.targets.stepfunctions import target

FLOW = """
import os

from flowport import FlowSpec, retry, step


class Arrays(FlowSpec):
    @step
    def start(self):
        self.rows = [[1, 2, 3, 4, 5], [6], [], [7, 8]]
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        self.cells = self.input
        self.next(self.cell, foreach="cells")

    @retry(times=2, minutes_between_retries=0)
    @step
    def cell(self):
        if self.input in {codes}:
            os._exit({codes}[self.input])
        self.square = self.input**2
        self.next(self.total)

    @step
    def total(self, inputs):
        self.squares = [each.square for each in inputs]
        self.next(self.all)

    @step
    def all(self, inputs):
        self.squares = [each.squares for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def run(engines: Engines, engine: str, folder: Path, codes: dict[int, int], **profile: Any) -> Outcome:
    """Run the flow; a cell of a number in `codes` ends with that exit code."""
    file = folder / "arrays.py"
    file.write_text(FLOW.format(codes=codes))
    return engines[engine].run(file, {}, folder / "store", array_jobs=True, **profile)


def tried(outcome: Outcome, slice: str) -> list[int]:
    """The exit codes of the attempts of a cell."""
    return [code for job, code in outcome.jobs if (job.step, job.slice) == ("cell", slice)]


@pytest.mark.parametrize("width", [1000, 2])
@pytest.mark.parametrize("engine", ["a", "b"])
def test_an_array_job_has_a_child_for_each_slice(engines: Engines, engine: str, tmp_path: Path, width: int) -> None:
    outcome = run(engines, engine, tmp_path, {}, width=width)
    assert outcome.succeeded, outcome.said
    assert outcome.lost == []
    squares = find(open_store(outcome.store), "Arrays", outcome.run).artifacts("end", "r")["squares"]
    assert squares == [[1, 4, 9, 16, 25], [36], [], [49, 64]]
    if engine == "a":
        agree_with_execution(figures_of(target, outcome, array_jobs=True, width=width), outcome.events, len(outcome.jobs))


@pytest.mark.parametrize("engine", ["a", "b"])
def test_each_child_is_tried_again_by_batch(engines: Engines, engine: str, tmp_path: Path) -> None:
    outcome = run(engines, engine, tmp_path, {2: 1, 4: 78, 6: 1})
    assert not outcome.succeeded
    assert tried(outcome, "s.0.1") == [1, 1, 1]
    assert tried(outcome, "s.0.3") == [78], "trying again would be useless"
    assert tried(outcome, "s.0.4") == [0], "the other children run to their end"
