"""`--scheduled-time`: a run on this machine as a schedule starts it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flowport.cli import execute
from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store

FLOW = """
from flowport import FlowSpec, current, schedule, step


@schedule(daily=True)
class Night(FlowSpec):
    @step
    def start(self):
        self.when = str(current.scheduled_time)
        self.next(self.end)

    @step
    def end(self):
        self.again = str(current.scheduled_time)
"""
PARAMETER = """
from flowport import FlowSpec, Parameter, step


class Own(FlowSpec):
    scheduled_time = Parameter("scheduled-time", default="none")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        self.found = self.scheduled_time
"""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flow.py").write_text(FLOW)
    return tmp_path / "store"


def artifacts(store: Path, run: str) -> dict[str, Any]:
    return find(open_store(str(store)), "Night", run).artifacts("end")


def run(store: Path, run_id: str, *words: str, command: str = "run") -> int:
    return execute([command, *words, "--store", str(store), "--run-id", run_id, "--quiet"])


def test_a_resumed_run_has_the_time_of_its_origin(store: Path) -> None:
    assert run(store, "one", "flow.py", "--scheduled-time", "2026-03-29T02:30:00+01:00") == 0
    assert run(store, "two", "flow.py", "one", "--from", "end", command="resume") == 0
    assert {artifacts(store, "two")[name] for name in ("when", "again")} == {"2026-03-29 01:30:00+00:00"}


def test_without_a_time_there_is_none(store: Path) -> None:
    assert run(store, "one", "flow.py") == 0
    assert artifacts(store, "one")["again"] == "None"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--scheduled-time", "tomorrow"), "`tomorrow` is no time with its offset from UTC"),
        (("--scheduled-time", "2026-03-29"), "`2026-03-29` is no time with its offset from UTC"),
        (("--scheduled-time", ""), "`` is no time with its offset from UTC"),
        (("--scheduled-time", "0001-01-01T00:00:00+10:00"), "is no time with its offset from UTC"),
        (("--scheduled-time", "2026-03-29T00:00:00Z", "--origin-run", "zero"), "the run has the scheduled time of run `zero`"),
    ],
)
def test_what_is_no_time_is_refused(store: Path, words: tuple[str, ...], says: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(store, "one", "flow.py", *words) == 2
    assert says in capfd.readouterr().err


def test_a_parameter_of_this_name_comes_first_in_a_flow_without_a_schedule(store: Path) -> None:
    Path("own.py").write_text(PARAMETER)
    assert run(store, "one", "own.py", "--scheduled-time", "now") == 0
    assert find(open_store(str(store)), "Own", "one").artifacts("end")["found"] == "now"
