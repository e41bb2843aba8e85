"""`run_flow`: a whole flow in processes of its own, and what the client reads of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flowport.testing import FlowMistakes, RunFailed, run_flow
from testing.conftest import Imported

SUM = """
from flowport import Config, FlowSpec, Parameter, step

class SumFlow(FlowSpec):
    top = Parameter("top-value", default=3)
    config = Config("config", default_value={"factor": 1})

    @step
    def start(self):
        self.values = list(range(self.top))
        self.next(self.work, foreach="values")

    @step
    def work(self):
        if self.input == 7:
            raise ValueError("seven")
        self.y = self.input * self.config.factor
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(one.y for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWPORT_CACHE", str(tmp_path / "cache"))


def test_a_flow_runs_and_its_run_can_be_read(imported: Imported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = run_flow(imported(SUM).SumFlow, {"top_value": 4}, configs={"config": {"factor": 10}}, tags=["mine"])
    assert run.data.total == 60
    assert [task.data.y for task in run["work"]] == [30, 20, 10, 0]
    assert run.user_tags == {"mine"}
    assert not (tmp_path / ".flowport").exists()


def test_a_store_can_be_chosen(imported: Imported, tmp_path: Path) -> None:
    run_flow(imported(SUM).SumFlow, store=tmp_path / "store")
    assert (tmp_path / "store" / "flows" / "SumFlow").is_dir()


def test_a_run_that_fails_is_an_exception_with_what_failed(imported: Imported) -> None:
    with pytest.raises(RunFailed, match=r"(?s)the run of SumFlow failed.*work/r\.7.*ValueError: seven") as caught:
        run_flow(imported(SUM).SumFlow, {"top-value": 8})
    assert caught.value.run is not None
    assert not caught.value.run.successful
    assert caught.value.run["work"]["r.6"].data.y == 6


def test_a_run_that_cannot_begin_is_an_exception(imported: Imported) -> None:
    with pytest.raises(RunFailed, match="parameter `top-value` is 'many', which is not a whole number") as caught:
        run_flow(imported(SUM).SumFlow, {"top-value": "many"})
    assert caught.value.run is None


def test_a_flow_with_mistakes_does_not_run(imported: Imported) -> None:
    with pytest.raises(FlowMistakes, match="FP201"):
        run_flow(imported(SUM.replace("self.end)", "self.ende)")).SumFlow)


def test_the_temporary_store_is_removed_with_the_process(imported: Imported, tmp_path: Path) -> None:
    module = imported(SUM)
    script = f"from flowport.testing import run_flow\nimport {module.__name__} as flow\nprint(run_flow(flow.SumFlow)._source.store.url)\n"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    store = Path(done.stdout.strip())
    assert store.is_absolute()
    assert not store.exists()
