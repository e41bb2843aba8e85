"""Whether a model is stale, by several signals with weights: drift, age, error on late labels, or what else you measure."""

from __future__ import annotations

from math import fsum, inf, isclose, isfinite, isnan
from typing import TYPE_CHECKING, NamedTuple

from flowport.staleness.distributions import is_missing

if TYPE_CHECKING:
    from collections.abc import Iterable


class Signal(NamedTuple):
    """A measured `value` between `fresh` and `stale`; None, nan or pandas' NA for one that is not known, and then `note` says why.

    `stale` may be less than `fresh`: `Signal("accuracy", 0.85, fresh=0.9, stale=0.8)`.
    """

    name: str
    value: float | None
    fresh: float
    stale: float
    weight: float = 1.0
    note: str = ""

    @property
    def level(self) -> float | None:
        """How far the value is on the way from fresh, 0, to stale, 1; None for a value that is not known."""
        value = _known(self.value)
        return None if value is None else min(max((value - self.fresh) / (self.stale - self.fresh), 0.0), 1.0)

    @property
    def reason(self) -> str:
        """What the signal says, as a sentence."""
        note = f": {self.note}" if self.note else ""
        if self.level is None:
            return f"{self.name} is not known{note}"
        kinds = {0.0: "fresh", 1.0: "stale"}
        kind = kinds.get(self.level, f"{min(max(self.level, 0.01), 0.99):.0%} of the way to stale")
        # With as many digits as show on which side of the limits it is.
        texts = (f"{_known(self.value):.{digits}g}" for digits in range(4, 18))
        value = next(text for text in texts if kinds.get(self._replace(value=float(text)).level or 0.0) == kinds.get(self.level))
        return f"{self.name} is {value}, which is {kind} (fresh {self.fresh:.15g}, stale {self.stale:.15g}){note}"


class Staleness(NamedTuple):
    """A verdict: `score` is the mean level of the signals that are known, and `confidence` their share of all weights."""

    is_stale: bool
    score: float
    confidence: float
    reasons: tuple[str, ...]


def assess(signals: Iterable[Signal], threshold: float = 0.5, min_confidence: float = 0.5) -> Staleness:
    """The verdict over signals: stale where the score reaches the threshold and enough is known.

    A signal that is not known counts neither as fresh nor as stale; where none is known, the model is not stale. Raises ValueError for
    signals that cannot be weighed.
    """
    given = [*signals]
    for one in given:
        if not (_are_finite(one.weight, one.fresh, one.stale) and one.weight >= 0 and one.fresh != one.stale):
            needs = "a weight of at least 0, and a value of `stale` that is not that of `fresh`, none of them nan or infinite"
            raise ValueError(f"the signal `{one.name}` needs {needs}")
    if not _are_finite(threshold, min_confidence):
        raise ValueError("`threshold` and `min_confidence` are numbers, and not nan or infinite")
    weight = fsum(one.weight for one in given)
    if not weight:
        raise ValueError("a verdict needs a signal with a weight")
    known = [(one.weight, one.level) for one in given if one.level is not None]
    known_weight = fsum(each for each, _ in known)
    confidence = known_weight / weight
    score = fsum(each * level for each, level in known) / known_weight if known_weight else 0.0
    is_stale = confidence > 0 and _reaches(score, threshold) and _reaches(confidence, min_confidence)
    return Staleness(is_stale, score, confidence, (*(one.reason for one in given), _summary(score, confidence, threshold, min_confidence)))


def _known(value: float | None) -> float | None:
    """A value; None for one that is missing, and infinity for an int that no float can hold."""
    if value is None or is_missing(value):
        return None
    try:
        number = float(value)
    except OverflowError:
        number = inf if value > 0 else -inf
    return None if isnan(number) else number  # as numpy.float32 has it, which is no float of Python


def _are_finite(*numbers: float) -> bool:
    try:
        return all(map(isfinite, numbers))
    except OverflowError:  # an int that no float can hold
        return False


def _reaches(number: float, limit: float) -> bool:
    """Whether a number is at least the limit, or less only because it was rounded."""
    return number >= limit or isclose(number, limit)


def _apart(number: float, limit: float, unit: str) -> str:
    """A number with as many digits as show on which side of the limit it is; `unit` is `f`, or `%` for one in percent."""
    first, of_one = (2, 1) if unit == "f" else (0, 100)
    texts = (f"{number:.{digits}{unit}}" for digits in range(first, 17))
    return next((text for text in texts if _reaches(float(text.rstrip("%")), limit * of_one) == _reaches(number, limit)), str(number))


def _summary(score: float, confidence: float, threshold: float, min_confidence: float) -> str:
    if not confidence:
        return "nothing is known, so the model stays"
    said = f"the score is {_apart(score, threshold, 'f')} and the threshold {threshold:.15g}"
    if not _reaches(confidence, min_confidence):
        known = f"only {_apart(confidence, min_confidence, '%')} of the weights are known"
        return f"{said}, but {known} and {100 * min_confidence:.15g}% are needed, so the model stays"
    known = f", by {_apart(confidence, 1, '%')} of the weights" if confidence < 1 else ""
    return f"{said}, so the model {'is stale' if _reaches(score, threshold) else 'is fresh'}{known}"
