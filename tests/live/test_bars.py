"""The progress of a local run: what the lines say, and what a terminal shows of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from flowport.runtime.live.bars import Bars
from flowport.runtime.local.attempt import Attempt
from live.screen import on_terminal
from solo import OPENING

TASK = {"task": "train"}
BODY = [{"task": "start"}, {"map": "start", "body": [TASK, {"loop": "turn", "body": [{"task": "turn"}]}]}, {"task": "join"}]


def running(*items: tuple[int, int] | None) -> list[Attempt]:
    """Tasks of the step `train` that run."""
    found = []
    for number, part in enumerate(items):
        task = Attempt("train", f"s.{number}", 0)
        task.items = part
        found.append(task)
    return found


def test_a_step_of_a_foreach_has_a_bar_from_its_beginning_to_its_end() -> None:
    bars = Bars(BODY)
    assert bars.lines([Attempt("start", "s", 0)], "0 of 1 tasks", 0.0, 80) == ["0 of 1 tasks"]
    bars.done("start", [0, 1, 2, 3])
    assert bars.lines(running(None, None), "1 of 5 tasks", 0.0, 80)[0] == "train [                    ] 0 of 4, 2 running"
    bars.done("train", None)
    bars.failed("train")
    assert (
        bars.lines(running(None), "2 of 5 tasks", 10.0, 80)[0]
        == "train [=====               ] 1 of 4, 1 running, 1 failed  about 30 s left"
    )
    assert bars.lines(running((1, 2), (1, 2)), "2 of 5 tasks", 10.0, 80)[0].startswith("train [==========          ] 1 of 4, 2 running")
    for _ in range(3):
        bars.done("train", None)
    assert bars.lines([], "5 of 6 tasks", 20.0, 80) == ["5 of 6 tasks"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(4, ""), (10, "about 30 s left"), (20, "about 1 min left"), (1200, "about 1 h 0 min left"), (2400, "about 2 h 0 min left")],
)
def test_the_estimate_is_rough(seconds: int, text: str) -> None:
    bars = Bars(BODY)
    bars.done("start", [0, 1, 2, 3])
    bars.lines(running(None), "", 0.0, 100)
    bars.done("train", None)
    assert bars.lines(running(None), "", float(seconds), 100)[0].partition("running")[2].strip() == text


@pytest.mark.parametrize("width", range(1, 90))
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    bars = Bars([{"task": "start"}, {"map": "start", "body": [{"task": "訓練"}]}])
    bars.done("start", list(range(1000)))
    task = Attempt("訓練", "s.0", 0)
    bars.lines([task], "whole", 0.0, width)
    bars.done("訓練", None)
    for line in bars.lines([task], "1 of 1000 tasks, 1 running  10:00", 600.0, width):
        assert sum(2 if one in "訓練" else 1 for one in line) <= width


FLOW = """
import time


class Counted(FlowSpec):
    @step
    def start(self):
        self.items = list(range(6))
        self.next(self.each, foreach="items")

    @step
    def each(self):
        time.sleep(0.5)
        print("item", self.input, "is done")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("columns", [30, 80])
def test_a_terminal_shows_the_output_of_tasks_above_the_progress_and_nothing_else_afterwards(tmp_path: Path, columns: int) -> None:
    (tmp_path / "counted.py").write_text(OPENING + FLOW)
    command = [sys.executable, "-m", "flowport", "run", "counted.py", "--run-id", "1", "--max-workers", "2"]
    screen, seen, code = on_terminal(command, tmp_path, columns)
    assert code == 0
    assert any(line.startswith("each ") and " of 6" in line for line in seen)
    assert any(" tasks, " in line for line in seen)
    final = screen.lines
    assert not any(" of 6" in line or " tasks, " in line for line in final)
    text = "\n".join(final)
    assert all(text.count(f"item {number} is done") == 1 for number in range(6))
    assert final[0] == "run 1 of Counted"
