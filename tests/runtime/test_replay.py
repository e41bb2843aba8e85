"""Who arrives where, when a loop has made many turns."""

from __future__ import annotations

from pathlib import Path

import pytest

from solo import Solo

SELF = """
class Count(FlowSpec):
    @step
    def start(self):
        self.n = 0
        self.next(self.count)

    @step
    def count(self):
        self.n += 1
        self.state = "done" if self.n == 300 else "more"
        self.next({"more": self.count, "done": self.end}, condition="state")

    @step
    def end(self):
        pass
"""

HEAD = """
class Count(FlowSpec):
    @step
    def start(self):
        self.n = 0
        self.next(self.ask)

    @step
    def ask(self):
        self.state = "done" if self.n == 300 else "more"
        self.next({"more": self.count, "done": self.end}, condition="state")

    @step
    def count(self):
        self.n += 1
        self.next(self.ask)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("source", [SELF, HEAD], ids=["a step that goes back to itself", "a switch at the head"])
def test_a_loop_goes_round_as_often_as_it_needs(tmp_path: Path, source: str) -> None:
    flow = Solo(tmp_path, source)
    flow.run()
    assert flow.artifacts("end")["n"] == 300
