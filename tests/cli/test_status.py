"""`flowport status`: the steps of a run with what is done, what failed and what was taken over, and how to go on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from desk import Desk

FLOW = """
from flowport import FlowSpec, step


class Work(FlowSpec):
    @step
    def start(self):
        self.numbers = [0, 1, 2]
        self.next(self.divide, foreach="numbers")

    @step
    def divide(self):
        self.part = 6 / {divisor}
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.parts = [one.part for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A run `one` in which an item failed, and its resumed run `two`."""
    desk = Desk(tmp_path)
    desk.write("work.py", FLOW.format(divisor="self.input"))
    assert desk("run", "work.py", "--run-id", "one", "--max-workers", "1").status == 1
    desk.write("work.py", FLOW.format(divisor="(self.input or 1)"))
    assert desk("resume", "work.py", "one", "--run-id", "two").status == 0
    return desk


def test_a_run_that_failed_says_what_failed_and_how_to_go_on(desk: Desk) -> None:
    told = desk("status", "Work/one")
    assert (told.status, told.err) == (0, "")
    assert told.out == (
        "Work/one: failed\n"
        "started TIME UTC\n"
        "\n"
        "STEP    DONE  FAILED\n"
        "start      1\n"
        "divide             1\n"
        "gather\n"
        "end\n"
        "\n"
        "divide/r.0 failed: ZeroDivisionError: division by zero\n"
        "\n"
        "resume it: flowport resume Work/one\n"
        "store: DESK/.flowport\n"
    )


def test_a_resumed_run_says_what_it_took_over(desk: Desk) -> None:
    told = desk("status", "Work")
    assert told.out.splitlines() == [
        "Work/two: done",
        "started TIME UTC, resumes run one",
        "",
        "STEP    DONE  TAKEN OVER",
        "start      1           1",
        "divide     3",
        "gather     1",
        "end        1",
        "store: DESK/.flowport",
    ]


def test_a_status_can_be_read_by_programs(desk: Desk) -> None:
    found = json.loads(desk("status", "Work/one", "--json").out)
    assert found["status"] == "failed"
    assert found["steps"][1] == {"step": "divide", "items": 0, "failed": 1, "taken_over": 0}
    assert found["failures"] == [{"step": "divide", "item": "r.0", "type": "ZeroDivisionError", "message": "division by zero"}]
    assert found["resume"] == "flowport resume Work/one"
    assert json.loads(desk("status", "Work/latest", "--json").out)["resume"] is None


def test_the_way_on_names_the_store_that_was_named(desk: Desk) -> None:
    assert "flowport resume Work/one --store .flowport\n" in desk("status", "Work/one", "--store", ".flowport").out


def test_a_damaged_manifest_is_named_and_the_rest_is_shown(desk: Desk) -> None:
    (path,) = (desk.folder / ".flowport/Work/two/gather").glob("*@0.json")
    path.chmod(0o644)
    path.write_text("{}")
    told = desk("status", "Work/two")
    assert told.status == 1
    assert "gather/s@0 is not whole" in told.err
    assert "divide     3" in told.out


@pytest.mark.parametrize(
    ("words", "said"), [("Work/nine", "no run `nine`"), ("Wrk", "did you mean `Work`?"), ("Work/one/divide", "names a step")]
)
def test_what_is_no_run_is_said(desk: Desk, words: str, said: str) -> None:
    told = desk("status", words)
    assert told.status == 2
    assert said in told.err
