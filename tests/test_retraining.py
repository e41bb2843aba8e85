"""The flows of examples/retrain: weeks of the demo, and what follows, started one after the other as a schedule and triggers do."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from datetime import datetime, timedelta, timezone
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flowport.cli import execute
from flowport.client.flow import Flow
from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "retrain"
PAGE = EXAMPLE.parents[1] / "docs" / "retraining.md"

PRINTED = """\
week  1  stale  score 1.00  known 100%  the outcomes of 3 weeks are needed, and there are those of 0
week  2  stale  score 1.00  known 100%  the outcomes of 3 weeks are needed, and there are those of 0
week  3  stale  score 1.00  known 100%  the outcomes of 3 weeks are needed, and there are those of 0
week  4  stale  score 1.00  known 100%  the outcomes of 3 weeks are needed, and there are those of 1
week  5  stale  score 1.00  known 100%  the outcomes of 3 weeks are needed, and there are those of 2
week  6  stale  score 1.00  known 100%  version week-06 is the champion
week  7  fresh  score 0.00  known 100%  the live model is fresh
week  8  fresh  score 0.00  known 100%  the live model is fresh
week  9  fresh  score 0.33  known 100%  the live model is fresh
week 10  fresh  score 0.33  known 100%  the live model is fresh
week 11  fresh  score 0.31  known 100%  the live model is fresh
week 12  stale  score 0.70  known  50%  version week-12 is not better by 1% than week-06, the errors are 0.516 and 0.517
week 13  stale  score 0.71  known  50%  version week-12 was trained in week 12, less than 3 weeks ago
""".splitlines()
"""What the demo prints of thirteen weeks."""


class Chain:
    """The three flows in a store."""

    def __init__(self, store: Path) -> None:
        self.store = store

    def run(self, name: str, run: str, *words: str, command: tuple[str, ...] = ("run", "--quiet")) -> dict[str, Any]:
        """Run a flow, and return the artifacts of its last step."""
        line = [command[0], str(EXAMPLE / f"{name}.py"), *command[1:], "--store", str(self.store), "--run-id", run, *words]
        assert execute(line) == 0
        return self.artifacts(f"{name.title()}Flow", run)

    def artifacts(self, flow: str, run: str) -> dict[str, Any]:
        """The artifacts of the last step of a run."""
        return find(open_store(str(self.store)), flow, run).artifacts("end")

    def features(self, week: int) -> None:
        """Run FeaturesFlow for a week."""
        time = datetime(2026, 1, 5, 6, tzinfo=timezone.utc) + timedelta(weeks=week - 1)
        self.run("features", f"week-{week:02}", "--scheduled-time", time.isoformat())

    def monitor(self, week: int, **options: Any) -> dict[str, Any]:
        """Run MonitorFlow as the features of a week start it."""
        return self.run("monitor", f"week-{week:02}", "--trigger-from", f"FeaturesFlow/week-{week:02}", **options)

    def retrain(self, week: int, run: str = "", **options: Any) -> dict[str, Any]:
        """Run RetrainFlow as the verdict of a week starts it."""
        return self.run("retrain", run or f"week-{week:02}", "--trigger-from", f"MonitorFlow/week-{week:02}", **options)

    def steps(self, run: str) -> set[str]:
        """The steps that a run of RetrainFlow has run."""
        return {step for step, _ in find(open_store(str(self.store)), "RetrainFlow", run).all_items()}

    def tagged(self, tag: str) -> list[str]:
        """The runs of RetrainFlow with a tag."""
        return [run.id for run in Flow("RetrainFlow", _namespace_check=False, _found=open_store(str(self.store))).runs(tag)]


@pytest.fixture(scope="module")
def modules() -> Iterator[Callable[[str], Any]]:
    """Imports modules of the example."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXAMPLE))
        yield import_module


@pytest.fixture(scope="module")
def demo(modules: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Chain, list[str]]:
    """The store of thirteen weeks of the demo, and what it has printed. Its command lines run in this process, which takes less long."""
    folder, printed = tmp_path_factory.mktemp("retraining") / "demo", io.StringIO()

    def run(line: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        assert line[:3] == [sys.executable, "-m", "flowport"]
        with redirect_stdout(io.StringIO()) as said:
            return subprocess.CompletedProcess(line, execute(line[3:]), said.getvalue())

    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        module = modules("demo")
        patch.setattr(module, "FOLDER", folder)
        patch.setattr(module, "STORE", folder / "store")
        patch.setattr(module, "subprocess", SimpleNamespace(run=run, PIPE=None, STDOUT=None))
        patch.setattr(sys, "argv", ["demo.py", "--weeks", "13"])
        for name in ("MLFLOW_REGISTRY_URI", "MLFLOW_TRACKING_URI"):
            patch.delenv(name, raising=False)
        patch.chdir(EXAMPLE)
        module.main()
    return Chain(folder / "store"), printed.getvalue().splitlines()


@pytest.fixture(scope="module")
def drifted(demo: tuple[Chain, list[str]], tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """A copy of that store in week 15, when outcomes after the drift are known."""
    chain = Chain(shutil.copytree(demo[0].store, tmp_path_factory.mktemp("drifted") / "store"))
    chain.features(14)
    chain.features(15)
    return chain


@pytest.fixture
def chain(drifted: Chain, tmp_path: Path) -> Chain:
    """A copy of the store in week 15."""
    return Chain(shutil.copytree(drifted.store, tmp_path / "store"))


def test_the_demo_trains_only_a_stale_model_and_not_again_in_the_cool_down(demo: tuple[Chain, list[str]]) -> None:
    chain, printed = demo
    assert printed[: len(PRINTED)] == PRINTED
    for week in range(1, 14):
        run = f"week-{week:02}"
        assert chain.artifacts("MonitorFlow", run)["is_stale"] == (week not in range(7, 12))
        assert chain.steps(run) == ({"start", "train", "register", "end"} if week in (6, 12) else {"start", "end"})
    assert [chain.artifacts("RetrainFlow", f"week-{week:02}")["promoted"] for week in (6, 12)] == [True, False]
    assert (chain.tagged("model"), chain.tagged("champion")) == (["week-12", "week-06"], ["week-06"])


def test_the_page_shows_what_the_demo_prints() -> None:
    shown = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("week ")]
    assert shown[:5] == [PRINTED[week - 1] for week in (1, 6, 7, 11, 12)]


def test_a_signal_that_is_missing_is_said(demo: tuple[Chain, list[str]], modules: Callable[[str], Any]) -> None:
    verdict = demo[0].artifacts("MonitorFlow", "week-12")
    assert (verdict["is_stale"], verdict["confidence"]) == (True, 0.5)
    assert "error is not known: no outcomes have come this week" in verdict["reasons"]
    signal = modules("monitor").drift_signal({}, [], {"fresh": 0.1, "stale": 0.25})
    assert signal.reason == "drift is not known: no applications have come this week"


def test_a_better_model_becomes_the_champion_once(chain: Chain) -> None:
    assert chain.monitor(15)["is_stale"]
    found = chain.retrain(15)
    assert found["reason"] == "version week-15 is better than week-06, the errors are 0.518 and 0.527"
    assert chain.retrain(15, "again")["reason"] == "version week-15 was trained in week 15, less than 3 weeks ago"
    resumed = ["resume", str(EXAMPLE / "retrain.py"), "week-15", "--from", "register", "--run-id", "resumed", "--quiet"]
    assert execute([*resumed, "--store", str(chain.store)]) == 0
    assert (chain.tagged("model"), chain.tagged("champion")) == (["week-15", "week-12", "week-06"], ["week-15"])


def test_of_two_retrainings_at_once_the_better_one_stays(modules: Callable[[str], Any]) -> None:
    registry = modules("registry")

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
    assert chain.tagged("champion") == ["week-15"]
