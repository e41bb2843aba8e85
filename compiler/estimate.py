"""What a run of a compiled flow needs of its engine, in figures beside the engine's limits; `targets/*/figures.py` compute them.

A figure is a range. Its ends differ where nothing says how many items a foreach has, which way a switch goes, or how many turns a loop
takes.
"""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.record import field, record


@record
class Range:
    """A number that is known, or the least and the most that it can be."""

    low: float = 0
    high: float = 0

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.high + other.high)

    def times(self, number: Range) -> Range:
        """So many times as much."""
        return Range(self.low * number.low, self.high * number.high)

    def most(self, other: Range) -> Range:
        """The larger one."""
        return Range(max(self.low, other.low), max(self.high, other.high))

    @property
    def is_known(self) -> bool:
        """Whether it is one number."""
        return self.low == self.high


NEVER, MAYBE, ONCE = Range(), Range(0, 1), Range(1, 1)


def exactly(number: float) -> Range:
    """A number that is known."""
    return Range(number, number)


@record
class Figure:
    """What is counted, how much of it there is, and the engine's limit if it has one; `unit` is `bytes` or `USD` for what is no count."""

    name: str
    value: Range
    limit: float | None = None
    unit: str = ""

    @property
    def passes(self) -> bool:
        """Whether it is certain to be above the limit."""
        return self.limit is not None and self.value.low > self.limit

    @property
    def may_pass(self) -> bool:
        """Whether it can be above the limit."""
        return self.limit is not None and self.value.high > self.limit


@record
class Estimate:
    """The figures of a run, and what to know of them: what they assume, and what they leave out."""

    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Range:
        """A figure by its name; raises StopIteration when there is none."""
        return next(figure.value for figure in self.figures if figure.name == name)


@record
class Shape:
    """How many items a run has and which way they go, as far as that is known.

    `counts` has for each foreach, by its step and the turns of the loops around it, the number of elements of each item that came to it.
    `items` has such a number by step, for every item. `arrived` has for each step and turns the rows that came to it, counted through all
    slices of its foreach. It is None if the ways of items are not known; otherwise nobody came to what it lacks of the steps in `known`.
    `seconds` is how long an item of a step takes, if it is known.
    """

    counts: Mapping[tuple[str, tuple[int, ...]], list[int]] = field(default_factory=dict)
    items: Mapping[str, int] = field(default_factory=dict)
    arrived: Mapping[tuple[str, tuple[int, ...]], list[list[int]]] | None = None
    known: frozenset[str] = frozenset()
    seconds: Mapping[str, float] = field(default_factory=dict)

    def ways(self, step: str) -> Mapping[tuple[str, tuple[int, ...]], list[list[int]]] | None:
        """Who came to steps; None if that is not known of this one."""
        return self.arrived if step in self.known else None
