"""Random flows mean the same in the reference, in tasks on slices of any size, and in fused blocks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from choice import sample
from properties.serial import Sizes
from properties.trial import Trial, sizes_of


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWPORT_CACHE", str(tmp_path / "cache"))


@sample(more=12)
def test_a_random_flow_means_what_its_reference_says(seed: int, tmp_path: Path) -> None:
    Trial(seed, tmp_path).run("run", sizes_of(seed))


@sample(lambda seed, **more: {seed % 3}, more=10)
def test_the_rest_of_a_loop_in_one_container_changes_nothing(seed: int, tmp_path: Path) -> None:
    trial = Trial(seed, tmp_path, largest=12)
    if not trial.sample.loops:
        trial.run("run", Sizes())
    else:
        trial.run("run", replace(sizes_of(seed), cap=seed % 3))
