"""Of a large test enough cases run: every behaviour is shown, the same seed chooses the same, and `--nightly` runs all."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import progress
from choice import Choice, constructs
from flows.expected import EXAMPLES, RUNS

HERE = Path(__file__).resolve().parent
CASES = [*RUNS, *EXAMPLES]


def choice(seed: int = 0, nightly: bool = False) -> Choice:
    config: Any = SimpleNamespace(getoption={"--seed": seed, "--nightly": nightly}.__getitem__)
    return Choice(config)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_the_corpus_shows_is_shown_by_the_cases_that_are_chosen(seed: int) -> None:
    chosen = choice(seed)("a", CASES, constructs, 0)
    assert set().union(*map(constructs, chosen)) == set().union(*map(constructs, CASES))
    assert len(chosen) < len(CASES) * 0.6
    assert choice(seed)("a", CASES, constructs, 0) == chosen
    assert len(choice(seed)("a", CASES, constructs, 7)) == len(chosen) + 7


@pytest.mark.parametrize("seed", range(5))
def test_every_part_of_the_interface_has_a_flow_in_every_session(seed: int) -> None:
    parts = {
        *("configured", "graph_and_errors", "in_a_project", "more_parameters", "placed", "reads_itself", "secret_variables"),
        *("smaller_names", "step_decorators", "stored_objects", "surroundings", "with_packages"),
    }
    assert parts <= {case.path.stem for case in choice(seed)("a", CASES, constructs, 0)}


def test_another_seed_and_another_test_choose_others_in_the_order_of_all() -> None:
    chosen = [choice(seed)(name, range(100), lambda number: (), 10) for seed in range(3) for name in ("a", "b")]
    assert len({tuple(each) for each in chosen}) == 6
    assert all(each == sorted(each) for each in chosen)


def test_a_nightly_session_runs_all() -> None:
    assert choice(nightly=True)("a", CASES, constructs, 0) == CASES


SESSION = """
import pytest

from choice import sample


@sample(lambda one, other: {one}, more=2)
@pytest.mark.parametrize("one", range(3))
@pytest.mark.parametrize("other", range(10))
def test_large(one, other):
    pass


def test_small():
    pass
"""


@pytest.mark.parametrize(
    ("words", "counts"),
    [((), "6 passed"), (("--nightly",), "31 passed"), (("-k", "test_large and 1-"), "3 passed")],
)
def test_what_is_not_chosen_is_deselected_in_every_process(words: tuple[str, ...], counts: str, tmp_path: Path) -> None:
    (tmp_path / "test_session.py").write_text(SESSION)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "conftest", *words]
    done = progress.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(HERE)}, capture_output=True, text=True)
    assert counts in done.stdout
    assert ("all cases" if "--nightly" in words else "cases chosen by --seed ") in done.stdout
