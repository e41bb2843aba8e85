"""Machines and expectations that must fail: an engine or a test that lets one of them pass could not be believed about anything else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engines.corpus_runs import Engines, Here, Runs, agree
from flows.expected import RUNS, Expected

CHILD = """
from flowport import FlowSpec, step


class Child(FlowSpec):
    @step
    def start(self):
        self.numbers = [0, 1, 2]
        self.next(self.divide, foreach="numbers")

    @step
    def divide(self):
        self.quotient = 1 / (self.input - 1)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
WELL = CHILD.replace("self.input - 1", "self.input + 1").replace("Child", "Well")


def case(file: str) -> Expected:
    return next(expected for expected in RUNS if expected.file == file)


@pytest.fixture
def child(tmp_path: Path) -> Path:
    (tmp_path / "child.py").write_text(CHILD)
    return tmp_path / "child.py"


@pytest.fixture
def well(tmp_path: Path) -> Path:
    (tmp_path / "well.py").write_text(WELL)
    return tmp_path / "well.py"


@pytest.mark.parametrize("engine", ["a", "b"])
def test_a_child_of_a_map_that_fails_fails_the_run(engines: Engines, engine: str, child: Path, tmp_path: Path) -> None:
    outcome = engines[engine].run(child, {}, tmp_path / "store")
    assert outcome.ended.status == "FAILED"
    assert outcome.ended.error == "States.ExceedToleratedFailureThreshold"
    assert sorted(code for job, code in outcome.jobs if job.step == "divide") == [0, 0, 1]
    assert "ZeroDivisionError" in outcome.output


@pytest.mark.parametrize("engine", ["a", "b"])
def test_children_that_the_engine_does_not_run_are_missed_by_the_join(engines: Engines, engine: str, well: Path, tmp_path: Path) -> None:
    def spoil(machine: dict[str, Any]) -> None:
        machine["States"]["start foreach"]["ItemProcessor"]["States"]["divide"] = {"Type": "Pass", "End": True}

    outcome = engines[engine].run(well, {}, tmp_path / "store", spoil=spoil)
    assert outcome.ended.status == "FAILED"
    assert {job.step for job, code in outcome.jobs if code} == {"join"}
    assert outcome.lost


@pytest.mark.parametrize("engine", ["a", "b"])
def test_one_slice_run_three_times_is_not_three_slices(engines: Engines, engine: str, well: Path, tmp_path: Path) -> None:
    def spoil(machine: dict[str, Any]) -> None:
        machine["States"]["start foreach"]["ItemSelector"]["slice.$"] = "States.Format('{}.0', $.slice)"

    outcome = engines[engine].run(well, {}, tmp_path / "store", spoil=spoil)
    assert outcome.ended.status == "FAILED"
    assert {job.step for job, code in outcome.jobs if code} == {"join"}


@pytest.mark.parametrize("engine", ["a", "b"])
def test_a_machine_that_succeeds_without_its_last_step_has_lost_it(engines: Engines, engine: str, well: Path, tmp_path: Path) -> None:
    def spoil(machine: dict[str, Any]) -> None:
        machine["States"]["end"] = {"Type": "Pass", "End": True}

    outcome = engines[engine].run(well, {}, tmp_path / "store", spoil=spoil)
    assert outcome.ended.status == "SUCCEEDED"
    assert outcome.lost == ["step end has no manifest"]


def test_a_wrong_artifact_is_noticed(runs: Runs, here: Here) -> None:
    linear = case("linear.py")
    outcome, local = runs.begin(linear, "a").result(), here(linear).result()
    agree(linear, outcome, local)
    with pytest.raises(AssertionError):
        agree(replace(linear, end={**linear.end, "total": "7 kg of APPLES"}), outcome, local)


def test_a_wrong_count_is_noticed(runs: Runs, here: Here) -> None:
    nested = case("foreach_in_foreach.py")
    outcome, local = runs.begin(nested, "b").result(), here(nested).result()
    agree(nested, outcome, local)
    first = next(iter(nested.items))
    with pytest.raises(AssertionError):
        agree(replace(nested, items={**nested.items, first: nested.items[first] + 1}), outcome, local)
