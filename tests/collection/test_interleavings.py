"""Runs start, resume, go on and end while collections delete what is old: nothing that a remaining run refers to is ever missing.

The requests of all of them are interleaved at random. `--seed` chooses other cases; a failure names the one that repeats it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from collection.world import DAY, HOUR, World, folder_store, object_store
from flowport.runtime.protocol import DONE, STOP
from flowport.runtime.records.life import write_heartbeat
from flowport.runtime.records.run_record import read
from flowport.runtime.run import start
from flowport.runtime.store import bucket, digests, folder
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.store.keys import Keys, blob_key
from flowport.workspace.collection import blobs
from flowport.workspace.collection import collect as collect_module
from flowport.workspace.collection.collect import collect
from flowport.workspace.collection.retention import Rule
from solo import Solo

FLOW = """
import time
from flowport import model

class Kept(FlowSpec):
    size = Parameter("size", default=1)
    text = Parameter("text", default="")

    @model
    @step
    def start(self):
        self.shared = b"s" * (70_000 + self.size)
        self.model = current.model.save(__file__)
        self.numbers = [[number, "v" * 70_000] for number in range(2)]
        self.next(self.square, foreach="numbers")

    @step
    def square(self):
        self.part = bytes([self.input[0], self.size]) * 40_000
        time.sleep(self.input[0])
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.parts = [other.part for other in inputs]
        self.merge_artifacts(inputs, include=["shared", "model"])
        self.next(self.end)

    @step
    def end(self):
        self.result = [len(part) for part in self.parts]
"""

SEEDS, ROUNDS = 20, 12
"""How many histories there are of each kind of store, and their length."""

TASKS = [("start", "s"), ("square", "s.0"), ("collect", "s"), ("end", "s")]


class Lost(Exception):
    """Something that a remaining run refers to is not what it has stored."""


class History:
    """What happens to a store: at every moment one of the runs goes on, or a new one starts, while collections are at work."""

    def __init__(self, solo: Solo, world: World, patch: pytest.MonkeyPatch) -> None:
        self.solo, self.world, self.chance = solo, world, world.chance
        self.going: dict[str, list[tuple[str, str]]] = {}
        self.started = 0
        self.actors: list[Thread] = []
        patch.setattr(time, "sleep", self._while_a_task_runs)
        solo.width = 1

    def go_on(self, rounds: int) -> None:
        """So many rounds, after each of which everything is looked at."""
        for _ in range(rounds):
            self.actors = [self.world.start(self.collect, *self._fate()) for _ in range(self.chance.randrange(3))]
            for _ in range(self.chance.randrange(1, 4)):
                self._act()
                self.world.pass_time(self.chance.random() * HOUR)
            self.world.finish(self.actors)
            self.look()
            self.world.pass_time(self.chance.choice([HOUR, DAY, 1.1 * DAY, 3 * DAY, 9 * DAY, 40 * DAY]))

    def collect(self) -> None:
        """One collection, whose requests come one after the other."""
        found = collect(self.solo.store, Rule(30 * DAY, self.chance.randrange(2)), map, self._report)
        assert found.problems == ()

    def look(self) -> None:
        """Read all that the runs have stored."""
        for run in self.solo.store.folders("flows/Kept/runs/"):
            keys = Keys("Kept", run)
            if not self.solo.store.exists(keys.run()):
                continue
            record = read(self.solo.store, keys)
            size = record.value("size")
            self._need(record.value("text") == "t" * 70_000, f"the text of {run}")
            for (step, item), artifacts in self.solo.everything(run).items():
                self._check(step, item, artifacts, size)

    def _check(self, step: str, item: str, artifacts: dict[str, Any], size: int) -> None:
        self._need(artifacts["shared"] == b"s" * (70_000 + size), "what runs share")
        self._need(self.solo.store.exists(artifacts["model"]["key"]), "a model")
        if step == "square":
            self._need(artifacts["part"] == bytes([int(item[-1]), size]) * 40_000, f"the part of {item}")
        if step == "end":
            self._need(artifacts["result"] == [80_000, 80_000], "the result")

    @staticmethod
    def _need(is_there: bool, what: str) -> None:
        if not is_there:
            raise Lost(what)

    def _act(self) -> None:
        """A run goes on with one task or with all, or a new one starts."""
        there = [run for run in self.going if self.solo.store.exists(Keys("Kept", run).run())]
        run = self._start() if not there or self.chance.random() < 0.4 else self.chance.choice(there)
        for _ in range(self.chance.choice([1, 2, 4])):
            if not self._perform(run):
                break

    def _start(self) -> str:
        """A new run, which may resume an earlier one."""
        self.started += 1
        run = f"run-{self.started}"
        given: dict[str, Any] = {"parameters": {"size": self.chance.randrange(2), "text": "t" * 70_000}}
        origins = self.solo.store.folders("flows/Kept/runs/")
        if origins and self.chance.random() < 0.6:
            given = {"origin_run": self.chance.choice(origins), "parameters": {}}
        self.solo.store.create(Keys("Kept", run).input(), json.dumps(given).encode())
        self.going[run] = [*TASKS]
        return run

    def _perform(self, run: str) -> bool:
        """The next task of a run; whether another one follows."""
        tasks = self.going[run]
        code = self.solo.perform(*tasks[0], run=run)
        if code != DONE:
            assert code == STOP or not self.solo.store.exists(Keys("Kept", run).run())
            del self.going[run]
            return False
        tasks.pop(0)
        if not tasks:
            del self.going[run]
        return bool(tasks)

    def _while_a_task_runs(self, seconds: float) -> None:
        """Days pass, and a collection, in the second item, when the first one has stored what no document names yet."""
        if not seconds or self.chance.random() < 0.7:
            return
        self.world.finish(self.actors)  # a collection does not take days
        for _ in range(self.chance.choice([1, 2, 9])):
            self.world.pass_time(DAY)
            for run in self.going:
                if self.solo.store.exists(Keys("Kept", run).run()):
                    write_heartbeat(self.solo.store, Keys("Kept", run))
        self.collect()

    def _fate(self) -> tuple[int | None, float]:
        """After how many requests a collection is killed, and how much its clock is ahead."""
        killed = self.chance.randrange(1, 300) if self.chance.random() < 0.3 else None
        return killed, self.chance.choice([0.0, -0.4 * HOUR, 0.4 * HOUR])

    def _report(self, text: str) -> None:
        raise AssertionError(text)


STORES = {"folder": folder_store, "object store": object_store}


def happen(kind: str, seed: int, rounds: int, path: Path, patch: pytest.MonkeyPatch) -> None:
    """A history of a store of this kind."""
    with patch.context() as here:
        world = World(seed, here)
        store: Any = STORES[kind](world, here, path / f"{seed}")
        History(Solo(path, FLOW, store), world, here).go_on(rounds)
        world.finish(())


@pytest.mark.parametrize("kind", STORES)
def test_nothing_that_a_run_refers_to_is_ever_missing(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    first = request.config.option.seed
    for seed in range(first, first + SEEDS):
        try:
            happen(kind, seed, ROUNDS, tmp_path, monkeypatch)
        except Exception as error:
            raise AssertionError(f"--seed {seed}") from error


def _write_nothing_again(patch: pytest.MonkeyPatch) -> None:
    """An old blob that is there is neither sent again nor dated anew."""
    put = bucket.BucketStore.put_blob

    def put_new(store: bucket.BucketStore, parts: Any) -> tuple[str, int]:
        data = b"".join(parts)
        sha = digests.of(data)
        return (sha, len(data)) if store.exists(blob_key(sha)) else put(store, [data])

    patch.setattr(bucket.BucketStore, "put_blob", put_new)
    patch.setattr(bucket, "_is_old", lambda found: False)
    patch.setattr(folder, "DAY", float("inf"))
    _read_no_copies(patch)  # which would save an object store


def _read_no_copies(patch: pytest.MonkeyPatch) -> None:
    """A reader does not look for a copy of a blob that is missing, and nothing is put back."""
    patch.setattr(bucket, "wherever", lambda store, key, read: read(key))
    patch.setattr(blobs.Garbage, "keep", lambda garbage, needed: [garbage.blobs.pop(sha, None) for sha in needed])


def _announce_nothing(patch: pytest.MonkeyPatch) -> None:
    """A run that resumes another one does not look whether that is about to be deleted."""
    patch.setattr(start, "_resumable", lambda record, store, flow: record)


def _forget_tasks(patch: pytest.MonkeyPatch) -> None:
    """A collection does not care for what tasks of running runs have stored."""
    patch.setattr(collect_module, "_may_go_on", lambda run, now: False)
    _read_no_copies(patch)  # which would save an object store


@pytest.mark.parametrize(
    ("kind", "harm"),
    [
        ("folder", _write_nothing_again),
        ("object store", _write_nothing_again),
        ("folder", _announce_nothing),
        ("folder", _forget_tasks),
        ("object store", _announce_nothing),
        ("object store", _forget_tasks),
    ],
)
def test_something_is_missing_without_each_of_the_rules(
    kind: str, harm: Callable[[pytest.MonkeyPatch], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the rule, nothing is missing in the same history."""
    for seed in range(300):
        with monkeypatch.context() as patch:
            harm(patch)
            try:
                happen(kind, seed, ROUNDS, tmp_path / "harmed", patch)
            except (Lost, Missing, Corrupt):
                break
            except (AssertionError, StoreError):  # a task or a collection that ended otherwise than it should is no proof
                continue
    else:
        pytest.fail("nothing is missing")
    happen(kind, seed, ROUNDS, tmp_path / "whole", monkeypatch)
