"""Engines that run things again on purpose, have a form of their own, and do not read the store."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from flowport.runtime.protocol import DONE, STOP, Invocation, VersionError
from flowport.runtime.records.manifest import Manifests
from flowport.runtime.replay.scheduler import PlanScheduler
from flowport.runtime.run.reader import Run
from flowport.runtime.store.keys import Keys
from solo import Solo

AGAIN = """
import json


def told(name):
    with open({path!r}) as file:
        return json.load(file)[name]


class Again(FlowSpec):
    @step
    def start(self):
        self.numbers = told("numbers")
        self.next(self.each, foreach="numbers")

    @step
    def each(self):
        self.kind = "odd" if self.input % 2 else "even"
        self.next({{"odd": self.fan, "even": self.plain}}, condition="kind")

    @step
    def fan(self):
        self.inner = list(range(self.input))
        self.next(self.one, foreach="inner")

    @step
    def one(self):
        self.next(self.fan_done)

    @step
    def fan_done(self, inputs):
        self.count = len(list(inputs))
        self.next(self.both)

    @step
    def plain(self):
        self.count = 0
        self.next(self.both)

    @step
    def both(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.counts = [each.count for each in inputs]
        self.turns = 0
        self.next(self.turn)

    @step
    def turn(self):
        self.turns += 1
        self.way = "again" if self.turns < told("limit") else "early" if told("limit") < 3 else "late"
        self.next({{"again": self.turn, "early": self.soon, "late": self.end}}, condition="way")

    @step
    def soon(self):
        self.next(self.end)

    @step
    def end(self):
        self.seen = (self.counts, self.turns)
"""


class Again:
    """The flow, and what it is told; `run` is one execution, in which a deliberate re-run has a higher epoch."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "told.json"
        self.flow = Solo(folder / "flow", AGAIN.format(path=str(self.path)))
        self.flow.last = -1
        self.run = "one:1+2"

    def tell(self, numbers: list[int], limit: int) -> None:
        self.path.write_text(json.dumps({"numbers": numbers, "limit": limit}))

    def perform(self, step: str, slice: str = "s", **more: Any) -> int:
        return self.flow.perform(step, slice, self.run, **more)

    def all(self, epoch: int) -> None:
        """Run every task that the flow has now."""
        walk = PlanScheduler(self.flow.program.plan["body"])
        while not walk.finished:
            for step, slice in walk.ready():
                assert self.perform(step, slice, epoch=epoch) == DONE
                walk.done(step, slice, self.route(step, slice))

    def route(self, step: str, slice: str) -> Any:
        found = Manifests(self.flow.store, self.keys, -1).find(step, slice)
        assert found is not None
        key = self.keys.route(step, slice, found.generation)
        return json.loads(self.flow.store.read(key)) if self.flow.store.exists(key) else None

    @property
    def keys(self) -> Keys:
        return Keys("Again", self.run)

    @property
    def left(self) -> Run:
        return Run(self.flow.store, "Again", self.run)

    @property
    def items(self) -> Counter[str]:
        return Counter(step for step, _ in self.left.all_items())


@pytest.fixture
def again(tmp_path: Path) -> Again:
    made = Again(tmp_path)
    made.tell([3, 2, 1], 5)
    made.all(0)
    assert made.left.artifacts("end")["seen"] == ([3, 0, 1], 5)
    return made


def test_what_ran_again_is_all_that_is_left(again: Again) -> None:
    again.tell([4, 1], 2)
    again.all(1)
    assert again.left.artifacts("end")["seen"] == ([0, 1], 2)
    assert again.items == {
        **dict.fromkeys(("start", "fan", "one", "fan_done", "plain", "join", "soon", "end"), 1),
        **dict.fromkeys(("each", "both", "turn"), 2),
    }


def test_more_turns_than_before_are_all_there(again: Again) -> None:
    again.tell([1], 2)
    again.all(1)
    again.tell([1], 9)
    again.all(2)
    assert again.left.artifacts("end")["seen"] == ([1], 9)
    assert (again.items["turn"], again.items["soon"]) == (9, 0)


@pytest.mark.parametrize("turns", range(1, 12))
def test_the_last_turn_of_the_execution_in_force_is_found(tmp_path: Path, turns: int) -> None:
    made = Again(tmp_path)
    made.tell([2], 11)
    made.all(0)
    made.tell([2], turns)
    made.all(1)
    assert made.left.artifacts("end")["turns"] == turns
    assert made.items["turn"] == turns


@pytest.mark.parametrize(
    ("step", "slice"),
    [
        ("each", "s.2"),
        ("fan", "s.2"),
        ("both", "s.2"),
        ("fan_done", "s.2"),
        ("one", "s.2.0"),
        ("one", "s.0.0"),
        ("fan", "s.0"),
        ("fan_done", "s.0"),
    ],
)
def test_an_engine_may_ask_for_a_slice_that_is_gone(again: Again, tmp_path: Path, step: str, slice: str) -> None:
    again.tell([4, 1], 2)
    again.all(1)
    before = again.items
    answer = tmp_path / "answer"
    assert again.perform(step, slice, epoch=1, route=str(answer)) == DONE
    assert again.items == before
    assert json.loads(answer.read_text()) == []


def test_what_was_made_from_another_history_must_run_again(again: Again, capfd: pytest.CaptureFixture[str]) -> None:
    again.tell([3, 2, 1], 5)
    assert again.perform("each", "s.0", epoch=1) == DONE
    assert again.perform("fan_done", "s.0", epoch=1) == STOP
    assert "fan/s.0@0 was made from each/s.0@0, but each/s.0@1 is in force now: run `fan` again" in capfd.readouterr().err


def test_a_task_hands_over_where_to_go_on(again: Again, tmp_path: Path) -> None:
    answers = {}
    for step, slice in (("start", "s"), ("each", "s.0"), ("fan", "s.0"), ("both", "s.0")):
        answer = tmp_path / f"{step}.json"
        assert again.perform(step, slice, route=str(answer)) == DONE, "what is adopted is handed over too"
        answers[step] = json.loads(answer.read_text()) if answer.exists() else None
    assert answers == {"start": ["s.0", "s.1", "s.2"], "each": ["fan"], "fan": ["s.0.0", "s.0.1", "s.0.2"], "both": None}


def test_a_loop_in_one_container_hands_over_how_it_was_left(again: Again, tmp_path: Path) -> None:
    from flowport.runtime.task.fused_loop import run

    answer = tmp_path / "answer"
    again.tell([1], 2)
    assert run(again.flow.invocation("turn", "s", again.run, block=True, epoch=1, route=str(answer)), again.flow.program) == DONE
    assert json.loads(answer.read_text()) == ["soon"]
    assert again.flow.store.exists(again.keys.rest("turn", "s", 0, 1))


def test_a_run_that_was_cleared_began_at_another_time(again: Again) -> None:
    assert again.perform("start", engine="later") == STOP
    assert again.perform("start", engine="later", epoch=1) == DONE


def test_a_run_that_was_made_anew_with_other_values_is_another_one(tmp_path: Path) -> None:
    flow = Solo(
        tmp_path, "class One(FlowSpec):\n    x = Parameter('x', default=1)\n\n    @step\n    def start(self):\n        self.y = self.x\n"
    )
    assert flow.perform("start", form='{"x": 2}', last=-1) == DONE
    assert flow.perform("start", form='{"x": 2}', last=-1, engine="later", epoch=1) == DONE
    assert flow.perform("start", form='{"x": 3}', last=-1, engine="later", epoch=1) == STOP


@pytest.mark.parametrize(
    ("form", "found"),
    [
        ({"x": 2, "y": None}, [2, "a"]),
        ({"x": None, "origin_run": None, "from_step": None, "run_tags": None}, [1, "a"]),
        ({"y": "", "run_tags": ["red"]}, [1, ""]),
    ],
)
def test_a_field_that_was_left_empty_has_its_default(tmp_path: Path, form: dict[str, Any], found: list[Any]) -> None:
    source = (
        "class One(FlowSpec):\n    x = Parameter('x', default=1)\n    y = Parameter('y', default='a')\n\n"
        "    @step\n    def start(self):\n        self.found = [self.x, self.y]\n"
    )
    flow = Solo(tmp_path, source)
    assert flow.perform("start", form=json.dumps(form)) == DONE
    assert flow.artifacts("start")["found"] == found
    assert flow.reader().doc["tags"] == (form.get("run_tags") or [])


def test_a_form_names_the_run_to_resume(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = (
        "class One(FlowSpec):\n    x = Parameter('x', default=1)\n\n"
        "    @step\n    def start(self):\n        print('ran')\n        self.y = self.x\n"
    )
    flow = Solo(tmp_path, source)
    assert flow.perform("start", form='{"x": 5}') == DONE
    assert flow.perform("start", run="2", form='{"x": 1, "origin_run": "1"}') == DONE
    assert capfd.readouterr().out == "ran\n"
    assert flow.artifacts("start", run="2")["y"] == 5, "a form sends the default of every field that nobody touched"
    assert flow.perform("start", run="3", form='{"origin_run": "1", "from_step": "start"}') == DONE
    assert capfd.readouterr().out == "ran\n"
    assert flow.perform("start", run="4", form='{"origin_run": "nowhere"}') == STOP
    assert flow.perform("start", run="5", form='{"origin_run": 7}') == STOP


def test_a_run_id_of_an_engine_that_computes_keys_must_be_plain(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    flow = Solo(tmp_path, "class One(FlowSpec):\n    @step\n    def start(self):\n        pass\n")
    assert flow.perform("start", run="manual__2026-11-25T10:00:00+01:00", last=-1) == DONE
    assert flow.perform("start", run="a:b", last=0) == STOP
    assert "cannot be addressed" in capfd.readouterr().err


WHOLE = Invocation(
    "F", "r:1", "step", "s.0", "s3://b/p", "c0de", width=3, total=9, engine="e", epoch=2, turn=1, last=-1, form='{"x": "--run"}'
)


@pytest.mark.parametrize("block", [False, True])
def test_an_invocation_is_the_same_in_arguments_and_in_the_environment(block: bool) -> None:
    WHOLE.block = block
    told = [Invocation.parse(WHOLE.argv()), Invocation.parse([WHOLE.command], WHOLE.variables())]
    for found in told:
        assert all(getattr(found, name) == getattr(WHOLE, name) for name in Invocation.__slots__)


def test_a_task_inside_a_task_is_not_told_what_the_one_around_it_was() -> None:
    inner = Invocation("F", "2", "step", "s", "store", "c0de", width=1, total=1)
    assert Invocation.parse(inner.argv(), WHOLE.variables()).epoch == 0


def test_an_environment_that_says_nothing_is_not_understood() -> None:
    with pytest.raises(VersionError, match="protocol none"):
        Invocation.parse(["task"], {"FLOWPORT_STORE": "s3://b/p"})
