"""Where the item of a test is in the foreaches and loops around its step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from flowport.runtime.records.manifest import Manifest
from flowport.runtime.records.slices import ROOT
from flowport.runtime.replay.lineage import Lineage
from flowport.runtime.store import documents, packs, row_ranges
from flowport.runtime.store.codec import Unstorable, encode

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

Scopes: TypeAlias = list[list[str]]
Stack: TypeAlias = Sequence[tuple[int, int, Any]]
"""For every foreach around a step, outermost first: the index of the item, the number of items, and the item. As `foreach_stack()`."""


class Place:
    """The slice and the row of an item of a step, and the splits around it."""

    def __init__(self, store: Store, step: str, scopes: Scopes, stack: Stack) -> None:
        self.store, self.step, self.scopes, self.slice, self.row = store, step, scopes, ROOT, 0
        self._splits: dict[tuple[str, str], Manifest] = {}
        frames = iter(stack)
        for kind, origin in scopes:
            if kind == "foreach":
                self._enter(origin, *next(frames))
            else:
                self.slice += ".t0"

    def need(self, step: str, slice: str) -> Manifest:
        """The manifest of a split around the item."""
        return self._splits[step, slice]

    def lineage(self) -> Lineage:
        """The lineage of the item."""
        return Lineage(self, self.scopes, self.slice)

    def below(self, origin: str, number: int) -> Place:
        """The items that the item is split into."""
        place = Place(self.store, self.step, [], ())
        place.scopes, place.slice, place.row = [*self.scopes, ["foreach", origin]], self.slice, self.row
        place._splits = dict(self._splits)
        place._enter(origin, 0, number, None)
        return place

    def _enter(self, origin: str, index: int, number: int, item: Any) -> None:
        """Go into a foreach, to one of its items: it has all of them in one slice."""
        entries = [encode(None, self.store)] * number
        if number:
            entries[index] = _encoded(item, self.store)
        packer = packs.Packer()
        values = packer.index([packer.add(entries, row_ranges.full(number))])
        packer.close(self.store)
        fan = {"n": number, "g": max(number, 1), "k": 1, "share": 1, "counts": [[number, 1]], "values": values}
        document = {"arrived": [[self.row, self.row + 1]], "fan": fan}
        self._splits[origin, self.slice] = Manifest(origin, self.slice, 0, documents.dump(document))
        self.slice += ".0"
        self.row = index


def place_of(store: Store, step: str, scopes: Scopes, stack: Stack | None, innermost: tuple[int | None, Any]) -> Place:
    """The place of a step's item; raises ValueError if there is no such place.

    `innermost` has the index and the item in the innermost foreach, for a test that gives no `stack`.
    """
    depth = sum(kind == "foreach" for kind, _ in scopes)
    if stack is None:
        index, item = innermost
        if not depth and (index is not None or item is not None):
            raise ValueError(f"step `{step}` is in no foreach: leave out `input` and `index`")
        if not isinstance(index, int | None):
            raise TypeError(f"the `index` of an item is a whole number, not `{index!r}`")
        if index is not None and index < 0:
            raise ValueError(f"the `index` of an item counts from 0, and is not {index}")
        index = index or 0
        stack = [*[(0, 1, None)] * (depth - 1), (index, index + 1, item)] if depth else []
    if not isinstance(stack, Sequence) or not all(isinstance(one, Sequence) and len(one) == 3 for one in stack):
        raise TypeError(f"`foreach_stack` is a list with `(index, number of items, item)` for each foreach, not `{stack!r}`")
    if len(stack) != depth:
        raise ValueError(f"step `{step}` is in {depth} foreaches, and `foreach_stack` has {len(stack)}")
    for index, number, _ in stack:
        if not isinstance(index, int) or not isinstance(number, int):
            raise TypeError(f"the `index` of an item and the number of items are whole numbers, not `{index!r}` and `{number!r}`")
        if not 0 <= index < number:
            raise ValueError(f"a foreach of {number} items has no item {index}")
    return Place(store, step, scopes, stack)


def _encoded(item: Any, store: Store) -> bytes:
    try:
        return encode(item, store)
    except Unstorable as error:
        raise TypeError(f"the item of a foreach cannot be stored, so no step can get it: {error}") from error
