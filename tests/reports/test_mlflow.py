"""Reports to a real server of MLflow: parameters, metrics and artifacts of runs that are done, failed, and of foreaches."""

from __future__ import annotations

import json
import pickle
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from flowport.runtime.reports import reporter
from solo import Broken, Solo

HERE = Path(__file__).parent

FLOW = """
class Train(FlowSpec):
    rates = Parameter("rates", default=[0.1, 0.2, 0.3], type=JSONType)

    @step
    def start(self):
        self.words = "it's good"
        self.next(self.train, foreach="rates")

    @step
    def train(self):
        current.log_metric("accuracy", 1 - self.input)
        for epoch in range(3):
            current.log_metric("loss", self.input / (epoch + 1))
        self.model = {self.input}
        current.log_artifact("model")
        self.next(self.choose)

    @step
    def choose(self, inputs):
        self.best = max(max(one.model) for one in inputs)
        current.log_metrics({"best": self.best, "count": len(inputs), "50%/of it!": 1, "/a": 2})
        current.log_metric("best", float("nan"), step=7)
        self.report = {"best": self.best}
        self.page = "<h1>done</h1>"
        for name in ("report", "page", "nothing"):
            current.log_artifact(name)
        self.next(self.end)

    @step
    def end(self):
        pass
"""


class Reader:
    """Asks the server, by its REST API."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, path: str, **fields: Any) -> Any:
        """The answer to a request."""
        request = urllib.request.Request(
            f"{self._url}/api/2.0/mlflow/{path.replace(' ', '%20')}", json.dumps(fields).encode() if fields else None
        )
        request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def runs(self, experiment: str) -> list[Any]:
        """The runs of an experiment, also those that were removed."""
        found = self.ask(f"experiments/get-by-name?experiment_name={experiment}")["experiment"]["experiment_id"]
        runs: list[Any] = self.ask("runs/search", experiment_ids=[found], run_view_type="ALL").get("runs", [])
        return runs

    def history(self, run: str, name: str) -> list[tuple[int, float]]:
        """The steps and values of a metric, by their steps."""
        found = self.ask(f"metrics/get-history?run_id={run}&metric_key={name}").get("metrics", [])
        return sorted((int(one.get("step", 0)), float(one["value"])) for one in found)

    def file(self, run: str, path: str) -> bytes:
        """The content of an artifact."""
        with urllib.request.urlopen(f"{self._url}/get-artifact?run_id={run}&path={path}") as answer:
            return bytes(answer.read())


@pytest.fixture
def reader(mlflow_server: str, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """The server, to which the tasks of the test report."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server)
    monkeypatch.setenv("PYTHONPATH", str(next((HERE.parents[1] / ".cache" / "mlflow").glob("lib/python*/site-packages"))))
    monkeypatch.setattr(reporter, "PATIENCE", 600.0)  # a machine that is busy loads the client for long
    return Reader(mlflow_server)


def test_a_run_is_a_run_of_mlflow(tmp_path: Path, reader: Reader, capfd: pytest.CaptureFixture[str]) -> None:
    solo = Solo(tmp_path, FLOW)
    solo.width = 1  # one task, so that the client is loaded once
    solo.run(tags=["team:vision"])
    [run] = reader.runs("Train")
    id, data = run["info"]["run_id"], run["data"]
    assert (run["info"]["run_name"], run["info"]["status"]) == ("1", "FINISHED")
    assert data["params"] == [{"key": "rates", "value": "[0.1,0.2,0.3]"}]
    tags = {one["key"]: one["value"] for one in data["tags"]}
    assert (tags["flowport.run"], tags["flowport.store"], tags["flowport.tag.team"]) == ("1", solo.store.url, "vision")
    assert reader.history(id, "accuracy") == [(0, 0.9), (1, 0.8), (2, 0.7)]
    assert reader.history(id, "loss/r.1") == [(0, 0.2), (1, 0.1), (2, 0.2 / 3)]
    assert [step for step, _ in reader.history(id, "best")] == [0, 7]
    assert reader.history(id, "count") == [(0, 3.0)]
    assert reader.history(id, "50_/of it_") == [(0, 1.0)]
    assert reader.history(id, "_a") == [(0, 2.0)]
    assert json.loads(reader.file(id, "choose/report.json")) == {"best": 0.3}
    assert reader.file(id, "choose/page.txt") == b"<h1>done</h1>"
    assert pickle.loads(reader.file(id, "train/r.2/model.pkl")) == {0.3}
    assert "flowport: reports: MLflow does not get `nothing` of choose: there is no such artifact" in capfd.readouterr().err


def test_a_run_that_failed_is_one_too(tmp_path: Path, reader: Reader) -> None:
    solo = Solo(tmp_path, FLOW.replace("class Train", "class Fails").replace("self.words =", "raise ValueError; self.words ="))
    with pytest.raises(Broken):
        solo.run()
    [run] = reader.runs("Fails")
    assert run["info"]["status"] == "FAILED"
