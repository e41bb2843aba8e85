"""The functions of `flowport.staleness`: values that are known or worked out by hand, and what holds for all samples."""

from __future__ import annotations

import json
import pickle
import random
from datetime import date
from math import inf, log, nan

import numpy as np
import pandas as pd
import pytest

from flowport.staleness import Distribution, Drift, Signal, assess, drift, psi


@pytest.mark.parametrize(
    ("expected", "actual", "index"),
    [
        ((50, 50), (60, 40), 0.1 * log(0.6 / 0.4)),
        ((10, 90), (90, 10), 1.6 * log(9)),
        ((1, 2, 3), (10, 20, 30), 0),
        ((10, 0), (10, 0), 0),
        ((10, 0), (5, 5), -0.5 * log(0.5) + 0.45 * log(0.5 / 0.05)),  # half a value of ten where there is none
        ((5, 5), (10, 0), -0.5 * log(0.5) + 0.45 * log(0.5 / 0.05)),
    ],
)
def test_the_index_is_the_sum_over_all_bins(expected: tuple[int, ...], actual: tuple[int, ...], index: float) -> None:
    assert psi(expected, actual) == pytest.approx(index, abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_the_index_is_a_distance_that_no_order_of_bins_changes(seed: int) -> None:
    chance = random.Random(seed)
    one, other = ([chance.randrange(40) for _ in range(8)] + [1] for _ in "ab")
    found = psi(one, other)
    order = chance.sample(range(9), 9)
    assert found >= 0
    assert psi(other, one) == pytest.approx(found)
    assert psi([one[place] for place in order], [other[place] for place in order]) == pytest.approx(found)
    assert psi([7 * count for count in one], one) == pytest.approx(0, abs=1 if 0 in one else 1e-12)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [((1, 2), (1, 2, 3)), ((0, 0), (1, 2)), ((1, 2), (0, 0)), ((1, nan), (1, 2)), ((1, 2), (1, inf)), ((3, -1), (1, 2))],
)
def test_what_has_no_index_is_an_error(expected: tuple[float, ...], actual: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"same bins|without values|from 0 on"):
        psi(expected, actual)


def test_numbers_are_cut_into_ranges_with_as_many_values_each() -> None:
    found = Distribution.of(range(100, 0, -1), bins=4)
    assert found == Distribution(True, (25, 50, 75), (25, 25, 25, 25), 0)
    assert found.same_bins([-inf, 25, 25.5, 75.1, inf]) == Distribution(True, (25, 50, 75), (2, 1, 0, 2), 0)
    assert Distribution.of([0] * 90 + [*range(1, 11)], bins=4) == Distribution(True, (0,), (90, 10), 0)


def test_a_value_that_is_too_frequent_for_a_range_has_one_to_itself() -> None:
    """As the cap of a score."""
    capped = Distribution.of([0.5 * number for number in range(11)] + [9.0] * 200)
    assert capped == Distribution(True, (5.0,), (11, 200), 0)
    assert drift(capped, [9.0] * 100 + [3.0] * 100).level == "much"
    near = Distribution.of([0.5 * number for number in range(11)] + [9.0] * 200 + [9.5])
    assert near == Distribution(True, (5.0, 9.0), (11, 200, 1), 0)
    assert drift(near, [3.0] * 200).level == "much"
    assert Distribution.of([*range(1, 101)] + [200] * 60, bins=4) == Distribution(True, (40, 80, 100), (40, 40, 20, 60), 0)


def test_few_different_numbers_texts_and_booleans_are_categories() -> None:
    assert Distribution.of([5, 5.0, 5]).same_bins([3, 5]) == Distribution(False, (5,), (1, 1), 0)
    found = Distribution.of(["b", "a", "b", True])
    assert found == Distribution(False, ("b", True, "a"), (2, 1, 1, 0), 0)
    assert found.same_bins(["new", "a", None]) == Distribution(False, ("b", True, "a"), (0, 0, 1, 1), 1)
    assert len(Distribution.of(f"id-{number}" for number in range(1000)).bins) == 50


def test_what_is_missing_is_counted_apart() -> None:
    assert Distribution.of([None, nan, np.nan, pd.NA, pd.NaT, 1, 2]).missing == 5
    assert Distribution.of([]) == Distribution(False, (), (0,), 0)
    assert Distribution.of([None]).total == 1


@pytest.mark.parametrize("kind", [np.array, pd.Series, lambda values: list(np.array(values)), iter])
def test_columns_of_numpy_and_pandas_are_as_lists(kind: object) -> None:
    values = [*range(40)]
    found = Distribution.of(kind(values))  # type: ignore[operator]
    assert found == Distribution.of(values)
    assert {type(end) for end in found.bins} == {int}


def test_a_distribution_can_be_stored() -> None:
    for found in (Distribution.of([0.5 * number for number in range(20)] + [None]), Distribution.of(["a", True, 3])):
        assert Distribution.from_dict(json.loads(json.dumps(found.to_dict()))) == found
        assert pickle.loads(pickle.dumps(found)) == found


def test_values_that_have_no_distribution_are_errors() -> None:
    with pytest.raises(TypeError, match="not values of type `date`"):
        Distribution.of([date(2026, 1, 1)])
    with pytest.raises(TypeError, match="'new' is no number"):
        Distribution.of(range(20)).same_bins(["new"])
    with pytest.raises(ValueError, match="at least 2 bins"):
        Distribution.of([1], bins=1)
    with pytest.raises(ValueError, match="without values"):
        drift(Distribution.of([1, 2]), [])


def test_drift_is_that_over_the_bins_of_the_reference() -> None:
    reference = Distribution.of(["a"] * 50 + ["b"] * 50)
    assert drift(reference, ["a"] * 60 + ["b"] * 40).psi == pytest.approx(0.1 * log(1.5))
    assert drift(reference, ["a"] * 50 + [None] * 50).psi > drift(reference, ["a"] * 50 + ["c"] * 50).psi - 1e-12 > 1
    assert drift(reference, ["a", "b"]) == Drift(0.0, pytest.approx(3.841 * (1 / 100 + 1 / 2), rel=0.03))


def test_drift_of_small_samples_may_be_chance() -> None:
    chance = random.Random(7)
    found = []
    for _ in range(40):
        reference = Distribution.of([chance.gauss(0, 1) for _ in range(1000)])
        found += [drift(reference, [chance.gauss(0, 1) for _ in range(100)]) for _ in range(10)]
    assert 0.03 < sum(one.psi > one.by_chance for one in found) / len(found) < 0.1
    assert sum(one.psi >= 0.1 for one in found) > 100
    assert all(one.level == "none" for one in found if one.psi <= one.by_chance)


@pytest.mark.parametrize(("psi", "by_chance", "level"), [(0.09, 0, "none"), (0.1, 0, "some"), (0.25, 0, "much"), (0.3, 0.3, "none")])
def test_a_level_is_that_of_the_rule_of_thumb(psi: float, by_chance: float, level: str) -> None:
    assert Drift(psi, by_chance).level == level


@pytest.mark.parametrize(
    ("signal", "level", "reason"),
    [
        (Signal("drift", 0.175, 0.1, 0.25), 0.5, "drift is 0.175, which is 50% of the way to stale (fresh 0.1, stale 0.25)"),
        (Signal("age", 40, 4, 26, note="weeks"), 1, "age is 40, which is stale (fresh 4, stale 26): weeks"),
        (Signal("accuracy", 0.95, 0.9, 0.8), 0, "accuracy is 0.95, which is fresh (fresh 0.9, stale 0.8)"),
        (Signal("error", None, 1, 1.2, note="no labels"), None, "error is not known: no labels"),
        (Signal("error", nan, 1, 1.2), None, "error is not known"),
        (Signal("error", 10**400, 0, 1), 1, "error is inf, which is stale (fresh 0, stale 1)"),
        (Signal("error", -(10**400), 0, 1), 0, "error is -inf, which is fresh (fresh 0, stale 1)"),
    ],
)
def test_a_signal_says_how_far_it_is_on_the_way_to_stale(signal: Signal, level: float | None, reason: str) -> None:
    assert signal.level == (None if level is None else pytest.approx(level))
    assert signal.reason == reason


def test_a_verdict_weighs_what_is_known() -> None:
    drift, age = Signal("drift", 0.25, 0.1, 0.25, weight=2), Signal("age", 4, 4, 26)
    error = Signal("error", None, 1, 1.2, weight=3, note="no labels")
    verdict = assess([drift, age, error])
    assert verdict[:3] == (True, pytest.approx(2 / 3), 0.5)
    assert verdict.reasons[2:] == (
        "error is not known: no labels",
        "the score is 0.67 and the threshold 0.5, so the model is stale, by 50% of the weights",
    )
    assert assess([drift, age, error._replace(value=1)])[:3] == (False, pytest.approx(1 / 3), 1)
    assert not assess([drift, age, error], min_confidence=0.6).is_stale
    assert assess([error])[:3] == (False, 0, 0)
    assert assess([error]).reasons[-1] == "nothing is known, so the model stays"


@pytest.mark.parametrize(
    "signals",
    [
        *([], [Signal("a", 1, 0, 1, 0)], [Signal("a", 1, 0, 1, -1)], [Signal("a", 1, 2, 2)]),
        *([Signal("a", 1, 0, 1, nan)], [Signal("a", 1, 0, 1, inf)], [Signal("a", 1, nan, 1)], [Signal("a", 1, 0, -inf)]),
        [Signal("a", 1, 0, 10**400)],
    ],
)
def test_signals_that_cannot_be_weighed_are_errors(signals: list[Signal]) -> None:
    with pytest.raises(ValueError, match="weight"):
        assess(signals)


@pytest.mark.parametrize("odd", [nan, inf, -inf])
def test_a_threshold_that_no_score_can_be_compared_with_is_an_error(odd: float) -> None:
    for limits in ({"threshold": odd}, {"min_confidence": odd}):
        with pytest.raises(ValueError, match="nan or infinite"):
            assess([Signal("a", 1, 0, 1)], **limits)
