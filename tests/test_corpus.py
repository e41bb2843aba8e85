"""Every flow of the corpus and every example, run on this machine by the command, comes to what `flows.expected` says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from choice import nested
from flowport.compiler.compile import load
from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store
from flows.expected import EXAMPLES, RUNS, Expected

CASES = [*RUNS, *EXAMPLES]


def run(expected: Expected, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The command's run of a flow, with everything that it leaves in `folder`."""
    command = [sys.executable, "-m", "flowport", "run", str(expected.path), "--store", str(folder / "store"), "--run-id", "one"]
    environment = {**os.environ, "FLOWPORT_CACHE": str(folder / "cache")}
    return subprocess.run([*command, *more, *expected.parameters], cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("expected", CASES, ids=[expected.id for expected in CASES])
def test_a_flow_comes_to_what_is_expected(expected: Expected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWPORT_CACHE", str(tmp_path / "cache"))
    done = run(expected, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found = find(open_store(str(tmp_path / "store")), expected.name, "one")
    end = found.artifacts(expected.last)
    assert {name: end.get(name, "is not there") for name in expected.end} == expected.end
    assert Counter(step for step, _ in found.all_items()) == expected.items
    assert not list(tmp_path.rglob("PWNED"))


@pytest.mark.parametrize("expected", [case for case in RUNS if not case.parameters][::7], ids=lambda case: str(case.id))
def test_a_process_for_each_task_from_the_beginning_changes_nothing(
    expected: Expected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWPORT_CACHE", str(tmp_path / "cache"))
    done = run(expected, tmp_path, "--no-fork")
    assert done.returncode == 0, done.stdout + done.stderr
    end = find(open_store(str(tmp_path / "store")), expected.name, "one").artifacts(expected.last)
    assert {name: end.get(name, "is not there") for name in expected.end} == expected.end


def test_the_corpus_has_no_flow_without_an_expectation() -> None:
    files = {path.name for path in CASES[0].path.parent.glob("*.py")} | {path.name for path in EXAMPLES[0].path.parent.glob("*.py")}
    assert files == {case.file for case in CASES} | {"expected.py"}


def test_the_corpus_has_every_construct_inside_every_other() -> None:
    found: set[tuple[str, str]] = set()
    for path in {case.path for case in CASES}:
        plan = load(str(path)).plan
        assert plan is not None
        found |= set(nested(plan.body))
    kinds = ("Parallel", "Map", "Choice", "Loop")
    assert found == {(outer, inner) for outer in kinds for inner in kinds}
