"""Flows that start one another on a real Airflow, through assets: the scheduler makes the runs, and each reads the run that started it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from engines.airflow.dag_tests import DagTests
from engines.airflow.runs import AirflowRuns
from engines.engine import plan_of
from flowport.cli import execute
from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store
from operations.chain import FLOWS

SETTINGS = """
[airflow]
compute = "local"
python = "{python}"
store = "{store}"
dags = "{dags}"
"""
NUMBER = 7
"""What the names of the flows end with: the other tests of this Airflow have flows of the same kinds."""


class Chain:
    def __init__(self, airflow: AirflowRuns, folder: Path) -> None:
        self.airflow, self.folder, self.store = airflow, folder, folder / "store"
        text = SETTINGS.format(python=sys.executable, store=self.store, dags=airflow.scheduler.dags)
        (folder / "flowport.toml").write_text(text)

    def deploy(self, kind: str, old: str = "", new: str = "") -> None:
        file = self.folder / f"{kind}.py"
        file.write_text(FLOWS[kind].format(n=NUMBER).replace(old or "\0", new))
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

    def start(self, kind: str, run: str) -> None:
        self.airflow.scheduler.trigger(f"{kind}{NUMBER}", run, {})

    def artifacts(self, kind: str, run: str) -> dict[str, Any]:
        return find(open_store(str(self.store)), f"{kind}{NUMBER}", run).artifacts("end")


@pytest.fixture
def chain(airflow: AirflowRuns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chain:
    monkeypatch.chdir(tmp_path)
    return Chain(airflow, tmp_path)


def test_each_flow_reads_the_run_that_started_it(chain: Chain) -> None:
    cooled = "from flowport import limits\n\n\n@limits(cooldown=3600)\n@trigger_on_finish"
    for kind in ("Both", "Train", "Labels", "Features"):
        chain.deploy(kind)
    chain.deploy("Score", "@trigger_on_finish", cooled)
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
    assert states == {"begin_run[-1]": "success", "start[-1]": "skipped", "end[-1]": "skipped"}
    assert not open_store(str(chain.store)).exists(f"flows/Score{NUMBER}/runs/{quote(skipped)}/run.json")

    # An event is a change of an asset, with what it carries.
    (asset,) = [each for each in chain.airflow.scheduler.ask("/api/v2/assets?limit=1000")["assets"] if each["name"] == f"labels{NUMBER}"]
    nasty = 'a "quoted" {{ 1 + 1 }} $HOME \\ \u00df'
    chain.airflow.scheduler.ask("/api/v2/assets/events", {"asset_id": asset["id"], "extra": {"date": nasty, "n": 7}})
    (labelled,) = chain.runs("Labels", 1)
    assert chain.artifacts("Labels", labelled)["found"] == [nasty, 7, f"labels{NUMBER}"]


def test_airflow_2_reads_the_files_and_begins_without_events(airflow_2: Path, tmp_path: Path) -> None:
    text = FLOWS["Train"].format(n="").replace("@trigger_on_finish", "@schedule(daily=True)\n@trigger_on_finish", 1)
    text = text.replace("import FlowSpec", "import schedule, FlowSpec").replace('current.trigger["Features"].pathspec', "current.trigger")
    (tmp_path / "both.py").write_text(text.replace("for each in current.trigger.run.data.features", "for each in (1, 2)"))
    (ended,) = DagTests(tmp_path / "airflow", airflow_2).run_plans([(plan_of(tmp_path / "both.py"), {}, {})])
    assert ended.succeeded, ended.said
    assert find(open_store(ended.store), "Train", ended.run).artifacts("end") == {"came": None, "weights": [2, 4]}


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
