"""The flows of examples/retrain, started one after the other as a schedule and triggers do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from flowport.cli import execute
from flowport.client.flow import Flow
from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "retrain"


class Chain:
    """The three flows in a store."""

    def __init__(self, store: Path) -> None:
        self.store = store

    def run(self, name: str, run: str, *words: str, command: tuple[str, ...] = ("run", "--quiet")) -> dict[str, Any]:
        """Run a flow, and return the artifacts of its last step."""
        line = [command[0], str(EXAMPLE / f"{name}.py"), *command[1:], "--store", str(self.store), "--run-id", run, *words]
        assert execute(line) == 0
        return find(open_store(str(self.store)), f"{name.title()}Flow", run).artifacts("end")

    def features(self, *weeks: int) -> None:
        """Run FeaturesFlow for some weeks."""
        for week in weeks:
            time = datetime(2026, 1, 5, 6, tzinfo=timezone.utc) + timedelta(weeks=week - 1)
            self.run("features", f"f-{week}", "--scheduled-time", time.isoformat())

    def monitor(self, week: int, **options: Any) -> dict[str, Any]:
        """Run MonitorFlow as the features of a week start it."""
        return self.run("monitor", f"m-{week}", "--trigger-from", f"FeaturesFlow/f-{week}", **options)

    def retrain(self, week: int, run: str = "", **options: Any) -> dict[str, Any]:
        """Run RetrainFlow as the verdict of a week starts it."""
        return self.run("retrain", run or f"r-{week}", "--trigger-from", f"MonitorFlow/m-{week}", **options)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """A store in which the first model was trained in week 6."""
    chain = Chain(tmp_path_factory.mktemp("retraining") / "store")
    chain.features(4, 5)
    assert chain.monitor(5)["reasons"] == ("there is no live model",)
    assert chain.retrain(5)["reason"] == "the outcomes of 3 weeks are needed, and there are those of 2"
    chain.features(6)
    assert chain.monitor(6)["is_stale"]
    found = chain.retrain(6)
    assert (found["promoted"], found["reason"]) == (True, "version r-6 is the champion")
    return chain


@pytest.fixture(scope="module")
def drifted(trained: Chain) -> Chain:
    """The store in week 15, when outcomes after the drift are known."""
    trained.features(8, 9, 10, 11, 12, 14, 15)
    return trained


@pytest.fixture
def chain(drifted: Chain, tmp_path: Path) -> Chain:
    """A copy of that store."""
    shutil.copytree(drifted.store, tmp_path / "store")
    return Chain(tmp_path / "store")


def tagged(chain: Chain, tag: str) -> list[str]:
    """The runs of RetrainFlow with a tag."""
    return [run.id for run in Flow("RetrainFlow", _namespace_check=False, _found=open_store(str(chain.store))).runs(tag)]


def test_a_fresh_model_stays(chain: Chain) -> None:
    verdict = chain.monitor(8)
    assert (verdict["is_stale"], verdict["confidence"], verdict["live"]["name"]) == (False, 1, "r-6")
    assert verdict["score"] < 0.1
    assert chain.retrain(8)["reason"] == "the live model is fresh"
    assert {step for step, _ in find(open_store(str(chain.store)), "RetrainFlow", "r-8").all_items()} == {"start", "end"}


def test_a_signal_that_is_missing_is_said_and_a_model_that_is_not_better_is_registered_only(chain: Chain) -> None:
    verdict = chain.monitor(12)
    assert (verdict["is_stale"], verdict["confidence"]) == (True, 0.5)
    assert "error is not known: no outcomes have come this week" in verdict["reasons"]
    found = chain.retrain(12)
    assert not found["promoted"]
    assert found["reason"].startswith("version r-12 is not better by 1% than r-6, the errors are 0.5")
    assert (tagged(chain, "model"), tagged(chain, "champion")) == (["r-12", "r-6"], ["r-6"])


def test_a_better_model_becomes_the_champion_once(chain: Chain) -> None:
    assert chain.monitor(15)["is_stale"]
    found = chain.retrain(15)
    assert found["reason"].startswith("version r-15 is better than r-6, the errors are 0.5")
    assert chain.retrain(15, "again")["reason"] == "version r-15 was trained in week 15, less than 3 weeks ago"
    resumed = ["resume", str(EXAMPLE / "retrain.py"), "r-15", "--from", "register", "--run-id", "r-resumed", "--quiet"]
    assert execute([*resumed, "--store", str(chain.store)]) == 0
    assert (tagged(chain, "model"), tagged(chain, "champion")) == (["r-15", "r-6"], ["r-15"])


def test_of_two_retrainings_at_once_the_better_one_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    registry = import_module("registry")

    class Busy:
        """Another retraining promotes `other` between the comparison and the promotion."""

        champions = ["old", "other"]

        def champion(self) -> Any:
            return registry.Version(self.champions[0], {})

        def promote(self, version: Any, instead_of: Any) -> bool:
            self.champions.pop(0)
            return instead_of.name == "other"

    mine = registry.Version("mine", {})
    assert registry.contest(Busy(), mine, lambda champion: champion.name == "old") == (False, ("other", {}))
    Busy.champions = ["old", "other"]
    assert registry.contest(Busy(), mine, lambda champion: True) == (True, ("other", {}))


@pytest.mark.parametrize(("command", "name"), [(["show", "retrain.py"], "retrain-flow"), (["graph", "."], "retrain-chain")])
def test_the_pictures_are_those_of_the_example(
    command: list[str], name: str, golden: Callable[[Path, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(EXAMPLE)
    assert execute([*command, "-o", str(tmp_path / "picture.svg")]) == 0
    golden(EXAMPLE.parents[1] / "docs" / "images" / f"{name}.svg", (tmp_path / "picture.svg").read_text(encoding="utf-8"))


@pytest.mark.parametrize("target", ["argo", "sfn", "airflow"])
def test_an_engine_comes_to_what_this_machine_comes_to(target: str, chain: Chain, tmp_path: Path) -> None:
    here = Chain(shutil.copytree(chain.store, tmp_path / "here"))
    on_engine = ("dry-run", "--target", target)
    assert chain.monitor(15, command=on_engine) == here.monitor(15)
    found = chain.retrain(15, command=on_engine)
    assert found == here.retrain(15)
    assert found["promoted"]
    assert tagged(chain, "champion") == ["r-15"]
