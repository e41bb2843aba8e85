"""Where the item of a test is in the foreaches and loops around its step."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from flowport.runtime.process import nodes
from flowport.runtime.records.manifest import Manifest
from flowport.runtime.records.slices import ROOT
from flowport.runtime.replay.lineage import Lineage
from flowport.runtime.store import documents, packs, row_ranges
from flowport.runtime.store.codec import Unstorable, encode

if TYPE_CHECKING:
    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.store.interface import Store

Scopes: TypeAlias = list[list[str]]
Stack: TypeAlias = Sequence[tuple[int, int, Any]]
"""For every foreach around a step, outermost first: the index of the item, the number of items, and the item. As `foreach_stack()`."""


class Place:
    """The slice and the row of an item of a step, and the splits around it."""

    def __init__(self, store: Store, step: str, scopes: Scopes, stack: Stack, gangs: Collection[str] = ()) -> None:
        self.store, self.step, self.scopes, self.slice, self.row = store, step, scopes, ROOT, 0
        self._gangs = gangs
        """The steps that start a gang."""
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
        place = Place(self.store, self.step, [], (), self._gangs)
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
        if origin in self._gangs:
            fan["gang"] = True
        document = {"arrived": [[self.row, self.row + 1]], "fan": fan}
        self._splits[origin, self.slice] = Manifest(origin, self.slice, 0, documents.dump(document))
        self.slice += ".0"
        self.row = index


def place_of(store: Store, program: CodePackage, step: str, stack: Stack | None, innermost: tuple[int | None, Any]) -> Place:
    """The place of a step's item; raises ValueError if there is no such place.

    `innermost` has the index and the item in the innermost foreach, for a test that gives no `stack`. Of a gang, the item of a node is its
    index.
    """
    plan = program.step(step)
    scopes = plan["sites"][step]["scopes"]
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
        item = index if item is None and "gang" in plan else item
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
    return Place(store, step, scopes, stack, [name for name in program.plan["steps"] if "gang" in program.step(name)["transition"]])


def node_variables(place: Place, stack: Stack | None) -> dict[str, str]:
    """The variables of a node of a gang: that of the item, of as many nodes as the foreach has items."""
    index, number = (place.row, place.row + 1) if stack is None else stack[-1][:2]
    return nodes.variables(index, number, place.lineage().address(0), "127.0.0.1", nodes.free_port())


def _encoded(item: Any, store: Store) -> bytes:
    try:
        return encode(item, store)
    except Unstorable as error:
        raise TypeError(f"the item of a foreach cannot be stored, so no step can get it: {error}") from error
