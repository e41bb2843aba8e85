"""The distribution of a feature: how many of its values are in each bin. Small enough to be stored beside a model, as JSON too."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CATEGORIES = 50
"""At most how many categories have a bin of their own: the most frequent ones."""

LEAST = 5
"""How many values a category needs for a bin of its own: how frequent rarer ones are, and which others there are, a sample does not say.

A rule of thumb for chi-squared tests: W. Cochran, "Some methods for strengthening the common chi-squared tests" (Biometrics 10(4), 1954).
"""


class Distribution(NamedTuple):
    """How many values are in each bin.

    With `ranges`, `bins` has their upper ends: `(3, 8)` stands for up to 3, more than 3 and up to 8, and more than 8. Otherwise it has the
    values that have a bin of their own, and the last of `counts` is that of all others. None, nan and pandas' NA and NaT are `missing`.
    """

    ranges: bool
    bins: tuple[Any, ...]
    counts: tuple[int, ...]
    missing: int

    @classmethod
    def of(cls, values: Iterable[Any], bins: int = 10) -> Distribution:
        """The distribution of a list, an array of NumPy or a column of pandas, whose values are numbers, texts or booleans.

        Numbers are cut into `bins` ranges with about as many values each. Texts, booleans, and at most `bins` different numbers that are
        frequent enough, are categories. Raises TypeError for other values, and for a text or a boolean among numbers that are cut into
        ranges.
        """
        if bins < 2:
            raise ValueError(f"a distribution has at least 2 bins, and not {bins}")
        known, missing = _known(values)
        counted = Counter(known)
        numbers = [value for value in known if _is_number(value)]
        ranges = _are_measured(numbers, bins) if len(numbers) == len(known) else len({*numbers}) > bins
        empty = cls(ranges, _upper_ends(numbers, bins) if ranges else _most_frequent(counted), (), 0)
        return empty._replace(counts=empty._counted(known), missing=missing)

    def same_bins(self, values: Iterable[Any]) -> Distribution:
        """The distribution of other values over the bins of this one. Raises TypeError for what is no number if the bins are ranges."""
        known, missing = _known(values)
        return self._replace(counts=self._counted(known), missing=missing)

    @property
    def total(self) -> int:
        """How many values there are, with those that are missing."""
        return sum(self.counts) + self.missing

    def to_dict(self) -> dict[str, Any]:
        """The distribution as a dictionary that Python's JSON can hold; infinity is no number in the JSON of others."""
        return {"ranges": self.ranges, "bins": [*self.bins], "counts": [*self.counts], "missing": self.missing}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Distribution:
        """The distribution that `to_dict` has turned into a dictionary."""
        return cls(document["ranges"], tuple(document["bins"]), tuple(document["counts"]), document["missing"])

    def _counted(self, known: Iterable[Any]) -> tuple[int, ...]:
        counts = [0] * (len(self.bins) + 1)
        places = {} if self.ranges else {value: place for place, value in enumerate(self.bins)}
        for value in known:
            if self.ranges and not _is_number(value):
                raise TypeError(f"{value!r} is no number, and the bins of the distribution are ranges of numbers")
            counts[bisect_left(self.bins, value) if self.ranges else places.get(value, len(self.bins))] += 1
        return tuple(counts)


def _known(values: Iterable[Any]) -> tuple[list[Any], int]:
    """The values as those of Python, and how many are missing."""
    if isinstance(values, (str, bytes, Mapping)) or getattr(values, "ndim", 1) != 1:  # they are iterated by letters, keys, columns or rows
        raise TypeError(f"a distribution is that of a list, an array or a column, and not of a `{type(values).__name__}`")
    times = getattr(getattr(values, "dtype", None), "kind", "") in ("M", "m")
    plain = [*map(_plain, values.tolist() if hasattr(values, "tolist") and not times else values)]
    known = [value for value in plain if not is_missing(value)]
    for value in known:
        if not isinstance(value, (int, float, str)):
            raise TypeError(f"a distribution has numbers, texts and booleans, and not values of type `{type(value).__name__}`")
    return known, len(plain) - len(known)


def _plain(value: Any) -> Any:
    """A value of NumPy as one of Python, but a time as it is: NumPy makes an integer of one in nanoseconds."""
    plain = value.item() if hasattr(value, "item") else value
    return value if type(value).__name__ in ("datetime64", "timedelta64") and plain is not None else plain


def is_missing(value: Any) -> bool:
    """Whether a value is None, nan, or pandas' NA or NaT."""
    return value is None or (isinstance(value, float) and value != value) or type(value).__name__ in ("NAType", "NaTType")


def _are_measured(numbers: Sequence[Any], bins: int) -> bool:
    """Whether numbers are cut into ranges: there are too many different ones for categories, or most are too rare."""
    different = len({*numbers})
    return different > bins or len(numbers) < LEAST * different


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _upper_ends(known: Sequence[Any], bins: int) -> tuple[Any, ...]:
    """The upper ends of all ranges but the last: the values that 1/bins, 2/bins, ... of all values do not exceed.

    They are values of the feature and not means of two, so nothing is rounded. A value that is more frequent than one bin should be has a
    range to itself, or values that become less than it would stay in its range. There are fewer ranges then.
    """
    ordered = sorted(known)
    least, greatest = ordered[0], ordered[-1]
    ends = Counter(ordered[-(-len(ordered) * number // bins) - 1] for number in range(1, bins))
    frequent = [end for end, times in ends.items() if end != least and (times > 1 or end == greatest)]
    below = {ordered[bisect_left(ordered, value) - 1] for value in frequent}
    return tuple(sorted((ends.keys() | below) - {greatest}))


def _most_frequent(counted: Counter[Any]) -> tuple[Any, ...]:
    """The categories that have bins, in an order that does not depend on that of the values."""
    frequent = [value for value, times in counted.items() if times >= LEAST]
    return tuple(sorted(frequent, key=lambda value: (-counted[value], str(value)))[:CATEGORIES])
