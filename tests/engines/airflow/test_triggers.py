"""Flows that start one another on a real Airflow, through assets: the scheduler makes the runs, and each reads the run that started it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from engines.airflow.dag_tests import DagTests
from engines.airflow.runs import AirflowRuns
from flowport.cli import execute
from flowport.runtime.records.hooks import HookOutcome, read_outcomes
from flowport.runtime.run.reader import find
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store
from operations.chain import FLOWS
from receiver import Receiver

SETTINGS = """
[airflow]
compute = "local"
python = "{python}"
store = "{store}"
dags = "{dags}"
"""
NUMBER = 7
"""What the names of the flows end with: the other tests of this Airflow have flows of the same kinds."""

COOLED = """
from flowport import exit_hook, limits


def publish(run):
    assert run.successful


def mourn(run):
    assert not run.successful


@exit_hook(on_success=[publish], on_error=[mourn])
@limits(cooldown=3600)
@trigger_on_finish""".lstrip()
PUBLISHED, MOURNED = HookOutcome("exit hook `publish`", ""), HookOutcome("exit hook `mourn`", "")
RECEIVERS = """
on_success = [{{ webhook = "{address}" }}]
on_failure = [{{ webhook = "{address}" }}]
"""
NASTY = 'a "quoted" {{ 1 + 1 }} $HOME \\ \u00df'
TIMED = """
from flowport import FlowSpec, current, schedule, step, trigger_on_finish


@schedule(cron="0 0 1 1 *")
@trigger_on_finish(flow="Features{n}")
class Timed{n}(FlowSpec):
    @step
    def start(self):
        self.came = current.trigger and [current.trigger.run.pathspec, current.trigger.run.data.features]
        self.next(self.end)

    @step
    def end(self):
        pass
"""
KINDS = {**FLOWS, "Timed": TIMED, "Features": FLOWS["Features"].replace("pass", 'assert self.size < 50, "too many"')}
"""Timed has a schedule too, so that there is a run at once, which nothing has triggered. Features fail in their last step."""


def configure(folder: Path, dags: Path, more: str = "") -> None:
    (folder / "flowport.toml").write_text(SETTINGS.format(python=sys.executable, store=folder / "store", dags=dags) + more)


class Chain:
    def __init__(self, airflow: AirflowRuns, folder: Path) -> None:
        self.airflow, self.folder, self.store = airflow, folder, folder / "store"
        self.configure()

    def configure(self, more: str = "") -> None:
        configure(self.folder, self.airflow.scheduler.dags, more)

    def deploy(self, kind: str, old: str = "", new: str = "") -> None:
        file = self.folder / f"{kind}.py"
        file.write_text(KINDS[kind].format(n=NUMBER).replace(old or "\0", new))
        assert execute(["deploy", str(file), "--target", "airflow"]) == 0
        self.airflow.scheduler.known(f"{kind}{NUMBER}")

    def runs(self, kind: str, number: int) -> list[str]:
        """Wait until so many runs of a flow have ended; their ids, the first one first. None of them failed."""
        ask = self.airflow.scheduler.ask
        address = f"/api/v2/dags/{kind}{NUMBER}/dagRuns?order_by=run_after"

        def over() -> list[dict[str, Any]]:
            found = [each for each in ask(address)["dag_runs"] if each["state"] in ("success", "failed")]
            return found if len(found) >= number else []

        ended = self.airflow.scheduler.until(over, f"{number} runs of {kind}", f"{kind}{NUMBER}", pause=1)
        assert {each["state"] for each in ended} == {"success"}
        return [each["dag_run_id"] for each in ended]

    def start(self, kind: str, run: str, **form: Any) -> None:
        self.airflow.scheduler.trigger(f"{kind}{NUMBER}", run, form)

    def fail(self, kind: str, run: str, **form: Any) -> None:
        """Start a run which is to fail, and wait for that."""
        self.start(kind, run, **form)
        assert self.airflow.scheduler.ended(f"{kind}{NUMBER}", run) == "failed"

    def changes(self, kind: str) -> list[str]:
        """The runs of a flow that changed its asset."""
        found = self.airflow.scheduler.ask(f"/api/v2/assets/events?source_dag_id={kind}{NUMBER}")
        return sorted(each["source_run_id"] for each in found["asset_events"])

    def begun(self, kind: str) -> list[str]:
        """The ids of all runs of a flow that are in the store."""
        return sorted(unquote(run.name) for run in (self.store / f"flows/{kind}{NUMBER}/runs").iterdir() if (run / "run.json").exists())

    def hooks(self, kind: str, run: str) -> list[HookOutcome]:
        return read_outcomes(open_store(str(self.store)), Keys(f"{kind}{NUMBER}", run))

    def artifacts(self, kind: str, run: str) -> dict[str, Any]:
        return find(open_store(str(self.store)), f"{kind}{NUMBER}", run).artifacts("end")


@pytest.fixture
def chain(airflow: AirflowRuns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chain:
    monkeypatch.chdir(tmp_path)
    return Chain(airflow, tmp_path)


def test_each_flow_reads_the_run_that_started_it(chain: Chain) -> None:
    for kind in ("Both", "Train", "Timed", "Labels", "Features"):
        chain.deploy(kind)
    with Receiver() as receiver:
        chain.configure(RECEIVERS.format(address=receiver.address))
        chain.deploy("Score", "@trigger_on_finish", COOLED)
        chain.fail("Features", "broken", size=60)
        chain.start("Features", "one")
        (scored,), (trained,), (both,) = chain.runs("Score", 1), chain.runs("Train", 1), chain.runs("Both", 1)
        assert chain.artifacts("Train", trained)["came"] == f"Features{NUMBER}/one"
        found = chain.artifacts("Score", scored)
        assert (found["came"], found["score"], found["features"]) == (f"Train{NUMBER}/{trained}", 6, 3)
        assert chain.artifacts("Both", both)["came"] == [f"Features{NUMBER}/one", f"Train{NUMBER}/{trained}"]

        # The second run of the model is in the cool-down of the scores: its DAG run ends, and nothing of it is in the store.
        chain.start("Features", "two")
        skipped = chain.runs("Score", 2)[-1]
        states = chain.airflow.scheduler.states(f"Score{NUMBER}", skipped)
        assert states == {"begin_run[-1]": "success", "start[-1]": "skipped", "end[-1]": "skipped", "exit_hooks[-1]": "success"}

        # One that somebody starts begins all the same, and fails, as nothing has triggered it. What is told of it comes last.
        chain.fail("Score", "by_hand")
        chain.airflow.scheduler.until(lambda: len(receiver.bodies) >= 2, "the receiver to be told")
    assert chain.begun("Score") == sorted([scored, "by_hand"])
    told = [(one["run"], one["status"], one["steps"]) for one in receiver.bodies]
    assert told == [(scored, "done", []), ("by_hand", "failed", ["start"])]
    assert [chain.hooks("Score", run) for run in (scored, skipped, "by_hand")] == [[PUBLISHED], [], [MOURNED]]

    # The run that failed has started nothing, neither at once nor with the next one that is done.
    assert chain.changes("Features") == ["one", "two"]
    assert chain.changes("Score") == [scored]
    trained, again = chain.runs("Train", 2)
    assert chain.begun("Train") == sorted([trained, again])
    assert [chain.artifacts("Train", run)["came"] for run in (trained, again)] == [f"Features{NUMBER}/one", f"Features{NUMBER}/two"]
    features = [0, 1, 2]
    timed = [chain.artifacts("Timed", run)["came"] for run in chain.runs("Timed", 3)]
    assert timed == [None, [f"Features{NUMBER}/one", features], [f"Features{NUMBER}/two", features]]

    # An event is a change of an asset, with what it carries.
    (asset,) = [each for each in chain.airflow.scheduler.ask("/api/v2/assets?limit=1000")["assets"] if each["name"] == f"labels{NUMBER}"]
    chain.airflow.scheduler.ask("/api/v2/assets/events", {"asset_id": asset["id"], "extra": {"date": NASTY, "n": 7}})
    (labelled,) = chain.runs("Labels", 1)
    assert chain.artifacts("Labels", labelled)["found"] == [NASTY, 7, f"labels{NUMBER}"]


def test_flows_start_one_another_on_the_scheduler_of_airflow_2(airflow_2: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    airflow = DagTests(tmp_path / "airflow", airflow_2)
    configure(tmp_path, airflow.dags)
    for kind in ("Features", "Labels", "Timed"):
        (tmp_path / f"{kind}.py").write_text(KINDS[kind].format(n=""))
        assert execute(["deploy", f"{kind}.py", "--target", "airflow"]) == 0
    found = airflow.scheduled(
        {"dag": "Features", "run": "broken", "form": {"size": 60}, "ended": {"Features": 1}},
        {"dag": "Features", "run": "one", "form": {}, "ended": {"Features": 2, "Timed": 2}},
        {"dataset": "labels", "extra": {"date": NASTY, "n": 7}, "ended": {"Labels": 1}},
    )
    store = open_store(str(tmp_path / "store"))
    assert [run[3] for run in found["runs"] if run[0] == "Features"] == ["failed", "success"]
    assert [change[1] for change in found["changes"] if change[0] == "flowport/Features"] == ["one"], "a run that failed starts nothing"
    came = [[run[2], find(store, "Timed", run[1]).artifacts("end")["came"]] for run in found["runs"] if run[0] == "Timed"]
    assert sorted(came) == [["dataset_triggered", ["Features/one", [0, 1, 2]]], ["scheduled", None]]
    (labelled,) = [run[1] for run in found["runs"] if run[0] == "Labels"]
    assert find(store, "Labels", labelled).artifacts("end")["found"] == [NASTY, 7, "labels"]


def test_what_started_a_run_is_read_from_both_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shapes of what Airflow 2 and 3 hand to templates; those of 3 are on the scheduler above."""
    from datetime import datetime, timezone
    from types import SimpleNamespace

    from flowport.targets.airflow.snippets import started_by as snippet

    event = SimpleNamespace(source_run_id="one", extra={"a": 1}, timestamp=datetime.fromtimestamp(60, timezone.utc))
    monkeypatch.setattr(snippet, "FLOWS", {"flowport/Features": ["Features", "demo.prod-"]}, raising=False)
    monkeypatch.setattr(snippet, "EVENTS", {"s3://bucket/labels": "s3://bucket/labels/"}, raising=False)
    found = json.loads(snippet.started_by({"flowport/Features": [event], "s3://bucket/labels": [event, event]}))
    assert found[0] == {"type": "run", "flow": "Features", "run": "demo.prod-one", "timestamp": 60.0}
    assert found[-1] == {"type": "event", "name": "s3://bucket/labels/", "payload": {"a": 1}, "timestamp": 60.0}
    assert snippet.started_by(None) == snippet.started_by({}) == ""
