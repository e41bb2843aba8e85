"""A desk with a few flows on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk import Desk

TINY = '''
"""Doubles numbers."""

from flowport import FlowSpec, Parameter, step


class Tiny(FlowSpec):
    """Doubles numbers and adds them up."""

    n = Parameter("n", default=3, help="how many numbers")
    shape = Parameter("shape", default="flat", choices=["flat", "steep"], help="how they grow")
    note = Parameter("note", help="anything")

    @step
    def start(self):
        """Choose the numbers."""
        self.numbers = list(range(self.n))
        self.next(self.double, foreach="numbers")

    @step
    def double(self):
        self.doubled = 2 * self.input
        print(f"{self.input} makes {self.doubled}")
        self.next(self.add)

    @step
    def add(self, inputs):
        self.total = sum(each.doubled for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        print("the total is", self.total)


if __name__ == "__main__":
    Tiny()
'''

FAILING = """
import os

from flowport import FlowSpec, step


class Failing(FlowSpec):
    @step
    def start(self):
        self.numbers = [0, 1, 2, 3]
        self.next(self.divide, foreach="numbers")

    @step
    def divide(self):
        print("dividing by", self.input)
        self.share = 6 / (self.input or int(os.environ.get("INSTEAD_OF_ZERO", "0")))
        self.next(self.add)

    @step
    def add(self, inputs):
        self.total = sum(each.share for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass
"""

MISTAKEN = """
from flowport import FlowSpec, step


class Mistaken(FlowSpec):
    @step
    def start(self):
        self.next(self.midle)

    @step
    def middle(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A folder with the flows `tiny.py`, `failing.py` and `mistaken.py`."""
    desk = Desk(tmp_path)
    desk.write("tiny.py", TINY)
    desk.write("failing.py", FAILING)
    desk.write("mistaken.py", MISTAKEN)
    return desk
