"""A flow that is deployed to a real Airflow by `flowport deploy`, and controlled by the other commands through its REST API."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote

import pytest

from desk import Desk, Ended
from engines.airflow.runs import AirflowRuns
from flowport import DeployedFlow
from flowport.cli import execute

FLOW = '''
import time

from flowport import FlowSpec, JSONType, Parameter, step


class Operated(FlowSpec):
    """Waits, and adds up."""

    label = Parameter("label", required=True)
    seconds = Parameter("seconds", default=0)
    more = Parameter("more", default="[]", type=JSONType)

    @step
    def start(self):
        time.sleep(self.seconds)
        self.numbers = [1, 2, 3]
        self.next(self.each, foreach="numbers")

    @step
    def each(self):
        assert self.label != "broken" or self.input != 2
        self.doubled = self.input * 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(each.doubled for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass
'''
SETTINGS = """
[airflow]
compute = "local"
python = "{python}"
store = "{store}"
dags = "{dags}"
api = "{api}"
tags = ["ml"]
schedule = "{schedule}"
"""

Command = Callable[..., Ended]


@pytest.fixture
def desk(tmp_path: Path, airflow: AirflowRuns, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(tmp_path)
    desk.write("flow.py", FLOW)
    configure(desk, airflow, "active")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AIRFLOW_API_TOKEN", airflow.scheduler.ask("/auth/token")["access_token"])
    return desk


@pytest.fixture
def run(desk: Desk, airflow: AirflowRuns, capsys: pytest.CaptureFixture[str]) -> Command:
    def command(*words: str) -> Ended:
        status = execute([*words, "--target", "airflow"])
        said = capsys.readouterr()
        return Ended(status, *(text.replace(airflow.scheduler.url, "AIRFLOW") for text in (said.out, said.err)))

    return command


def configure(desk: Desk, airflow: AirflowRuns, schedule: str) -> None:
    where = {"store": desk.folder / "store", "dags": airflow.scheduler.dags, "api": airflow.scheduler.url}
    desk.write("flowport.toml", SETTINGS.format(python=sys.executable, schedule=schedule, **where))


def read(airflow: AirflowRuns, dag: str = "Operated") -> None:
    """Wait until Airflow has read the file as it is now."""
    file = airflow.scheduler.dags / f"{dag}.py"
    airflow.scheduler.known(dag)
    source = f"/api/v2/dagSources/{quote(dag)}"
    airflow.scheduler.until(lambda: airflow.scheduler.ask(source)["content"] == file.read_text(), f"Airflow to read {file}")


def test_a_flow_is_deployed_run_stopped_taken_back_and_removed(run: Command, airflow: AirflowRuns, desk: Desk) -> None:
    assert run("deploy", "flow.py").status == 0
    read(airflow)
    done = run("trigger", "flow.py", "--label", "größe {{ 1 }}", "--run-id", "one", "--tag", "nightly", "--wait")
    assert (done.status, done.out) == (0, "Operated/one\nAIRFLOW/dags/Operated/runs/one\n")
    status = json.loads(run("status", "Operated/one", "--json").out)
    assert (status["status"], status["engine"]["run"]["state"], status["tags"]) == ("done", "done", ["nightly"])
    assert status["engine"]["run"]["started"] < status["engine"]["run"]["ended"]
    shown = run("status", "Operated/one").out
    assert "airflow: success after " in shown
    assert "they disagree" not in shown
    assert run("trigger", "flow.py", "--label", "größe {{ 1 }}", "--run-id", "one", "--tag", "nightly").status == 0
    assert "has had a run `one` before" in run("trigger", "flow.py", "--label", "other", "--run-id", "one").err

    large = json.dumps({"b": "\udce9" + "x" * 5000, "a": None})
    assert run("trigger", "flow.py", "--label", "", "--more", large, "--run-id", "large", "--wait").status == 0
    assert "\\udce9xxx" in run("artifacts", "Operated/large/end", "--name", "more", "--json").out
    failed = run("trigger", "flow.py", "--label", "broken", "--run-id", "broken", "--wait")
    assert failed.status == 1
    assert "failed: each[1]\n" in failed.err
    assert run("trigger", "flow.py", "--label", "ok", "--origin-run", "broken", "--run-id", "mended", "--wait").status == 0

    run("trigger", "flow.py", "--label", "long", "--seconds", "3000", "--run-id", "long")
    airflow.scheduler.until(lambda: airflow.scheduler.states("Operated", "long").get("start[-1]") == "running", "start to run", "Operated")
    assert run("stop", "Operated/long").out.startswith("Operated/long: failed after ")
    stopped = run("status", "Operated/long").out
    assert ": stopped by flowport\n" in stopped
    assert airflow.scheduler.states("Operated", "long")["start[-1]"] in ("failed", "running")

    deployed = json.loads(run("list", "--json").out)
    assert {"name": "Operated", "flow": "Operated", "schedule": ""}.items() <= next(
        each for each in deployed if each["name"] == "Operated"
    ).items()
    file = airflow.scheduler.dags / "Operated.py"
    first = file.read_bytes()
    desk.write("flow.py", FLOW.replace("* 2", "* 3"))
    assert run("deploy", "flow.py").status == 0
    read(airflow)
    assert run("rollback", "flow.py").status == 0
    assert file.read_bytes() == first
    read(airflow)
    started = DeployedFlow.from_deployment("Operated", impl="airflow").trigger(label="again")
    started.wait_for_completion(check_interval=1)
    assert started.run is not None
    assert (started.status, started.run.data.total) == ("success", 12)

    run("trigger", "flow.py", "--label", "long", "--seconds", "3000", "--run-id", "last")
    removed = run("delete", "flow.py")
    assert removed.out.splitlines()[:2] == [f"{airflow.scheduler.dags}/Operated.py is deleted", "DAG Operated is deleted"], removed
    assert not file.exists()
    with pytest.raises(HTTPError, match="404"):
        airflow.scheduler.ask("/api/v2/dags/Operated")
    gone = run("trigger", "flow.py", "--label", "gone")
    assert gone.err.startswith("flowport trigger: Airflow has no DAG `Operated`, or has not read its file yet")
    assert run("delete", "flow.py").out == "nothing is deployed\n"
    assert "done" in run("runs", "Operated").out


def test_a_dag_that_is_paused_or_broken_is_not_started(run: Command, airflow: AirflowRuns, desk: Desk) -> None:
    desk.write("flow.py", FLOW.replace("Operated", "Unstarted"))
    configure(desk, airflow, "paused")
    assert run("deploy", "flow.py").status == 0
    read(airflow, "Unstarted")
    paused = run("trigger", "flow.py", "--label", "a")
    assert paused.err.startswith("flowport trigger: the DAG `Unstarted` is paused, so Airflow would queue the run")
    listed = {each["name"]: each["schedule"] for each in json.loads(run("list", "--json").out)}  # other tests have DAGs there, too
    assert listed["Unstarted"] == "paused"
    file = airflow.scheduler.dags / "Unstarted.py"
    file.write_text(file.read_text().replace("with DAG(", "with DAGS("))
    details = "/api/v2/dags/Unstarted/details"
    airflow.scheduler.until(lambda: airflow.scheduler.ask(details)["has_import_errors"], "Airflow to see the error")
    broken = run("trigger", "flow.py", "--label", "a")
    assert broken.err.startswith("flowport trigger: Airflow cannot import Unstarted.py: NameError: name 'DAGS' is not defined")
    assert run("delete", "flow.py").status == 0
