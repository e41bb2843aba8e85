"""Random flows mean on an engine what their reference says, whatever the limits."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from choice import sample
from engines.corpus_runs import TIGHT, Engines
from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store
from properties.trial import Trial

LIMITS = ({}, TIGHT, {"width": 3, "total": 9, "turns": 1}, {"turns": 0})


@sample(lambda seed: {"ab"[seed % 2], seed // 2 % len(LIMITS)}, more=1)
@pytest.mark.parametrize("seed", range(1000, 1012))
def test_a_random_flow_means_on_an_engine_what_its_reference_says(seed: int, engines: Engines, tmp_path: Path) -> None:
    trial = Trial(seed, tmp_path, largest=16)
    expected = trial.reference()
    engine, limits = "ab"[seed % 2], LIMITS[seed // 2 % len(LIMITS)]
    outcome = engines[engine].run(trial.path, {}, tmp_path / "store", **limits)
    assert outcome.ended.status == "SUCCEEDED", trial.say(f"{outcome.ended} with {limits}\n{outcome.output}")
    assert outcome.lost == [], trial.say(outcome.lost)
    found = find(open_store(outcome.store), outcome.plan.flow.name, outcome.run)
    assert Counter(found.all_items()) == Counter(expected.items), trial.say(limits)
    assert found.artifacts("end") == expected.end, trial.say(limits)
