"""The population stability index (PSI): how far a feature has drifted from a reference, such as the data that a model was trained on.

N. Siddiqi, "Credit Risk Scorecards" (2006), has the index and its rule of thumb: below 0.1 nothing has changed, and from 0.25 on a lot.
B. Yurdakul and J. Naranjo, "Statistical properties of the population stability index" (Journal of Risk Model Validation 14(4), 2020), have
how large it is by chance: as (1/N + 1/M) times a chi-squared variable with as many degrees of freedom as there are bins, less one.
"""

from __future__ import annotations

from math import fsum, inf, log, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flowport.staleness.distributions import Distribution

SOME, MUCH = 0.1, 0.25
"""The rule of thumb."""

EMPTY = 0.5
"""How many values a bin counts for that has some in one sample and none in the other."""

QUANTILE_95 = 1.6448536269514722
"""The point that 95 % of a standard normal distribution do not exceed."""


class Drift(NamedTuple):
    """How far values are from a reference: `psi`, and what it exceeds `by_chance` in 5 % of samples of these sizes without any drift.

    That holds for samples with ten values or more for each bin. Of smaller ones up to 11 % exceed it, and more where dozens of categories
    are about as frequent as one another: those that have a bin are the ones that are too frequent in the reference by chance.
    """

    psi: float
    by_chance: float

    @property
    def level(self) -> str:
        """`none`, `some` or `much`, by the rule of thumb; `none` also for what may be chance."""
        return "none" if self.psi < SOME or self.psi <= self.by_chance else "some" if self.psi < MUCH else "much"


def drift(reference: Distribution, values: Iterable[Any]) -> Drift:
    """How far values are from a reference, over its bins; what is missing is a bin too.

    Raises ValueError where there are no values, and for a reference without bins, all of whose values are rare: nothing differs from it.
    """
    if not reference.bins and any(reference.counts):
        raise ValueError("the values of the reference are too few or too rare for bins: group them, or take more")
    now = reference.same_bins(values)
    expected, actual = (*reference.counts, reference.missing), (*now.counts, now.missing)
    found = psi(expected, actual)
    used = sum(1 for pair in zip(expected, actual) if any(pair))
    return Drift(found, _quantile_95(used - 1) * (1 / reference.total + 1 / now.total))


def psi(expected: Sequence[float], actual: Sequence[float]) -> float:
    """The index of two samples, by how many values each has in every bin: the sum of (a - e) ln(a / e) over the shares of the bins.

    A bin that is empty in one of them counts for half a value there, and a bin that is empty in both for nothing. Raises ValueError for
    samples of different lengths or without values, for what is no count, and for shares with empty bins: half a value of how many?
    """
    if len(expected) != len(actual):
        raise ValueError(f"the samples have {len(expected)} and {len(actual)} bins: count both over the same bins")
    if not all(0 <= count < inf for count in (*expected, *actual)):
        raise ValueError("the counts of a sample are numbers from 0 on, and not nan or infinite")
    whole, other = fsum(expected), fsum(actual)
    if not whole or not other:
        raise ValueError("a sample without values has no distribution")
    if 0 in (*expected, *actual) and min(whole, other) < 1.5 and any(count % 1 for count in (*expected, *actual)):
        raise ValueError("a sample is given by counts, and these are shares: multiply them by the number of its values")
    shares = (((count or EMPTY) / whole, (now or EMPTY) / other) for count, now in zip(expected, actual) if count or now)
    return fsum((now - count) * log(now / count) for count, now in shares)


def _quantile_95(degrees: int) -> float:
    """What 95 % of a chi-squared variable do not exceed, within 3 % (E. Wilson, M. Hilferty, "The distribution of chi-square", 1931)."""
    if not degrees:
        return 0.0
    part = 2 / (9 * degrees)
    return float(degrees * (1 - part + QUANTILE_95 * sqrt(part)) ** 3)
