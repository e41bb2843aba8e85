"""Metrics that steps log: what is stored of them after retries, failures, in foreaches and in resumed runs, and what the client reads."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from client.reading import read
from flowport.client import Run, Task, default_metadata, namespace
from flowport.runtime.names.current import current
from flowport.runtime.store.keys import Keys
from solo import Broken, Solo

TRAIN = """
import os

class Train(FlowSpec):
    rate = Parameter("rate", default=0.5)

    @step
    def start(self):
        self.numbers = list(range(6))
        current.log_metric("accuracy", 0.1)
        self.next(self.fit, foreach="numbers")

    @retry(times=1)
    @step
    def fit(self):
        for epoch in range(3):
            current.log_metrics({"loss": self.rate / (epoch + 1), "item": self.input}, step=10 * epoch)
        if self.input == 4 and current.retry_count == 0:
            raise ValueError("once")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        current.log_metric("accuracy", 0.5)
        current.log_metric("accuracy", 0.75)
"""

ONE = """
import numpy

class One(FlowSpec):
    {decorator}
    @step
    def start(self):
        {line}
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture(autouse=True)
def everybody() -> Iterator[None]:
    """The client sees all runs, and forgets the store after the test."""
    namespace(None)
    yield
    default_metadata()


def train(folder: Path) -> Solo:
    """`Train`, whose foreach has slices of two items."""
    solo = Solo(folder, TRAIN)
    solo.width = 3
    return solo


def one(folder: Path, line: str, decorator: str = "") -> Solo:
    """A flow whose first step logs something."""
    return Solo(folder, ONE.replace("{decorator}", decorator).replace("{line}", line.replace("\n", "\n        ")))


def test_a_metric_is_a_series_of_steps_and_values(tmp_path: Path) -> None:
    solo = train(tmp_path)
    solo.run()
    read(solo)
    found = Task("Train/1/fit/r.5").metrics
    assert list(found) == ["item", "loss"]
    assert found["loss"].series == [(0, 0.5), (10, 0.25), (20, 0.5 / 3)]
    assert (found["item"].value, found["item"].step) == (5, 20)
    assert Task("Train/1/end/r").metrics["accuracy"].series == [(0, 0.5), (1, 0.75)]
    assert dict(Task("Train/1/join/r").metrics) == {}


def test_an_item_that_was_tried_again_has_the_metrics_of_its_last_attempt(tmp_path: Path) -> None:
    solo = train(tmp_path)
    solo.run()
    read(solo)
    assert len(Task("Train/1/fit/r.4").metrics["loss"].series) == 3


def test_a_run_has_the_metrics_of_the_task_that_ended_last(tmp_path: Path) -> None:
    solo = train(tmp_path)
    solo.run()
    read(solo)
    found = Run("Train/1").metrics
    assert {name: (metric.value, metric.step) for name, metric in found.items()} == {
        "accuracy": (0.75, 1),
        "item": (5, 20),
        "loss": (0.5 / 3, 20),
    }
    assert found["loss"].series == [(0, 0.5), (10, 0.25), (20, 0.5 / 3)]
    with pytest.raises(KeyError, match="no metric `f1`; those that were logged: `accuracy`, `item`, `loss`"):
        found["f1"]


def test_a_foreach_stores_one_more_object_for_each_task(tmp_path: Path) -> None:
    silent = "def log(*values, step=0): pass\n" + re.sub(r"current\.log_metrics?", "log", TRAIN)
    with_metrics, without = train(tmp_path / "a"), Solo(tmp_path / "b", silent)
    without.width = 3
    for solo in (with_metrics, without):
        solo.run()
    tasks = 1 + 3 + 1
    assert len(list(with_metrics.store.entries(""))) == len(list(without.store.entries(""))) + tasks


def test_a_resumed_run_has_the_metrics_of_what_it_reuses(tmp_path: Path) -> None:
    solo = Solo(tmp_path, TRAIN.replace('log_metric("accuracy", 0.5)', 'log_metric("accuracy", int(os.environ["GOES_ON"]))'))
    with pytest.raises(Broken):
        solo.run("1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOES_ON", "1")
        solo.run("2", origin_run="1")
    read(solo)
    assert list(Run("Train/1").metrics) == ["accuracy", "item", "loss"]
    assert Task("Train/2/fit/r.3").origin_pathspec == "Train/1/fit/r.3"
    assert Task("Train/2/fit/r.3").metrics["item"].series == [(0, 3), (10, 3), (20, 3)]
    assert Run("Train/2").metrics["loss"].value == 0.5 / 3


def test_the_metrics_of_a_failed_item_are_kept(tmp_path: Path) -> None:
    solo = one(tmp_path, "for number in range(1500): current.log_metric('n', number)\nraise ValueError('no')")
    with pytest.raises(Broken):
        solo.run()
    read(solo)
    found = Task("One/1/start/r").metrics["n"].series
    assert (len(found), found[-1]) == (1000, (1499, 1499))
    assert dict(Run("One/1").metrics) == {}


@pytest.mark.parametrize(
    ("decorator", "line"),
    [("@catch(var='error')", "raise ValueError"), ("@timeout(seconds=1)\n    @catch(var='error')", "import time; time.sleep(60)")],
)
def test_an_item_that_is_caught_has_its_metrics(tmp_path: Path, decorator: str, line: str) -> None:
    solo = one(tmp_path, f"current.log_metric('n', 7)\n{line}", decorator)
    assert solo.perform_apart("start") == 0
    read(solo)
    assert Task("One/1/start/r").metrics["n"].series == [(0, 7)]
    assert Run("One/1").metrics["n"].value == 7


def test_a_task_that_was_killed_after_its_commit_leaves_its_metrics_when_it_is_tried_again(tmp_path: Path) -> None:
    solo = one(tmp_path, "current.log_metric('n', 7)")
    solo.run()
    (entry,) = solo.store.entries(Keys("One", "1").metrics())
    solo.path(entry.key).unlink()
    assert solo.perform("start") == 0
    assert [found.key for found in solo.store.entries(Keys("One", "1").metrics())] == [entry.key]


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("True", 1),
        ("numpy.float32(0.5)", 0.5),
        ("numpy.int64(3)", 3),
        ("numpy.bool_(True)", 1.0),
        ("float('inf')", math.inf),
        ("2**70 + 1", 2**70 + 1),
    ],
    ids=str,
)
def test_what_has_a_number_is_a_metric(tmp_path: Path, value: str, stored: float) -> None:
    solo = one(tmp_path, f"current.log_metric('n', {value})")
    solo.run()
    read(solo)
    found = Run("One/1").metrics["n"].value
    assert (found, type(found)) == (stored, type(stored))


def test_a_metric_may_be_no_number(tmp_path: Path) -> None:
    solo = one(tmp_path, "current.log_metric('n', float('nan'))")
    solo.run()
    read(solo)
    assert math.isnan(Run("One/1").metrics["n"].value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("log_metric(3, 1)", "the name of a metric is text, such as `current.log_metric('accuracy', 0.97)`, and not of type `int`"),
        ("log_metric(' ', 1)", "the name of a metric is text, such as `current.log_metric('accuracy', 0.97)`, and not `' '`"),
        ("log_metric('a', '0.5')", "the value of the metric `a` is a number, and not `'0.5'`"),
        ("log_metric('a', None)", "the value of the metric `a` is a number, and not of type `NoneType`"),
        ("log_metric('a', [1])", "the value of the metric `a` is a number, and not of type `list`"),
        (
            "log_metric('a', 1, step=0.5)",
            "the step of the metric `a` is a whole number, such as in `current.log_metric('a', value, step=10)`",
        ),
        ("log_metric('a', 10**400)", "the value of the metric `a` is too large: whole numbers are less than 2**1000"),
        ("log_metric('a', 1, step=2**63)", "the step of the metric `a` is a whole number of 64 bits: from -2**63 to 2**63 - 1"),
        (r"log_metric('\ud800', 1)", r"the name of a metric has only characters that can be printed, and '\ud800' has others"),
        (r"log_metric('a\x1b[31m', 1)", r"the name of a metric has only characters that can be printed, and 'a\x1b[31m' has others"),
        ("log_metrics('a', 1)", "`current.log_metrics` takes a dictionary, and not `'a'`: {'accuracy': 0.97}"),
    ],
)
def test_what_is_no_metric_fails_the_step_and_says_what_to_write(tmp_path: Path, line: str, message: str) -> None:
    solo = one(tmp_path, f"current.{line}")
    with pytest.raises(Broken):
        solo.run()
    read(solo)
    error = Task("One/1/start/r").exception
    assert error is not None
    assert message in str(error)


def test_outside_of_a_step_there_is_nothing_to_log_to() -> None:
    current._begin({})
    with pytest.raises(RuntimeError, match="call it in a step"):
        current.log_metric("a", 1)
