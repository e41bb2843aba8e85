"""Every flow of the corpus, every example and random flows do on the local engine of Argo what they do here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engines.argo.runs import run
from engines.corpus_runs import Here, agree, agree_with_reference, given
from engines.engine import plan_of
from flowport.targets.argo.form import typed
from flows.expected import EXAMPLES, FOLDER, RUNS, Expected
from properties.trial import Trial

LOW: dict[str, Any] = {"width": 3, "total": 6, "turns": 2}
LIMITS: tuple[dict[str, Any], ...] = (LOW, {"width": 2, "total": 2, "turns": 1}, {"width": 10, "total": 40}, {"width": 1, "turns": 0})


@pytest.mark.parametrize("expected", [*RUNS, *EXAMPLES], ids=lambda expected: str(expected.id))
def test_argo_comes_to_what_this_machine_comes_to(expected: Expected, here: Here, tmp_path: Path) -> None:
    form = {name: typed(value) for name, value in given(expected).items()}
    agree(expected, run(plan_of(expected.path), form, tmp_path / "store", **LOW), here(expected).result())


@pytest.mark.parametrize("seed", range(4000, 4016))
def test_random_flows_mean_on_argo_what_their_reference_says(seed: int, tmp_path: Path) -> None:
    trial = Trial(seed, tmp_path, largest=20)
    agree_with_reference(trial, run(trial.plan(), {}, tmp_path / "store", **LIMITS[seed % len(LIMITS)]))


ARM = """
from flowport import FlowSpec, retry, step


class Arm(FlowSpec):
    @step
    def start(self):
        self.way = "a"
        self.next({"a": self.a, "b": self.b}, condition="way")

    @step
    def a(self):
        self.next(self.a_too)

    @retry(times=1)
    @step
    def a_too(self):
        1 / 0
        self.next(self.end)

    @step
    def b(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_an_arm_that_fails_fails_the_workflow(tmp_path: Path) -> None:
    (tmp_path / "arm.py").write_text(ARM)
    ended = run(plan_of(tmp_path / "arm.py"), {}, tmp_path / "store")
    assert ended.phase == "Failed"
    assert ended.nodes["a-too"] == "Failed"
    assert [code for task, code in ended.pods if task.step == "a_too"] == [1, 1], "both attempts are used up"
    assert (ended.nodes["b"], ended.nodes["end"]) == ("Skipped", "Omitted")


WAYS = """
from flowport import FlowSpec, Parameter, step


class Ways(FlowSpec):
    last = Parameter("last", type=int)
    way = Parameter("way", type=str)

    @step
    def start(self):
        self.turn = 0
        self.next(self.guess)

    @step
    def guess(self):
        self.turn += 1
        self.word = "resign" if self.way == "resigned" and self.turn == self.last else "number"
        self.next({"number": self.judge, "resign": self.resigned}, condition="word")

    @step
    def judge(self):
        self.answer = "won" if self.turn == self.last else "again"
        self.next({"again": self.guess, "won": self.won}, condition="answer")

    @step
    def resigned(self):
        self.next(self.end)

    @step
    def won(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("turns", [0, 1, 2, 50])
@pytest.mark.parametrize("way", ["won", "resigned"])
def test_a_loop_is_left_by_the_same_way_in_a_turn_or_in_its_rest(way: str, turns: int, tmp_path: Path) -> None:
    (tmp_path / "ways.py").write_text(WAYS)
    ended = run(plan_of(tmp_path / "ways.py"), {"last": "3", "way": way}, tmp_path / "store", turns=turns)
    assert ended.succeeded, ended.said
    assert ended.lost == []
    other = {"won": "resigned", "resigned": "won"}[way]
    assert (ended.nodes[way], ended.nodes[other]) == ("Succeeded", "Skipped")
    rests = [task.slice for task, _ in ended.pods if task.rest]
    assert rests == (["s"] if turns < 3 else [])
    turning = {task.slice for task, _ in ended.pods if task.step == "guess" and not task.rest}
    assert turning == {f"s.t{turn}" for turn in range(min(turns, 3))}


def test_a_task_that_the_engine_does_not_run_is_missed_by_the_join(tmp_path: Path) -> None:
    """A canary: Argo's ids of nodes may collide, and one of two tasks is then never run."""

    def spoil(document: dict[str, Any]) -> None:
        for template in document["spec"]["templates"]:
            for task in template.get("dag", {}).get("tasks", []):
                if "withSequence" in task:
                    task["withSequence"]["count"] = "1"

    ended = run(plan_of(FOLDER / "foreach_in_foreach.py"), {}, tmp_path / "store", spoil)
    assert ended.phase == "Failed"
    assert any(code != 0 for _, code in ended.pods)


def test_a_workflow_that_leaves_its_last_step_out_has_lost_it(tmp_path: Path) -> None:
    """A canary: Argo calls such a workflow a success."""

    def spoil(document: dict[str, Any]) -> None:
        document["spec"]["templates"][0]["dag"]["tasks"].pop()

    ended = run(plan_of(FOLDER / "linear.py"), {}, tmp_path / "store", spoil)
    assert ended.succeeded
    assert ended.lost == ["step end has no manifest"]
