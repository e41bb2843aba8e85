"""Every flow of the corpus and every example does on the engines what it does here: the same artifacts at the end, from the same items."""

from __future__ import annotations

from typing import Any

import pytest

from choice import constructs, sample
from engines.corpus_runs import TIGHT, Here, Runs, agree
from engines.engine import Outcome, plan_of
from engines.figures import agree_with_execution, figures_of
from flowport.compiler.ir.plan import Loop, Map, walk
from flowport.targets.stepfunctions import target
from flows.expected import EXAMPLES, RUNS, Expected

CASES = [*RUNS, *EXAMPLES]
WIDE = [expected for expected in RUNS if any(isinstance(node, Map | Loop) for node in walk(plan_of(expected.path).body))]
"""The flows of the corpus that low limits change."""


@sample(constructs, more=4)
@pytest.mark.parametrize("where", ["a", "b"])
@pytest.mark.parametrize("expected", CASES, ids=[expected.id for expected in CASES])
def test_an_engine_comes_to_what_this_machine_comes_to(expected: Expected, where: str, runs: Runs, here: Here) -> None:
    outcome = runs.begin(expected, where).result()
    agree(expected, outcome, here(expected).result())
    if where == "a":  # the histories of the other one lack events of AWS
        _agree_with_figures(outcome)


@sample(constructs)
@pytest.mark.parametrize("where", ["tight"])
@pytest.mark.parametrize("expected", WIDE, ids=[expected.id for expected in WIDE])
def test_slices_and_rests_of_loops_change_nothing(expected: Expected, where: str, runs: Runs, here: Here) -> None:
    outcome = runs.begin(expected, where).result()
    agree(expected, outcome, here(expected).result())
    _agree_with_figures(outcome, **TIGHT)


def _agree_with_figures(outcome: Outcome, **profile: Any) -> None:
    """Assert that the execution used what `flowport plan` says."""
    repeated = sum(code != 0 for _, code in outcome.jobs)
    agree_with_execution(figures_of(target, outcome, **profile), outcome.events, len(outcome.jobs), repeated)
