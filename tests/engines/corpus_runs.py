"""Runs of the corpus: on this machine, on engine A of Step Functions, on engine B, and on A with low limits."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

from engines.engine import Engine, Outcome, engine_a, engine_b
from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store
from flows.expected import Expected
from properties.trial import Trial

TIGHT = {"width": 2, "total": 4, "turns": 2}
"""Limits so low that small flows meet them: slices of several items, loops that end in one task."""


class Engines:
    """Both engines, each started when it is first asked for; `python` gives the Python of ministack's environment."""

    def __init__(self, stack: ExitStack, python: Callable[[], Path]) -> None:
        self._stack, self._python = stack, python
        self._up: dict[str, Engine] = {}

    def __getitem__(self, name: str) -> Engine:
        if name not in self._up:
            self._up[name] = self._stack.enter_context(engine_a() if name == "a" else engine_b(self._python()))
        return self._up[name]


class Result(Protocol):
    """What became of a run on an engine, in the words of the engine and in a store."""

    store: str
    run: str

    @property
    def succeeded(self) -> bool: ...

    @property
    def said(self) -> str: ...

    @property
    def lost(self) -> list[str]: ...


class Here:
    """Runs of the corpus on this machine, one of each; each is a future of the store that it is in."""

    def __init__(self, folder: Path, pool: ThreadPoolExecutor) -> None:
        self._folder, self._pool = folder, pool
        self._begun: dict[str, Future[str]] = {}

    def __call__(self, expected: Expected) -> Future[str]:
        if expected.id not in self._begun:
            self._begun[expected.id] = self._pool.submit(_run_here, expected, self._folder / f"local-{len(self._begun)}")
        return self._begun[expected.id]


class Runs:
    """The runs on the engines that the selected tests ask for, begun at once and in their order; each is a future."""

    def __init__(self, engines: Engines, folder: Path, pool: ThreadPoolExecutor) -> None:
        self._engines, self._folder, self._pool = engines, folder, pool
        self._begun: dict[tuple[str, str], Future[Outcome]] = {}

    def begin(self, expected: Expected, where: str) -> Future[Outcome]:
        """The run of a flow on `a`, `b`, or `tight`: on A with low limits."""
        key = expected.id, where
        if key not in self._begun:
            engine = self._engines["a" if where == "tight" else where]
            profile = TIGHT if where == "tight" else {}
            store = self._folder / f"{where}-{len(self._begun)}"
            self._begun[key] = self._pool.submit(engine.run, expected.path, given(expected), store, **profile)
        return self._begun[key]


def given(expected: Expected) -> dict[str, Any]:
    """The parameters of a case as an execution's input."""
    found: dict[str, list[str]] = {}
    for name, value in zip(expected.parameters[::2], expected.parameters[1::2]):
        found.setdefault(name.removeprefix("--"), []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}


def _run_here(expected: Expected, store: Path) -> str:
    command = [sys.executable, "-m", "flowport", "run", str(expected.path), "--store", str(store), "--run-id", "one", "--quiet"]
    done = subprocess.run([*command, *expected.parameters], cwd=os.sep, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return str(store)


def agree(expected: Expected, outcome: Result, here: str) -> None:
    """Assert that an engine did what this machine did, whose run is in the store `here`.

    The engine's own word counts for nothing: its artifacts, its items, and the jobs behind them do.
    """
    assert outcome.succeeded, outcome.said
    assert outcome.lost == []
    local, remote = (find(open_store(store), expected.name, run) for store, run in ((here, "one"), (outcome.store, outcome.run)))
    assert remote.all_items() == local.all_items()
    assert Counter(step for step, _ in remote.all_items()) == expected.items
    end = remote.artifacts(expected.last)
    assert {name: end.get(name, "is not there") for name in expected.end} == expected.end
    assert equal(end, local.artifacts(expected.last))


def agree_with_reference(trial: Trial, outcome: Result) -> None:
    """Assert that an engine did with a random flow what its reference says."""
    expected = trial.reference()
    assert outcome.succeeded, trial.say(outcome.said)
    assert outcome.lost == [], trial.say(outcome.lost)
    found = find(open_store(outcome.store), trial.plan().flow.name, outcome.run)
    assert Counter(found.all_items()) == Counter(expected.items), trial.say("other items")
    assert found.artifacts("end") == expected.end, trial.say("other artifacts")


def equal(one: Any, other: Any) -> bool:
    """Equality of artifacts, element by element where `==` is not one answer."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple) and type(one) is type(other):
        return len(one) == len(other) and all(map(equal, one, other))
    if hasattr(one, "shape"):
        return bool(one.shape == other.shape and (one == other).all())
    return bool(one == other) or repr(one) == repr(other)
