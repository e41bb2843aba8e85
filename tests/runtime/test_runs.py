"""Runs against plain sets."""

from __future__ import annotations

import random

import pytest

from flowport.runtime.store import row_ranges


def random_rows(seed: int) -> set[int]:
    chance = random.Random(seed)
    return {row for row in range(chance.randrange(40)) if chance.random() < chance.choice((0.1, 0.5, 0.9))}


def as_runs(rows: set[int]) -> list[list[int]]:
    return row_ranges.from_rows(sorted(rows))


def test_runs_are_sorted_not_empty_and_do_not_touch() -> None:
    assert row_ranges.from_rows([0, 1, 2, 5, 7, 8]) == [[0, 3], [5, 6], [7, 9]]


def test_no_rows_are_no_runs() -> None:
    assert row_ranges.from_rows([]) == row_ranges.full(0) == []


def test_full_counts_from_zero() -> None:
    assert list(row_ranges.iterate(row_ranges.full(4))) == [0, 1, 2, 3]


def test_rank_of_a_row_that_is_not_there_counts_those_below() -> None:
    assert row_ranges.rank([[2, 4], [8, 10]], 9) == 3
    assert row_ranges.rank([[2, 4], [8, 10]], 6) == 2


@pytest.mark.parametrize("seed", range(300))
def test_runs_behave_like_sets(seed: int) -> None:
    left, right = random_rows(seed), random_rows(seed + 1000)
    a, b = as_runs(left), as_runs(right)
    assert list(row_ranges.iterate(a)) == sorted(left)
    assert row_ranges.count(a) == len(left)
    assert row_ranges.union(a, b) == as_runs(left | right)
    assert row_ranges.intersect(a, b) == as_runs(left & right)
    assert row_ranges.subtract(a, b) == as_runs(left - right)
    for row in range(45):
        assert row_ranges.contains(a, row) == (row in left)
        assert row_ranges.rank(a, row) == len([other for other in left if other < row])
