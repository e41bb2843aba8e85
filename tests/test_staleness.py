"""The functions of `flowport.staleness`: values that are known or worked out by hand, and what holds for all samples."""

from __future__ import annotations

import json
import pickle
import random
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from math import inf, log, nan
from typing import Any

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


def test_shares_have_an_index_only_where_no_bin_is_empty() -> None:
    assert psi([0.5, 0.5], [0.6, 0.4]) == pytest.approx(0.1 * log(1.5))
    assert psi([1, 0, 0], [1, 2, 3]) > 0  # one value
    for shares in ([0.5, 0.5, 0], [0.1] * 10 + [0]):
        for samples in ((shares, [1] * len(shares)), ([1] * len(shares), shares)):
            with pytest.raises(ValueError, match="these are shares"):
                psi(*samples)


@pytest.mark.parametrize(
    ("one", "other"),
    [([0.5, 0.5], [0.0, 1.0]), (np.array([1 / 3, 1 / 3, 1 / 3, 0], "float32"), [0.25] * 4), ([0.333, 0.668, 0.0], [1, 1, 1])],
)
def test_shares_that_are_rounded_or_whole_are_found_too(one: Any, other: Any) -> None:
    for samples in ((one, other), (other, one)):
        with pytest.raises(ValueError, match="these are shares"):
            psi(*samples)


@pytest.mark.parametrize(
    "rare", [["gold", "silver", "bronze"] * 4, [f"id-{number // 4}" for number in range(1600)], [True, False] * 4, [3] * 4]
)
def test_a_reference_from_which_nothing_differs_is_an_error(rare: list[Any]) -> None:
    with pytest.raises(ValueError, match="too few or too rare"):
        drift(Distribution.of(rare), rare)
    assert drift(Distribution.of([None] * 9), rare).level == "much"


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
    assert Distribution.of([5, 5.0] * 3).same_bins([3, 5]) == Distribution(False, (5,), (1, 1), 0)
    found = Distribution.of(["b", "a", "b", True] * 5)
    assert found == Distribution(False, ("b", True, "a"), (10, 5, 5, 0), 0)
    assert found.same_bins(["new", "a", None]) == Distribution(False, ("b", True, "a"), (0, 0, 1, 1), 1)
    assert len(Distribution.of(f"id-{number // 5}" for number in range(1000)).bins) == 50


def test_what_is_rare_shares_a_bin() -> None:
    assert Distribution.of(["a"] * 9 + ["b"] * 4 + ["c"]) == Distribution(False, ("a",), (9, 5), 0)
    assert Distribution.of([1, 2, 3, 4, 4, 4, 4]) == Distribution(True, (1, 2, 3), (1, 1, 1, 4), 0)
    assert Distribution.of([7]) == Distribution(True, (), (1,), 0)


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
    for found in (Distribution.of([0.5 * number for number in range(20)] + [None, -inf]), Distribution.of(["a", True, 3] * 5)):
        assert Distribution.from_dict(json.loads(json.dumps(found.to_dict()))) == found
        assert pickle.loads(pickle.dumps(found)) == found


def test_values_that_have_no_distribution_are_errors() -> None:
    with pytest.raises(TypeError, match="not values of type `date`"):
        Distribution.of([date(2026, 1, 1)])
    with pytest.raises(TypeError, match="'new' is no number"):
        Distribution.of(range(20)).same_bins(["new"])
    with pytest.raises(TypeError, match="'new' is no number"):
        Distribution.of([*range(20), "new"])
    with pytest.raises(TypeError, match="True is no number"):
        Distribution.of([*range(20), True])
    with pytest.raises(ValueError, match="at least 2 bins"):
        Distribution.of([1], bins=1)
    with pytest.raises(ValueError, match="without values"):
        drift(Distribution.of([1, 2]), [])


@pytest.mark.parametrize("whole", ["text", b"bytes", {"a": 1}, np.zeros((3, 2)), np.array(5), np.float64(5), pd.DataFrame({"a": [1]})])
def test_what_would_be_counted_by_letters_keys_or_rows_is_an_error(whole: Any) -> None:
    with pytest.raises(TypeError, match=f"not of a `{type(whole).__name__}`"):
        Distribution.of(whole)


@pytest.mark.parametrize("unit", ["D", "us", "ns"])
@pytest.mark.parametrize("kind", ["datetime64", "timedelta64"])
def test_times_of_numpy_are_no_integers(kind: str, unit: str) -> None:
    times = np.array([1, 2, "NaT"], dtype=f"{kind}[{unit}]")
    for values in (times, [*times]):
        with pytest.raises(TypeError, match=f"values of type `{kind}`"):
            Distribution.of(values)
    assert Distribution.of(times[2:]).missing == 1
    assert Distribution.of(np.ma.array([1, 2, 3], mask=[0, 1, 0])).missing == 1


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


@pytest.mark.parametrize("count", [3, 8, 20, 150, 1000])
@pytest.mark.parametrize(
    "draw",
    [lambda of: of.random(), lambda of: f"id-{of.randrange(2000)}", lambda of: of.choice("aaaabbbccd")],
    ids=["number", "id", "category"],
)
def test_a_small_reference_does_not_make_all_that_is_new_a_drift(draw: Callable[[random.Random], Any], count: int) -> None:
    chance = random.Random(count)
    samples = [(Distribution.of([draw(chance) for _ in range(count)]), [draw(chance) for _ in range(300)]) for _ in range(40)]
    found = [drift(reference, values) for reference, values in samples if reference.bins]
    assert sum(one.psi > one.by_chance for one in found) <= 8  # 4 may be expected of 40, where one in ten exceeds it


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


@pytest.mark.parametrize("seed", range(20))
def test_no_rounding_makes_a_verdict_or_contradicts_it(seed: int) -> None:
    """Levels and weights are tenths, which no float holds exactly."""
    chance = random.Random(seed)
    for _ in range(50):
        drawn = [(chance.randrange(11), chance.randrange(1, 10), chance.random() < 0.7) for _ in range(4)]
        known = [(level, weight) for level, weight, is_known in drawn if is_known]
        all_weights, weights = sum(weight for _, weight, _ in drawn), sum(weight for _, weight in known)
        score = Fraction(sum(level * weight for level, weight in known), 10 * weights) if known else Fraction(0)
        is_stale = bool(known) and score >= Fraction(1, 2) and 2 * weights >= all_weights
        verdict = assess(Signal("a", level * 0.1 if is_known else None, 0, 1, 0.1 * weight) for level, weight, is_known in drawn)
        assert verdict.is_stale == is_stale
        assert ("is stale" in verdict.reasons[-1]) == is_stale


def test_a_sentence_shows_on_which_side_of_a_limit_a_number_is() -> None:
    near, far = Signal("a", 0.4999, 0, 1), Signal("b", None, 0, 1, weight=1.0002)
    assert assess([near]).reasons[-1] == "the score is 0.4999 and the threshold 0.5, so the model is fresh"
    assert "but only 49.995% of the weights are known and 50% are needed" in assess([near, far]).reasons[-1]
    assert "which is 1% of the way" in Signal("a", 0.001, 0, 1).reason
    assert "which is 99% of the way" in Signal("a", 0.999, 0, 1).reason


@pytest.mark.parametrize("missing", [None, nan, np.float32("nan"), pd.NA, pd.NaT])
def test_what_is_missing_is_not_known(missing: Any) -> None:
    assert Signal("a", missing, 0, 1).reason == "a is not known"
    verdict = assess([Signal("a", missing, 0, 1)], threshold=0, min_confidence=0)
    assert (verdict.is_stale, verdict.reasons[-1]) == (False, "nothing is known, so the model stays")


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


def test_a_sentence_does_not_contradict_its_verdict() -> None:
    reason = Signal("drift", 0.2499999, fresh=0.1, stale=0.25).reason
    assert reason == "drift is 0.2499999, which is 99% of the way to stale (fresh 0.1, stale 0.25)"
    near = assess([Signal("age", 0.50002, fresh=0, stale=1)], threshold=0.50004)
    assert near.reasons[-1] == "the score is 0.50 and the threshold 0.50004, so the model is fresh"
    tiny = assess([Signal("a", 1, 0, 1, weight=1e-320), Signal("b", None, 0, 1, weight=1e300)], min_confidence=0)
    assert (tiny.is_stale, tiny.reasons[-1]) == (False, "nothing is known, so the model stays")
