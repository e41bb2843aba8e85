"""A flow that ran twice, and once failed, and the client that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from client.reading import read
from flowport.client import default_metadata, default_namespace
from solo import Broken, Solo

TRAIN = """
class TrainFlow(FlowSpec):
    alpha = Parameter("alpha", default=3)
    fail = Parameter("fail", default=False, type=bool)

    @step
    def start(self):
        self.xs = [1, 2, 3]
        self.next(self.work, foreach="xs")

    @step
    def work(self):
        self.y = self.input * self.alpha
        if self.fail and self.input == 2:
            raise ValueError("boom")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(one.y for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        self.model = {"w": self.total}
"""


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The user `tester`; what the test chose for the client is forgotten after it."""
    monkeypatch.setenv("METAFLOW_USER", "tester")
    yield
    default_metadata()
    default_namespace()


@pytest.fixture
def train(tmp_path: Path, chosen: None) -> Solo:
    """`TrainFlow`: run `1` with the tags `a` and `b` is done, and run `2`, which began later, failed."""
    solo = Solo(tmp_path, TRAIN)
    solo.run("1", tags=["a", "b"])
    with pytest.raises(Broken):
        solo.run("2", parameters={"alpha": 5, "fail": True})
    read(solo)
    return solo


@pytest.fixture
def train_source() -> str:
    """The source of `TrainFlow`."""
    return TRAIN
