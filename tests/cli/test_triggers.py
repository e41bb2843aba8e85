"""`--trigger-from` and `--event`: a run on this machine as a trigger starts it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flowport.cli import execute
from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store

FEATURES = """
from flowport import FlowSpec, step

class FeaturesFlow(FlowSpec):
    @step
    def start(self):
        self.features = [1, 2, 3]
        self.next(self.end)

    @step
    def end(self):
        pass
"""

TRAIN = """
from flowport import FlowSpec, current, step, trigger_on_finish

@trigger_on_finish(flow="FeaturesFlow")
class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.model = sum(current.trigger.run.data.features) if current.trigger else 0
        self.came = current.trigger and current.trigger.event.id
        self.next(self.end)

    @step
    def end(self):
        assert self.model, "nothing to train with"
        self.again = current.trigger["FeaturesFlow"].pathspec
"""

SCORE = """
from flowport import FlowSpec, Parameter, current, step, trigger

@trigger(event={"name": "labels", "parameters": {"day": "date", "count": "n"}})
class ScoreFlow(FlowSpec):
    day = Parameter("day", default="never")
    count = Parameter("count", default=0)

    @step
    def start(self):
        self.found = [self.day, self.count, current.trigger and current.trigger.event.name]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in {"features.py": FEATURES, "train.py": TRAIN, "score.py": SCORE}.items():
        (tmp_path / name).write_text(text)


def run(file: str, run_id: str, *words: str, command: str = "run") -> int:
    return execute([command, file, *words, "--run-id", run_id, "--quiet"])


def artifacts(flow: str, run: str) -> dict[str, Any]:
    return find(open_store(".flowport"), flow, run).artifacts("end")


def test_a_run_reads_the_artifacts_of_the_run_that_started_it() -> None:
    assert run("features.py", "f-1") == 0
    assert run("train.py", "t-1", "--trigger-from", "FeaturesFlow/f-1") == 0
    found = artifacts("TrainFlow", "t-1")
    assert (found["model"], found["came"], found["again"]) == (6, "FeaturesFlow/f-1", "FeaturesFlow/f-1")


def test_the_latest_run_that_is_done_is_the_default() -> None:
    assert run("features.py", "f-1") == 0
    assert run("train.py", "failed") == 1
    assert run("train.py", "t-1", "--trigger-from", "FeaturesFlow") == 0
    assert artifacts("TrainFlow", "t-1")["came"] == "FeaturesFlow/f-1"


def test_a_resumed_run_has_the_trigger_of_its_origin() -> None:
    assert run("features.py", "f-1") == 0
    assert run("train.py", "t-1", "--trigger-from", "FeaturesFlow/f-1") == 0
    assert run("train.py", "t-2", "t-1", "--from", "end", command="resume") == 0
    assert artifacts("TrainFlow", "t-2")["again"] == "FeaturesFlow/f-1"


def test_an_event_sets_parameters() -> None:
    assert run("score.py", "s-1", "--event", 'labels={"date": "2026-11-29", "n": "7", "more": [1]}') == 0
    assert artifacts("ScoreFlow", "s-1")["found"] == ["2026-11-29", 7, "labels"]
    assert run("score.py", "s-2", "--count", "3", "--event", "labels") == 0
    assert artifacts("ScoreFlow", "s-2")["found"] == ["never", 3, "labels"]
    assert run("score.py", "s-3") == 0
    assert artifacts("ScoreFlow", "s-3")["found"] == ["never", 0, None]


def test_an_event_takes_precedence_over_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAFLOW_RUN_DAY", "yesterday")
    assert run("score.py", "s-1", "--event", 'labels={"date": "today"}') == 0
    assert artifacts("ScoreFlow", "s-1")["found"] == ["today", 0, "labels"]


def test_what_an_event_sets_is_checked(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("score.py", "s-1", "--event", 'labels={"n": "many"}') == 2
    assert "parameter `count` is 'many', which is not a whole number" in capfd.readouterr().err
    assert not Path(".flowport/flows").exists()


@pytest.mark.parametrize(
    ("sent", "end"),
    [
        ("labels", ", and it has no `date`\n"),
        ('labels={"dat": "a"}', ", and it has no `date` but `dat`\n"),
        ('labels={"date": null, "n": 7}', ", which is null there\n"),
    ],
)
def test_a_field_that_an_event_lacks_is_named(sent: str, end: str, capfd: pytest.CaptureFixture[str]) -> None:
    Path("must.py").write_text(SCORE.replace('"day", default="never"', '"day", required=True'))
    assert run("must.py", "s-1", "--event", sent) == 2
    said = "`day` is missing: it has no default; the event `labels` sets it by its field `date`"
    assert said + end in capfd.readouterr().err


@pytest.mark.parametrize(
    ("file", "words", "said"),
    [
        ("score.py", ["--event", "labels", "--event", 'labels={"date": "a"}'], "`labels` is given 2 times"),
        (
            "score.py",
            ["--event", 'labels={"date": "a"}', "--day", "b"],
            "parameter `day` is given twice; the event `labels` sets it by its field `date`",
        ),
        ("train.py", ["--trigger-from", "FeaturesFlow", "--trigger-from", "FeaturesFlow/f-1"], "`FeaturesFlow` is given 2 times"),
        ("score.py", ["--event", '={"date": "a"}'], '`={"date": "a"}` has no name: an event is NAME, or NAME=JSON'),
        ("score.py", ["--event", '{"date": "a"}'], '`{"date": "a"}` has no name: an event is NAME, or NAME=JSON'),
        ("score.py", ["--trigger-from", "FeaturesFlow"], "  it is started by `--event labels`"),
        ("train.py", ["--trigger-from", ""], "`` is no run: that is FLOW/RUN"),
        ("train.py", ["--trigger-from", "FeaturesFlow/f-1/start"], "`FeaturesFlow/f-1/start` is no run: that is FLOW/RUN"),
    ],
)
def test_what_starts_no_run_says_why(file: str, words: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("features.py", "f-1") == 0
    assert run(file, "r-1", *words) == 2
    assert said in capfd.readouterr().err


def test_a_run_that_is_not_done_starts_none(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("features.py", "f-1") == 0
    Path("features.py").write_text(FEATURES.replace("pass", "raise ValueError"))
    assert run("features.py", "f-2") == 1
    assert run("train.py", "t-1", "--trigger-from", "FeaturesFlow/latest") == 2
    assert "without a run, `FeaturesFlow` stands for the latest that is" in capfd.readouterr().err


def test_a_run_waits_for_all_that_it_is_triggered_by(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("features.py", "f-1") == 0
    Path("both.py").write_text(TRAIN.replace('flow="FeaturesFlow"', 'flows=["FeaturesFlow", "LabelsFlow"]'))
    assert run("both.py", "b-1", "--trigger-from", "FeaturesFlow") == 2
    assert "a run of TrainFlow waits for `LabelsFlow` too\n  add --trigger-from LabelsFlow" in capfd.readouterr().err


def test_a_flow_of_a_project_is_started_by_runs_of_its_branch(capfd: pytest.CaptureFixture[str]) -> None:
    marked = "from flowport import project\n\n@project(name='demo')\n"
    Path("features.py").write_text(FEATURES.replace("class", f"{marked}class"))
    Path("train.py").write_text(TRAIN.replace("@trigger", f"{marked}@trigger"))
    assert run("features.py", "f-prod", "--production") == 0
    assert run("train.py", "t-1", "--trigger-from", "FeaturesFlow", "--branch", "x") == 2
    assert "no run of demo.test.x.FeaturesFlow in " in capfd.readouterr().err
    assert run("train.py", "t-1", "--trigger-from", "FeaturesFlow/f-prod", "--branch", "x") == 2
    assert run("train.py", "t-1", "--trigger-from", "demo.prod.FeaturesFlow", "--production") == 0
    assert artifacts("TrainFlow", "t-1")["came"] == "FeaturesFlow/f-prod"


def test_what_started_a_run_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("features.py", "f-1") == 0
    assert run("train.py", "t-1", "--trigger-from", "FeaturesFlow/f-1") == 0
    assert run("score.py", "s-1", "--event", "labels") == 0
    assert execute(["status", "TrainFlow/t-1"]) == execute(["status", "ScoreFlow/s-1"]) == 0
    said = capfd.readouterr().out
    assert "\ntriggered by FeaturesFlow/f-1\n" in said
    assert "\ntriggered by the event labels\n" in said


def test_a_run_that_nothing_triggers_says_how_it_would_be_triggered(capfd: pytest.CaptureFixture[str]) -> None:
    assert execute(["run", "train.py"]) == 1
    assert "`--trigger-from FeaturesFlow` starts it as a trigger does" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--trigger-from", "FeatureFlow"), "TrainFlow is not started by runs of `FeatureFlow`\n  did you mean `FeaturesFlow`?"),
        (("--trigger-from", "FeaturesFlow/no"), "there is no run `no` of FeaturesFlow"),
        (("--trigger-from", "FeaturesFlow/f-1/start"), "is no run: that is FLOW/RUN"),
        (("--trigger-from", "FeaturesFlow/cut"), "run `cut` of FeaturesFlow is not done, so it starts no other run"),
        (("--event", "features"), "TrainFlow is not started by the event `features`\n  it is started by `--trigger-from FeaturesFlow`"),
        (("--trigger-from", "FeaturesFlow/f-1", "--origin-run", "t-0"), "the run has the triggers of run `t-0`"),
    ],
)
def test_what_starts_nothing_is_refused(words: tuple[str, ...], message: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("features.py", "f-1") == 0
    assert run("train.py", "t-0", "--trigger-from", "FeaturesFlow/f-1") == 0
    Path("broken.py").write_text(FEATURES.replace("        pass", "        raise ValueError"))
    assert run("broken.py", "cut") == 1
    assert run("train.py", "t-1", *words) == 2
    assert message in capfd.readouterr().err


def test_the_payload_of_an_event_is_an_object(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("score.py", "s-1", "--event", "labels=[1]") == 2
    assert "what the event `labels` carries is a JSON object" in capfd.readouterr().err
