"""`@limits`: what it says, and what it cannot say."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowport import FlowSpec, limits, step
from flowport.compiler.ir import RunLimits
from sources import codes, read, write

FLOW = """
from flowport import FlowSpec, limits, step


{mark}
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
BASE = """
from flowport import FlowSpec, limits, step


@limits(run_timeout=60, max_active_runs=1)
class Base(FlowSpec):
    @step
    def end(self):
        pass


{mark}
class F(Base):
    @step
    def start(self):
        self.next(self.end)
"""


def limits_of(folder: Path, mark: str, text: str = FLOW) -> tuple[RunLimits, list[str]]:
    flow, found = read(write(folder, {"flow.py": text.format(mark=mark)}), "F")
    return flow.limits, codes(found)


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("", RunLimits()),
        ("@limits(run_timeout=7200)", RunLimits(7200)),
        ("@limits(run_timeout=2 * 60 * 60, max_active_runs=1)", RunLimits(7200, 1)),
        ("@limits(startup_timeout=900)", RunLimits(None, None, 900)),
        ("@limits(run_timeout=None, max_active_runs=2)", RunLimits(None, 2)),
    ],
)
def test_a_flow_limits_its_runs(tmp_path: Path, mark: str, expected: RunLimits) -> None:
    assert limits_of(tmp_path, mark) == (expected, [])


@pytest.mark.parametrize(
    "mark",
    ["@limits", "@limits()", "@limits(run_timeout=0)", "@limits(run_timeout='2h')", "@limits(max_active_runs=1.5)", "@limits(runs=1)"],
)
def test_a_limit_that_is_none_is_said(tmp_path: Path, mark: str) -> None:
    assert set(limits_of(tmp_path, mark)[1]) <= {"FP131", "FP133"}
    assert limits_of(tmp_path, mark)[1]


def test_the_limits_of_a_class_stand_in_the_place_of_those_that_it_inherits(tmp_path: Path) -> None:
    assert limits_of(tmp_path, "", BASE) == (RunLimits(60, 1), [])
    assert limits_of(tmp_path, "@limits(run_timeout=5)", BASE) == (RunLimits(5), [])


def test_a_schedule_beside_it_starts_runs(tmp_path: Path) -> None:
    text = FLOW.replace("import FlowSpec, limits", "import FlowSpec, limits, schedule")
    flow, found = read(write(tmp_path, {"flow.py": text.format(mark="@schedule(daily=True)\n@limits(run_timeout=5)")}))
    assert ([trigger.cron for trigger in flow.triggers], flow.limits, codes(found)) == (["0 0 * * *"], RunLimits(5), [])


def test_a_flow_with_limits_is_a_class_like_any_other() -> None:
    @limits(run_timeout=5)
    class Limited(FlowSpec):
        @step
        def start(self) -> None: ...

    assert issubclass(Limited, FlowSpec)
