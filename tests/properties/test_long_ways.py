"""A switch with very many arms, each of which may be skipped: every arm is looked at once, and not on each way that leads to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowport.compiler.compile import load
from properties.serial import Serial, Sizes

ARMS = 250
SOURCE = """from flowport import FlowSpec, step


class Arms(FlowSpec):
    @step
    def start(self):
        self.visited = 0
        self.way = "out"
        self.next({{"on": self.a0, "over": self.a1, "out": self.end}}, condition="way")
{arms}
    @step
    def end(self):
        pass
"""
ARM = """
    @step
    def a{number}(self):
        self.visited += 1
        self.way = "over" if self.visited % 3 else "on"
        self.next({{"on": self.{next}, "over": self.{over}}}, condition="way")
"""


def arm(number: int) -> str:
    following = [f"a{number + far}" if number + far < ARMS else "end" for far in (1, 2)]
    return ARM.format(number=number, next=following[0], over=following[1])


def test_every_arm_that_was_skipped_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWPORT_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "arms.py"
    file.write_text(SOURCE.format(arms="".join(map(arm, range(ARMS)))))
    plan = load(str(file)).plan
    assert plan is not None
    found = Serial(plan, tmp_path, Sizes(fork=False)).run()
    assert found.artifacts("end")["visited"] == 0
