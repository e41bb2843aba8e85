"""Events of OpenLineage: what a receiver gets of runs that are done, fail, are tried again or are killed, and what tasks do without one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from queue import SimpleQueue

import pytest

import progress
from desk import Desk
from flowport.runtime.protocol import DONE, FAILED
from flowport.runtime.reports import reporter, sender
from flowport.runtime.reports.receivers import send_all
from flowport.runtime.reports.report import Report
from reports.receiver import Event, Receiver, receiver
from solo import Broken, Solo

__all__ = ["receiver"]

FLOW = """
class Shop(FlowSpec):
    n = Parameter("n", default=3)

    @step
    def start(self):
        self.prices = list(range(self.n))
        self.next(self.each, foreach="prices")

    @step
    def each(self):
        self.tax = self.input * 2
        self.next(self.add)

    @step
    def add(self, inputs):
        self.total = sum(one.tax for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.total)
"""

FAILING = """
class Failing(FlowSpec):
    @retry(times=1, minutes_between_retries=0)
    @step
    def start(self):
        LINE
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def types(events: list[Event]) -> list[str]:
    """What happened."""
    return [event["eventType"] for event in events]


def names(event: Event, side: str) -> list[str]:
    """The datasets of an event."""
    return [one["name"] for one in event[side]]


def test_a_run_and_its_tasks_are_reported_with_what_they_read_and_wrote(tmp_path: Path, receiver: Receiver) -> None:
    solo = Solo(tmp_path, FLOW)
    solo.run(tags=["nightly"])
    assert types(receiver.of("Shop")) == ["START", "COMPLETE"]
    assert types(receiver.of("Shop.each")) == ["START", "COMPLETE"] * 3
    start, each, add, end = (receiver.of(f"Shop.{step}")[-1] for step in ("start", "each", "add", "end"))
    assert (names(start, "inputs"), names(start, "outputs")) == ([], ["Shop/prices"])
    assert (names(each, "inputs"), names(each, "outputs")) == (["Shop/prices"], ["Shop/tax"])
    assert (names(add, "inputs"), names(add, "outputs")) == (["Shop/tax"], ["Shop/total"])
    assert (names(end, "inputs"), names(end, "outputs")) == (["Shop/total"], [])
    assert {one["namespace"] for event in receiver.events for side in ("inputs", "outputs") for one in event[side]} == {
        f"file://{solo.store.url}"
    }
    run = receiver.of("Shop")[0]["run"]
    assert {event["run"]["facets"]["parent"]["run"]["runId"] for event in receiver.events if "." in event["job"]["name"]} == {run["runId"]}
    assert [(one["key"], one["value"]) for one in run["facets"]["executionParameters"]["parameters"]] == [("n", "3")]
    assert {"key": "nightly", "value": "true", "source": "flowport"} in run["facets"]["tags"]["tags"]
    assert len({event["run"]["runId"] for event in receiver.of("Shop.each")}) == 3
    [total] = add["outputs"]
    assert total["outputFacets"]["outputStatistics"]["rowCount"] == 1
    assert total["outputFacets"]["outputStatistics"]["size"] > 0
    assert len(total["facets"]["version"]["datasetVersion"]) == 32
    assert {event["producer"].rpartition(":")[0] for event in receiver.events} == {"urn:flowport"}


def test_each_attempt_is_a_run_and_the_last_one_fails_the_flow(tmp_path: Path, receiver: Receiver) -> None:
    with pytest.raises(Broken):
        Solo(tmp_path, FAILING.replace("LINE", "raise ValueError('no price')")).run()
    assert types(receiver.of("Failing.start")) == ["START", "FAIL"] * 2
    assert len({event["run"]["runId"] for event in receiver.of("Failing.start")}) == 2
    assert types(receiver.of("Failing"))[-1] == "FAIL"
    assert types(receiver.of("Failing")).count("FAIL") == 1
    error = receiver.of("Failing.start")[-1]["run"]["facets"]["errorMessage"]
    assert (error["message"], error["programmingLanguage"]) == ("ValueError: no price", "PYTHON")
    assert "raise ValueError('no price')" in error["stackTrace"]


@pytest.mark.parametrize("forks", [False, True], ids=["alone", "with a child that lives on"])
def test_a_task_that_was_killed_is_reported_too(tmp_path: Path, receiver: Receiver, forks: bool) -> None:
    child = "os.fork() or (time.sleep(8), os._exit(0)); " if forks else ""
    solo = Solo(tmp_path, FAILING.replace("LINE", f"import os, time; {child}os.kill(os.getpid(), 9)"))
    assert solo.perform_apart("start") == -signal.SIGKILL
    progress.until(lambda: types(receiver.of("Failing.start")) == ["START", "FAIL"])
    assert receiver.of("Failing.start")[-1]["run"]["facets"]["errorMessage"]["message"] == "the task was killed"
    assert types(receiver.of("Failing")) == ["START"]  # another attempt follows


def test_the_last_attempt_that_is_killed_fails_the_flow(tmp_path: Path, receiver: Receiver) -> None:
    source = FAILING.replace("    @retry(times=1, minutes_between_retries=0)\n", "").replace("LINE", "import os; os.kill(os.getpid(), 9)")
    assert Solo(tmp_path, source).perform_apart("start") == -signal.SIGKILL
    progress.until(lambda: types(receiver.of("Failing")) == ["START", "FAIL"])


def test_a_process_that_the_step_leaves_behind_holds_nothing_up(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reporter, "PATIENCE", 600.0)
    solo = Solo(tmp_path, FAILING.replace("LINE", "import os, time; self.child = os.fork() or (time.sleep(600), os._exit(0))"))
    assert solo.perform_apart("start") == DONE
    os.kill(solo.artifacts("start")["child"], signal.SIGKILL)  # it was there all the time
    assert types(receiver.of("Failing.start")) == ["START", "COMPLETE"]
    assert "reports" not in capfd.readouterr().err


def test_a_spin_is_no_run_to_report(tmp_path: Path, receiver: Receiver) -> None:
    desk = Desk(tmp_path)
    desk.write("shop.py", f"from flowport import FlowSpec, Parameter, step\n{FLOW}")
    assert desk("run", "shop.py", "--run-id", "one", "-q").status == 0
    before = len(receiver.events)
    assert before > 0
    assert desk("spin", "shop.py", "add").status == 0
    assert len(receiver.events) == before


def test_modules_beside_the_flow_are_not_those_of_the_reports(tmp_path: Path, receiver: Receiver) -> None:
    desk = Desk(tmp_path)
    for name in ("flowport", "json", "openlineage", "mlflow", "threading"):
        desk.write(f"work/{name}.py", "raise SystemExit('the wrong module')")
    solo = Solo(tmp_path / "flow", FLOW)
    done = subprocess.run(
        solo.command("start"), cwd=tmp_path / "work", capture_output=True, text=True, env={**os.environ, "PYTHONSAFEPATH": "1"}
    )
    assert done.returncode == DONE, done
    assert types(receiver.of("Shop.start")) == ["START", "COMPLETE"]


def test_a_task_that_runs_for_long_says_so_and_then_how_it_ended(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "RUNNING", 0.2)
    monkeypatch.setattr(sender, "LOOK", 0.05)
    about = {"flow": "Long", "run": "1", "step": "wait", "slice": "s", "store": "/store", "started": 1.5, "run_started": 1.0, "tags": []}
    start = {"event": "start", "time": 2.0, "scheduled": None, "run_begins": False, "parameters": {}, **about}
    reading, writing = os.pipe()
    os.write(writing, json.dumps(start).encode() + b"\n")
    reports: SimpleQueue[Report | None] = SimpleQueue()
    for report in sender._reports(reading, os.getppid()):
        reports.put(report)
        if report["event"] == "running":
            done = {"event": "done", "time": 3.0, "inputs": [], "outputs": [], "run_is_over": False}
            os.write(writing, json.dumps(done).encode() + b"\n" + b'{"event": "over"}\n')
    os.close(reading)
    os.close(writing)
    reports.put(None)
    send_all(reports)
    events = receiver.of("Long.wait")
    assert types(events) == ["START", "RUNNING", "COMPLETE"]
    assert len({event["run"]["runId"] for event in events}) == 1


def test_a_manifest_that_is_there_already_is_reported(tmp_path: Path, receiver: Receiver) -> None:
    solo = Solo(tmp_path, FLOW)
    assert solo.perform("start") == DONE
    assert solo.perform("start") == DONE
    assert types(receiver.of("Shop.start")) == ["START", "COMPLETE"] * 2
    assert names(receiver.of("Shop.start")[-1], "outputs") == ["Shop/prices"]


def test_the_key_of_the_receiver_is_sent(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "secret")
    assert Solo(tmp_path, FLOW).perform("start") == DONE
    assert receiver.keys == {"Bearer secret"}


@pytest.mark.parametrize("wrong", ["gone", "refuses", "slow", "not installed"])
def test_a_task_does_without_its_receiver(
    tmp_path: Path, receiver: Receiver, wrong: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    said = "OpenLineage gets nothing more of this task: `start` was not sent: "
    if wrong == "gone":
        monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:1")
    elif wrong == "refuses":
        receiver.status = 403
    elif wrong == "slow":
        receiver.pause.clear()
        monkeypatch.setattr(reporter, "PATIENCE", 3.0)
        said = "they were not sent within 3 seconds"
    else:
        (tmp_path / "openlineage.py").write_text("")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        said = "OpenLineage gets nothing more of this task: No module named 'openlineage.client'"
    solo = Solo(tmp_path / "flow", FLOW)
    assert solo.perform("start") == DONE
    assert f"flowport: reports: {said}" in capfd.readouterr().err
    assert solo.perform("each", "s.7") != FAILED


def test_a_task_that_reports_nothing_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporter.Reporter, "__init__", lambda self, context: pytest.fail("it reports"))
    Solo(tmp_path, FLOW).run()


PROFILE = """
store = "s3://bucket/flows"
image = "image"

[stepfunctions]
job_queue = "arn:aws:batch:eu-central-1:123456789012:job-queue/flows"
region = "eu-central-1"
account = "123456789012"
"""


@pytest.mark.parametrize("target", ["airflow", "sfn", "argo"])
def test_a_profile_says_where_tasks_report(tmp_path: Path, target: str) -> None:
    desk = Desk(tmp_path)
    desk.write("shop.py", f"from flowport import FlowSpec, Parameter, step\n{FLOW}")
    desk.write("flowport.toml", 'openlineage_url = "http://marquez:5000"\nmlflow_tracking_uri = "http://mlflow:5000"\n' + PROFILE)
    compiled = desk("compile", "shop.py", "--target", target, "-o", "out")
    assert compiled.status == 0, compiled
    text = "".join(file.read_text(encoding="latin-1") for file in (tmp_path / "out").rglob("*") if file.is_file())
    for words in ("OPENLINEAGE_URL", "http://marquez:5000", "MLFLOW_TRACKING_URI", "http://mlflow:5000"):
        assert words in text
    desk.write("flowport.toml", 'openlineage_url = "http://me:secret@marquez:5000"\n' + PROFILE)
    refused = desk("compile", "shop.py", "--target", target, "-o", "out")
    assert refused.status == 1
    assert "the setting `openlineage_url` has a user and a password in it, which compiled files would show" in refused.err
