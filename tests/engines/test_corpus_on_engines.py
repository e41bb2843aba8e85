"""Every flow of the corpus and every example does on the engines what it does here: the same artifacts at the end, from the same items."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from engines.corpus_runs import Runs
from engines.engine import plan_of
from flowport.compiler.plan import Loop, Map, walk
from flowport.runtime.reader import find
from flowport.runtime.store import open_store
from flows.expected import EXAMPLES, RUNS, Expected

CASES = [*RUNS, *EXAMPLES]
WIDE = [expected for expected in CASES if any(isinstance(node, Map | Loop) for node in walk(plan_of(expected.path).body))]
"""The cases that low limits change."""


@pytest.mark.parametrize("where", ["a", "b"])
@pytest.mark.parametrize("expected", CASES, ids=[expected.id for expected in CASES])
def test_an_engine_comes_to_what_this_machine_comes_to(expected: Expected, where: str, runs: Runs) -> None:
    same(expected, where, runs)


@pytest.mark.parametrize("where", ["tight"])
@pytest.mark.parametrize("expected", WIDE, ids=[expected.id for expected in WIDE])
def test_slices_and_rests_of_loops_change_nothing(expected: Expected, where: str, runs: Runs) -> None:
    same(expected, where, runs)


def same(expected: Expected, where: str, runs: Runs) -> None:
    """The engine's own word counts for nothing: its artifacts, its items, and the jobs behind them do."""
    outcome = runs.begin(expected, where).result()
    assert outcome.ended.status == "SUCCEEDED", f"{outcome.ended}\n{outcome.output}"
    assert outcome.lost == []
    here = find(open_store(runs.here(expected).result()), expected.name, "one")
    there = find(open_store(outcome.store), expected.name, "one")
    assert there.all_items() == here.all_items()
    assert Counter(step for step, _ in there.all_items()) == expected.items
    end = there.artifacts(expected.last)
    assert {name: end.get(name, "is not there") for name in expected.end} == expected.end
    assert equal(end, here.artifacts(expected.last))


def equal(one: Any, other: Any) -> bool:
    """Equality of artifacts, element by element where `==` is not one answer."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple) and type(one) is type(other):
        return len(one) == len(other) and all(map(equal, one, other))
    if hasattr(one, "shape"):
        return bool(one.shape == other.shape and (one == other).all())
    return bool(one == other) or repr(one) == repr(other)
