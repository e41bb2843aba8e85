"""`current.trigger` in runs that other flows and events start, in dry runs on every engine; and flows whose runs may not begin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowport.cli import execute
from flowport.runtime.run.form import put_input
from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store
from flowport.targets import run_input
from operations.chain import FLOWS

TARGETS = ("argo", "sfn", "airflow")
COOLED = "from flowport import limits\n\n\n@limits(cooldown=3600)\n@trigger_on_finish"
NASTY = 'a "quoted" {{=2+2}} {{ 1 + 1 }} $(HOME) \\ ß'


def artifacts(store: Path, flow: str, run: str) -> dict[str, Any]:
    return find(open_store(str(store)), flow, run).artifacts("end")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flowport.toml").write_text('[argo]\nnamespace = "flows"\n')
    for kind, text in FLOWS.items():
        (tmp_path / f"{kind}.py").write_text(text.format(n=""))
    return tmp_path / "store"


def started(store: Path, kind: str, run: str, *words: str, target: str = "") -> int:
    where = ["dry-run", f"{kind}.py", "--target", target] if target else ["run", f"{kind}.py"]
    return execute([*where, "--store", str(store), "--run-id", run, *words])


@pytest.mark.parametrize("target", TARGETS)
def test_a_run_reads_the_run_that_started_it(target: str, store: Path) -> None:
    assert started(store, "Features", "f-1") == 0
    assert started(store, "Train", "t-1", "--trigger-from", "Features/f-1") == 0
    # Score has a task before its first step, which decides whether the run begins.
    Path("Score.py").write_text(FLOWS["Score"].format(n="").replace("@trigger_on_finish", COOLED))
    assert started(store, "Score", "s-1", "--trigger-from", "Train", target=target) == 0
    assert artifacts(store, "Score", "s-1") == {"came": "Train/t-1", "score": 6, "features": 3}


@pytest.mark.parametrize("target", TARGETS[:2])
def test_an_event_carries_any_text(target: str, store: Path) -> None:
    """On Airflow this is part of the test with its scheduler."""
    event = f"labels={json.dumps({'date': NASTY, 'n': 7})}"
    assert started(store, "Labels", "l-1", "--event", event, target=target) == 0
    assert artifacts(store, "Labels", "l-1")["found"] == [NASTY, 7, "labels"]


WHOLE = """
from flowport import FlowSpec, current, limits, step, trigger_on_finish


@limits(cooldown=3600)
@trigger_on_finish(flow="Features")
class Whole(FlowSpec):
    @step
    def start(self):
        self.xs = [1, 2]
        self.next(self.each, foreach="xs")

    @step
    def each(self):
        self.way = "odd" if self.input % 2 else "even"
        self.next({"odd": self.odd, "even": self.even}, condition="way")

    @step
    def odd(self):
        self.next(self.both)

    @step
    def even(self):
        self.next(self.both)

    @step
    def both(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.turns = 0
        self.next(self.turn)

    @step
    def turn(self):
        self.turns += 1
        self.more = "yes" if self.turns < 2 else "no"
        self.next({"yes": self.turn, "no": self.left}, condition="more")

    @step
    def left(self):
        self.next(self.a, self.b)

    @step
    def a(self):
        self.next(self.last)

    @step
    def b(self):
        self.next(self.last)

    @step
    def last(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("target", ["argo", "airflow"])
def test_nothing_of_a_run_that_does_not_begin_runs(
    target: str, store: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A canary: a dry run calls a run lost whose last step did not run, whatever its engine says.

    On Step Functions each dry run has an account of its own, so the cool-down is tested on ministack.
    """
    monkeypatch.setattr(run_input, "put_input", lambda store, given: put_input(store, {**given, "forced": False}))
    Path("Whole.py").write_text(WHOLE)
    for run in ("f-1", "f-2"):
        assert started(store, "Features", run) == 0
    assert started(store, "Whole", "one", "--trigger-from", "Features/f-1", target=target) == 0
    capfd.readouterr()
    assert started(store, "Whole", "two", "--trigger-from", "Features/f-2", target=target) == 1
    said = capfd.readouterr().err
    assert "the engine says that the run succeeded, but step end has no manifest" in said
    assert [line for line in said.splitlines() if line.endswith(" done")] == ["begin-run done"]
    assert not open_store(str(store)).exists("flows/Whole/runs/two/run.json")
