"""A run that failed on one engine goes on on any other, over one store: what is finished is not done again, item by item."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from choice import sample
from engines.argo.runs import run as run_on_argo
from engines.corpus_runs import agree_with_reference
from flowport.runtime.records.attempts import earlier
from flowport.runtime.records.reuse import share
from flowport.runtime.replay.lineage import Lineage
from flowport.runtime.run.reader import Run, find
from flowport.runtime.store import row_ranges
from flowport.runtime.store.keys import ATTEMPT, Keys
from flowport.runtime.store.open import open_store
from properties.trial import Trial

FLOW = """
import os

from flowport import FlowSpec, checkpoint, current, step

TRACE = {trace!r}
BROKEN = {broken!r}
# There is such a file while the flow is broken; no step is known to have read it.


def begin():
    with open(TRACE, "a") as file:
        file.write(f"{{current.step_name}} {{current.task_id}}\\n")


class Moving(FlowSpec):
    @step
    def start(self):
        begin()
        self.left = 3
        self.next(self.turn)

    @step
    def turn(self):
        begin()
        self.left -= 1
        self.way = "again" if self.left else "out"
        self.next({{"again": self.turn, "out": self.pick}}, condition="way")

    @step
    def pick(self):
        begin()
        self.kind = "many"
        self.next({{"many": self.many, "few": self.few}}, condition="kind")

    @step
    def many(self):
        begin()
        self.rows = [2, 0, 3]
        self.next(self.spread)

    @step
    def few(self):
        begin()
        self.rows = [1]
        self.next(self.spread)

    @step
    def spread(self):
        begin()
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        begin()
        self.cells = [(self.input, number) for number in range(self.input)]
        self.next(self.cell, foreach="cells", batch=2)

    @checkpoint
    @step
    def cell(self):
        begin()
        self.loaded = current.checkpoint.is_loaded and current.checkpoint.info.metadata["of"]
        current.checkpoint.save(__file__, metadata={{"of": self.input}})
        assert self.input != (3, 1) or not os.path.exists(BROKEN), "something outside of the flow is broken"
        self.size = 10 * self.input[0] + self.input[1]
        self.next(self.cells_done)

    @step
    def cells_done(self, inputs):
        begin()
        self.sizes = [each.size for each in inputs]
        self.next(self.rows_done)

    @step
    def rows_done(self, inputs):
        begin()
        self.sizes = [each.sizes for each in inputs]
        self.left = 2
        self.next(self.polish)

    @step
    def polish(self):
        begin()
        self.left -= 1
        self.way = "again" if self.left else "out"
        self.next({{"again": self.polish, "out": self.end}}, condition="way")

    @step
    def end(self):
        begin()
        self.result = (self.sizes, self.left)
"""

ENGINES = {"here": None, "step-functions": "sfn", "airflow": "airflow", "argo": "argo"}
CUTS: tuple[dict[str, Any], ...] = (
    {"width": 3, "total": 6, "turns": 2},
    {"width": 1, "turns": 0},
    {"width": 2, "total": 2, "turns": 1},
    {},
)
"""Limits that cut the same foreach into other slices, and end the same loop in another task."""

RESULT = ([[20, 21], [], [30, 31, 32]], 0)


class Desk:
    """A folder with the flow, a store, and what the steps wrote down outside of both."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.trace, self.broken = folder, folder / "trace", folder / "broken"
        (folder / "moving.py").write_text(FLOW.format(trace=str(self.trace), broken=str(self.broken)))
        self.store = open_store(str(folder / ".flowport"))
        self.failed: dict[str, subprocess.CompletedProcess[str]] = {}

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        self.trace.write_text("")
        return subprocess.run([sys.executable, "-m", "flowport", *words], cwd=self.folder, capture_output=True, text=True)

    @property
    def began(self) -> Counter[tuple[str, ...]]:
        """How often each item ran, as its step wrote it down."""
        return Counter(tuple(line.split()) for line in self.trace.read_text().splitlines())

    def run(self, engine: str, name: str) -> subprocess.CompletedProcess[str]:
        """A run from the beginning."""
        target = ENGINES[engine]
        return self.command(*(["dry-run", "--target", target] if target else ["run"]), "moving.py", "--run-id", name)

    def resume(self, engine: str, origin: str, name: str) -> subprocess.CompletedProcess[str]:
        """A run that goes on from another one."""
        target = ENGINES[engine]
        if target:
            return self.command("dry-run", "moving.py", "--target", target, "--origin-run", origin, "--run-id", name)
        return self.command("resume", "moving.py", origin, "--run-id", name)

    def fail(self, engine: str) -> Run:
        """The run that failed on an engine; it is run once."""
        if engine not in self.failed:
            self.broken.touch()
            self.failed[engine] = self.run(engine, engine)
            self.broken.unlink()
        assert self.failed[engine].returncode == 1, self.failed[engine].stdout + self.failed[engine].stderr
        return self.left(engine)

    def left(self, run: str) -> Run:
        return find(self.store, "Moving", run)


def finished(run: Run) -> set[tuple[str, str]]:
    """The items that are done: those of tasks, and those of attempts of tasks that are not."""
    found = set(run.all_items())
    for step in run.steps():
        for place in run.store.folders(run.keys.step(step)):
            if place.endswith(ATTEMPT):
                slice = place.removesuffix(ATTEMPT)
                lineage = Lineage(run.manifests, run.program.step(step)["sites"][step]["scopes"], slice)
                for doc in earlier(run.store, run.keys.attempts(step, slice, 0)):
                    found |= {(step, lineage.address(row)) for row in row_ranges.iterate(doc["done"])}
    return found


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("moving"))


@pytest.fixture(scope="module")
def whole(desk: Desk) -> set[tuple[str, ...]]:
    """Every item of the flow."""
    done = desk.run("here", "whole")
    assert done.returncode == 0, done.stderr
    assert set(desk.began.values()) == {1}
    return set(desk.began)


@sample(lambda here, there: {("from", here), ("to", there)})
@pytest.mark.parametrize("there", ENGINES)
@pytest.mark.parametrize("here", ENGINES)
def test_a_run_goes_on_on_another_engine(here: str, there: str, desk: Desk, whole: set[tuple[str, ...]]) -> None:
    before = finished(desk.fail(here))
    assert {("turn", "r.t2"), ("many", "r"), ("row", "r.2"), ("cell", "r.2.0")} <= before < whole
    name = f"{here}-{there}"
    done = desk.resume(there, here, name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.began == Counter(whole - before)
    run = desk.left(name)
    assert run.all_items() == whole
    assert run.artifacts("end")["result"] == RESULT
    assert run.artifacts("end") == desk.left("whole").artifacts("end")
    assert run.artifacts("cell", "r.2.1")["loaded"] == [3, 1], "it did not begin with the checkpoint of the run that failed"
    said = _said(done.stderr)
    assert said["many"] == [f"taken over from {here}"]
    assert said["turn"]
    assert all(what.endswith(f"taken over from {here}") for what in said["turn"])
    assert said["rows_done"] == ["done"]
    assert "done, 1 of 2 items taken over" in said["cell"]
    listed = next(line.split() for line in desk.command("runs").stdout.splitlines() if line.split()[1] == name)
    assert listed[-5:] == [here, str(len(before)), "of", str(len(whole)), "items"]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_item_of_any_engine_runs_again_here_by_itself(engine: str, desk: Desk) -> None:
    run = desk.fail(engine)
    before = {entry.key: (entry.size, entry.version) for entry in run.store.entries(run.keys.root)}
    for words, items in ((("cell",), {"r.2.1": {"size": 31, "loaded": False}}), (("turn", "--item", "r.t2"), {"r.t2": {"left": 0}})):
        done = desk.command("spin", "moving.py", *words, "--run", engine, "--json")
        assert done.returncode == 0, done.stderr
        assert desk.began == Counter((words[0], item) for item in items)
        found = json.loads(done.stdout)["items"]
        assert {item: {name: found[item]["artifacts"][name]["value"] for name in items[item]} for item in found} == items
    unchanged = found["r.t2"]["artifacts"]
    assert {one["change"] for one in unchanged.values()} == {"unchanged"}
    assert {entry.key: (entry.size, entry.version) for entry in run.store.entries(run.keys.root)} == before


def test_a_run_that_fails_again_elsewhere_has_what_was_done_on_both(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    first = finished(desk.fail("argo"))
    desk.broken.touch()
    assert desk.resume("here", "argo", "second").returncode == 1
    desk.broken.unlink()
    second = finished(desk.left("second"))
    assert not desk.began.keys() & first
    done = desk.resume("argo", "second", "third")
    assert done.returncode == 0, done.stderr
    assert set(desk.began) == desk.left("third").all_items() - first - second
    assert _said(done.stderr)["many"] == ["taken over from argo"], "the run in which it ran, not the one that took it over"
    assert desk.left("third").artifacts("end")["result"] == RESULT


@pytest.mark.parametrize("seed", range(7000, 7004))
def test_a_random_flow_is_taken_over_whole_however_its_foreaches_and_loops_are_cut(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowport.runtime.records.reuse.LOOKED_AT", 1_000_000)
    trial = Trial(seed, tmp_path, largest=20)
    for name, form, limits in (("first", {}, CUTS[seed % 2]), ("second", {"origin_run": "first"}, CUTS[2 + seed // 2 % 2])):
        agree_with_reference(trial, run_on_argo(trial.plan(), form, tmp_path / "store", name=name, **limits))
    found = share(open_store(str(tmp_path / "store")), Keys(trial.plan().flow.name, "second"))
    assert found is not None, trial.say("nothing was taken over")
    assert found.items == found.of, trial.say(f"{found.items} of {found.of} items were taken over")


def _said(text: str) -> dict[str, list[Any]]:
    """What a run says of the tasks of each step."""
    found: dict[str, list[Any]] = {}
    for line in text.splitlines():
        place, _, what = line.partition(" ")
        found.setdefault(place.partition("/")[0], []).append(what)
    return found
