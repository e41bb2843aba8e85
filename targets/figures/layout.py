"""How the items of a run are cut into the slices of an engine, as `runtime/task/manifest_document` cuts them.

A place is one slice of a block: a range of rows, counted through all slices of its foreach, and the turns of the loops around it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from flowport.compiler.estimate import MAYBE, NEVER, ONCE, Range, Shape
from flowport.compiler.ir import Foreach
from flowport.compiler.ir.plan import Block, Loop, Plan, Task, blocks
from flowport.compiler.lower.gate import first_step
from flowport.compiler.package.sites import Sites
from flowport.compiler.record import field, record, replace
from flowport.runtime.protocol import GATE
from flowport.runtime.store import row_ranges


@record
class Place:
    """The rows from `start` to `stop` of a foreach, or the run itself outside of any; and the share of slices for the foreaches inside.

    `is_known` says whether these rows are known: inside of a foreach whose number of elements is not, there is one place for all slices.
    """

    start: int
    stop: int
    share: int
    turns: tuple[int, ...] = ()
    is_known: bool = True


@record
class Limits:
    """The most slices of one foreach, and of all of one level; of the engine."""

    width: int
    total: int


@record(frozen=False, eq=False)
class Layout:
    """Answers for the plan of an engine what happens at a place."""

    plan: Plan
    shape: Shape
    limits: Limits
    _workers: dict[str, int] = field(default_factory=dict)
    _loops: dict[str, int] | None = None
    _starts: dict[tuple[str, tuple[int, ...]], list[int]] = field(default_factory=dict)

    @property
    def root(self) -> Place:
        """The run itself."""
        return Place(0, 1, self.limits.total)

    def reached(self, step: str, place: Place) -> Range:
        """Whether an item comes to a step that stands in an arm of a switch. It comes to a loop in the first turn.

        Behind a gate it does: the figures are those of a run that begins.
        """
        if self.plan.flow.start == GATE and step == first_step(self.plan.flow).name:
            return ONCE
        arrived = self.shape.ways(step)
        if not place.is_known or arrived is None:
            return MAYBE
        if self._loops is None:
            self._loops = dict(_loops(self.plan.body, 0))
        turns = (*place.turns, *[0] * (self._loops.get(step, 0) - len(place.turns)))
        rows = row_ranges.intersect(arrived.get((step, turns), []), [[place.start, place.stop]])
        return ONCE if rows else NEVER

    def fan(self, origin: str, place: Place) -> Iterator[tuple[Place, Range]]:
        """The slices of the foreach of a step, and how often there is each: more than once only where they are not known."""
        found = self._elements(origin, place)
        if found is None:
            most = self._slices(origin, place.share, None)
            yield Place(0, 1, max(1, place.share // most), place.turns, is_known=False), Range(0, most)
            return
        first, number = found
        slices = self._slices(origin, place.share, number)
        size = -(-number // slices) if slices else 1
        slices = -(-number // size)
        share = max(1, place.share // slices) if slices else place.share
        for start in range(first, first + number, size):
            yield Place(start, min(start + size, first + number), share, place.turns), ONCE

    def turns(self, header: str, place: Place) -> int | None:
        """How many turns a loop takes at a place; None if that is not known."""
        if not place.is_known or self.shape.ways(header) is None:
            return None
        turn = 0
        while self.reached(header, self.turn(place, turn)) == ONCE:
            turn += 1
        return turn

    @staticmethod
    def turn(place: Place, turn: int) -> Place:
        """The place in a turn of a loop."""
        return replace(place, turns=(*place.turns, turn))

    def _slices(self, origin: str, share: int, number: int | None) -> int:
        """How many slices a foreach is cut into; the most that there can be if its number of elements is not known."""
        transition = self.plan.flow.step(origin).transition
        assert isinstance(transition, Foreach)
        if transition.gang:
            return 1 if number is None or number else 0
        wanted = [self.limits.width, share]
        if number is not None:
            wanted.append(-(-number // transition.batch))
        if transition.max_parallel is not None:
            wanted.append(transition.max_parallel // self._workers_of(transition.target))
        return min(wanted)

    def _workers_of(self, step: str) -> int:
        """How many items a task of a step works on at the same time."""
        if not self._workers:
            self._workers = {name: site.place.workers for name, site in Sites(self.plan).of.items()}
        return self._workers[step]

    def _elements(self, origin: str, place: Place) -> tuple[int, int] | None:
        """The first element that the items of a place have in a foreach, and how many they have; None if that is not known."""
        key = (origin, place.turns)
        if place.is_known and key in self.shape.counts:
            counts = self.shape.counts[key]
            if key not in self._starts:
                self._starts[key] = [0, *accumulate(counts)]
            starts, (low, high) = self._starts[key], self._ranks(origin, place)
            if high <= len(counts):
                return starts[low], starts[high] - starts[low]
        if place.is_known and self.reached(origin, place) == NEVER:
            return place.start, 0
        transition = self.plan.flow.step(origin).transition
        shown = transition.items if isinstance(transition, Foreach) else None
        each = self.shape.items.get(origin, shown)
        return (place.start * each, (place.stop - place.start) * each) if each is not None and place.is_known else None

    def _ranks(self, origin: str, place: Place) -> tuple[int, int]:
        """Which of the items that came to a foreach those of a place are."""
        arrived = self.shape.ways(origin)
        if arrived is None:
            return place.start, place.stop
        rows = arrived.get((origin, place.turns), [])
        return row_ranges.rank(rows, place.start), row_ranges.rank(rows, place.stop)


def _loops(block: Block, around: int) -> Iterator[tuple[str, int]]:
    """How many loops are around each step of a block."""
    for node in block:
        if isinstance(node, Task):
            yield node.step, around
        for inner in blocks(node):
            yield from _loops(inner, around + isinstance(node, Loop))
