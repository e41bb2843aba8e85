"""The task of a spin, and what no run and no spin can be started with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowport.runtime.protocol import DONE, STOP
from flowport.runtime.records.run_record import document
from flowport.runtime.run.history import History
from flowport.runtime.store.errors import Corrupt
from flowport.runtime.store.keys import Keys, is_spin
from solo import Solo

SPIN = "spin-20261121-071334-c8996f"
FLOW = """
class Halves(FlowSpec):
    @step
    def start(self):
        self.values = [2, 4, 6]
        self.next(self.half, foreach="values")

    @step
    def half(self):
        self.result = self.input / 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [one.result for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture
def solo(tmp_path: Path) -> Solo:
    found = Solo(tmp_path, FLOW)
    found.width = 1
    found.run("1")
    return found


def ask(solo: Solo, step: str, slice: str, row: int, **more: Any) -> int:
    """Run an item again by itself; the exit code of its task."""
    where = {"store": solo.store.url, "run": "1", "step": step, "item": f"r.{row}", "slice": slice, "row": row, "code": solo.package.digest}
    solo.store.create(Keys(solo.flow, SPIN).input(), json.dumps({"spin": {**where, **more}}).encode())
    return solo.perform(step, slice, run=SPIN)


@pytest.mark.parametrize(
    ("run", "expected"),
    [(SPIN, True), ("spin-20261121-071334-c8996f0", False), ("spin-x7k2p", False), ("20261121-071334-c8996f", False)],
)
def test_the_id_of_a_spin_has_a_form_that_no_engine_gives(run: str, expected: bool) -> None:
    assert is_spin(run) is expected


def test_one_item_of_a_slice_runs_again(solo: Solo) -> None:
    assert ask(solo, "half", "s.0", 1) == DONE
    manifest = solo.manifest("half", "s.0", run=SPIN)
    assert (manifest["arrived"], manifest["to"]) == ([[1, 2]], {"join": [[1, 2]]})
    assert manifest["after"] == solo.manifest("half", "s.0")["after"]
    assert list(History(solo.store, solo.flow).runs()) == ["1"]


def test_an_item_that_did_not_come_is_refused(solo: Solo, capfd: pytest.CaptureFixture[str]) -> None:
    assert ask(solo, "half", "s.0", 7) == STOP
    assert "no item came to step `half` of run `1` in row 7 of s.0" in capfd.readouterr().err


@pytest.mark.parametrize("given", [{}, {"spin": {}}, {"spin": {"store": "x"}}])
def test_an_input_that_names_no_item_is_refused(solo: Solo, given: dict[str, Any], capfd: pytest.CaptureFixture[str]) -> None:
    solo.store.create(Keys(solo.flow, SPIN).input(), json.dumps(given).encode())
    assert solo.perform("half", "s.0", run=SPIN) == STOP
    assert "does not say which item the spin runs again" in capfd.readouterr().err


def test_a_run_cannot_be_asked_to_be_a_spin_or_to_resume_one(solo: Solo, capfd: pytest.CaptureFixture[str]) -> None:
    for run, given in (("2", {"spin": {"store": "x"}}), ("3", {"origin_run": SPIN})):
        solo.store.create(Keys(solo.flow, run).input(), json.dumps(given).encode())
        assert solo.perform("start", run=run) == STOP
    assert capfd.readouterr().err == (
        "flowport: run `2` is to run one item again, which a run cannot do: use `flowport spin`\n"
        f"flowport: the run resumes `{SPIN}`, which is a spin and no run\n"
    )


def test_a_document_that_does_not_say_which_item_is_damaged(solo: Solo) -> None:
    assert ask(solo, "half", "s.0", 1) == DONE
    keys = Keys(solo.flow, SPIN)
    whole = json.loads(solo.store.read(keys.run()))
    solo.store.replace(keys.run(), json.dumps({**whole, "spin": {"run": 3}}).encode())
    with pytest.raises(Corrupt, match="is damaged: its `spin` is"):
        document(solo.store, keys)
