"""The inputs of a join: what the items before it left, read when asked for.

A join may have a million inputs, so an `Input` is made when it is asked for and holds nothing but its place; columns of plain values
are decoded at once and shared.
"""

from __future__ import annotations

import struct

from flowport.runtime import codec, digests
from flowport.runtime import runs as rows_of
from flowport.runtime.flow import Parameter
from flowport.runtime.kind import NOTHING, cached_property, held, is_computed
from flowport.runtime.shelf import ATOMS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from flowport.runtime.item import Item
    from flowport.runtime.runs import Runs
    from flowport.runtime.shelf import Shelf

MERGED = "*"
"""Stands among what was read for the names of all artifacts, which `merge_artifacts` looks at; no artifact has this name."""


class Stretch:
    """Consecutive rows of one manifest that are inputs of one item of a join."""

    def __init__(self, shelf: Shelf, first: int, count: int) -> None:
        self.shelf, self.first, self.count = shelf, first, count
        self.values: dict[str, list[Any] | None] = {}
        """Artifacts whose values are plain in every row, decoded; None for the others."""
        self.used: dict[str, bytearray] = {}
        """For each artifact the rows in which it was asked for."""

    @property
    def rows(self) -> Runs:
        return [[self.first, self.first + self.count]]

    def use(self, name: str) -> bytearray:
        """Where the rows are marked that were asked for an artifact."""
        if name not in self.used:
            self.values[name] = self._plain(name)
            self.used[name] = bytearray(self.count)
        return self.used[name]

    def value(self, name: str, row: int) -> Any:
        """The artifact of one row; NOTHING where it has none."""
        self.use(name)[row - self.first] = 1
        values = self.values[name]
        if values is not None:
            return values[row - self.first]
        entry = self.shelf.entry(name, row)
        return NOTHING if entry is None else self.shelf.value(name, row, entry)

    def _plain(self, name: str) -> list[Any] | None:
        column = self.shelf.own.get(name)
        if column is None:
            entry = self.shelf.shared(name, self.rows)
            if entry is None or codec.is_reference(entry[0]):
                return None
            value = self.shelf.value(name, self.first, entry[0])
            return [value] * self.count if type(value) in ATOMS else None
        if rows_of.subtract(self.rows, column["items"]):
            return None
        values = self.shelf.plain(name)
        start = rows_of.rank(column["items"], self.first)
        return values if values is None or (start == 0 and self.count == len(values)) else values[start : start + self.count]

    def entries(self, name: str) -> list[bytes | None]:
        """The entry of every row, None where it has none."""
        column = self.shelf.own.get(name)
        if column is not None and not rows_of.subtract(self.rows, column["items"]):
            found = self.shelf.stored(name, keep=column["n"] > self.count)
            start = rows_of.rank(column["items"], self.first)
            return list(found if len(found) == self.count else found[start : start + self.count])
        return [self.shelf.entry(name, row) for row in range(self.first, self.first + self.count)]

    def distinct(self, name: str) -> list[bytes | None]:
        """The entries that the rows have, each once."""
        column = self.shelf.own.get(name)
        if column is None:
            shared = self.shelf.shared(name, self.rows)
            if shared is not None:
                return list(shared)
        elif "same" in column and not rows_of.subtract(self.rows, column["items"]):
            return [self.shelf.entry(name, self.first)]
        return list(dict.fromkeys(self.entries(name)))

    def names(self) -> set[str]:
        """Every artifact that one of these rows has, whatever else is in their slice."""
        found = {name for name, column in self.shelf.own.items() if rows_of.intersect(column["items"], self.rows)}
        for group in self.shelf.classes:
            rows = rows_of.intersect(group["items"], self.rows)
            found.update(name for name in group["names"] if name not in found and self.shelf.some(name, rows))
        return found


class Input:
    """One input of a join: the artifacts of the item that came, read-only.

    Every `Inputs` has a kind of its own, on which an artifact that was asked for becomes a property: a million inputs ask the same.
    """

    __slots__ = ("_stretch", "_place", "_kept")
    _item: Item

    def __init__(self, stretch: Stretch, place: int) -> None:
        self._stretch, self._place = stretch, place

    def __getattr__(self, name: str) -> Any:
        if name == "_kept":
            self._kept: dict[str, Any] = {}
            return self._kept
        value = self._slowly(name)
        if self._stretch.values.get(name) is not None:
            setattr(type(self), name, property(_reading(name)))
        return value

    @property
    def _row(self) -> int:
        return self._stretch.first + self._place

    def _slowly(self, name: str) -> Any:
        if name in self._kept:
            return self._kept[name]
        value = NOTHING if name.startswith("__") else self._stretch.value(name, self._row)
        if value is NOTHING:
            return self._beside(name)
        if type(value) not in ATOMS:
            self._kept[name] = value
        return value

    def _beside(self, name: str) -> Any:
        """What is no artifact: a parameter, what the class has, or the item's place in its foreach."""
        lineage, work = self._stretch.shelf.lineage, self._item.work
        if name in ("index", "input"):
            return lineage.indexes(self._row)[-1][2] if name == "index" and lineage.frames else None
        if work.start.has(name):
            return self._item.parameter(name)
        if (computed := cached_property(work.kind, name)) is not None:
            value = self._kept[name] = computed.func(self)  # it would keep its value in a `__dict__`, which an input has not
            return value
        if isinstance(value := held(work.kind, name), Parameter):
            return self._item.parameter(value.attribute_of(work.kind, work.start.has))
        if value is not NOTHING:
            # What the class has sees the input as its `self`: methods and properties read the input's artifacts.
            return value.__get__(self, work.kind) if is_computed(value) else value
        if name == "foreach_stack":
            return self._stack
        if (value := work.named(name)) is not None:
            return value
        raise AttributeError(f"join `{self._item.work.step}` reads `{name}` of its input `{self._where()}`, which has no such artifact")

    def _stack(self) -> list[tuple[int, int, Any]]:
        """`foreach_stack()` of the input: the item of a foreach that the join ends is one deeper than the join."""
        around = self._item.stack()
        inner = self._stretch.shelf.lineage.indexes(self._row)[len(around) :]
        return [*around, *[(index, count, self.input) for _, _, index, count in inner]]

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("an input of a join is not a value: keep the artifacts of it that you need")

    def _where(self) -> str:
        return f"{self._stretch.shelf.step}/{self._stretch.shelf.lineage.address(self._row)}"

    def __repr__(self) -> str:
        return f"<input {self._where()}>"


def _reading(name: str) -> Callable[[Input], Any]:
    """How an artifact is read whose values are plain in most rows."""

    def read(this: Input) -> Any:
        stretch, place = this._stretch, this._place
        values = stretch.values.get(name)
        if values is None:
            return this._slowly(name)
        stretch.used[name][place] = 1
        return values[place]

    return read


class Inputs:
    """The inputs of one item of a join, in the order of the foreach or of the branches; of branches also by the name of the step."""

    def __init__(self, stretches: list[Stretch]) -> None:
        self.stretches = stretches
        self._kind: type[Input] = type("Input", (Input,), {"__slots__": ()})
        self._made: dict[int, Input] = {}
        self._merged = False

    def belong(self, item: Item) -> None:
        """Say whose inputs these are."""
        self._kind._item = item

    def __len__(self) -> int:
        return sum([stretch.count for stretch in self.stretches])

    def __iter__(self) -> Iterator[Input]:
        kind, made, before = self._kind, self._made, 0
        for stretch in self.stretches:
            for place in range(stretch.count):
                yield made[before + place] if made and before + place in made else kind(stretch, place)
            before += stretch.count

    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(len(self)))]
        try:
            number = range(len(self))[place]
        except IndexError:
            raise IndexError(f"the join has {len(self)} inputs" if len(self) else "the join has no inputs: its foreach was empty") from None
        if number not in self._made:
            before = 0
            for stretch in self.stretches:
                if number < before + stretch.count:
                    self._made[number] = self._kind(stretch, number - before)
                    break
                before += stretch.count
        return self._made[number]

    def __getattr__(self, step: str) -> Input:
        before = len(self)
        for stretch in reversed(self.__dict__.get("stretches", ())):
            if stretch.shelf.step == step:  # of a foreach the last one, as in Metaflow
                found: Input = self[before - 1]
                return found
            before -= stretch.count
        raise AttributeError(
            f"no input came from a step called `{step}`; they came from " + ", ".join(f"`{name}`" for name in self._steps())
        )

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("the inputs of a join are no value: keep the artifacts of them that you need")

    def merge(
        self, given: Iterable[Input], wanted: Callable[[str], bool], otherwise: Callable[[str], bytes | None]
    ) -> tuple[dict[str, bytes], list[str]]:
        """The artifacts in which all `given` inputs that have them agree, and the names of those in which they do not.

        `otherwise` gives what an artifact is of an input where no step has set it, as an entry.
        """
        self._merged = True
        if given is self:
            return differing(self.stretches, wanted, otherwise)
        chosen = list(given)
        found, unequal = differing([Stretch(one._stretch.shelf, one._row, 1) for one in chosen], wanted, otherwise)
        for name in (*found, *unequal):
            for one in chosen:
                one._stretch.use(name)[one._place] = 1
        return found, unequal

    def named(self) -> str:
        """One digest over the names of all artifacts that the inputs have."""
        return digests.of("\n".join(_names(self.stretches)).encode("utf-8", "surrogatepass"))[:32]

    def _steps(self) -> list[str]:
        return sorted({stretch.shelf.step for stretch in self.stretches})

    def marks(self) -> dict[str, Any]:
        """What was read of the inputs: their number, and for each artifact the inputs that were asked and one digest over it."""
        found: dict[str, Any] = {"inputs": len(self)}
        if self._merged:
            found["inputs." + MERGED] = self.named()
        names = sorted({name for stretch in self.stretches for name in stretch.used})
        for name in names:
            wanted: Runs = []
            before = 0
            for stretch in self.stretches:
                used = stretch.used.get(name, b"")
                rows = rows_of.full(len(used)) if 0 not in used else rows_of.from_rows([row for row in range(len(used)) if used[row]])
                if rows and wanted and wanted[-1][1] == before + rows[0][0]:
                    wanted[-1][1] = before + rows.pop(0)[1]
                wanted += [[before + start, before + stop] for start, stop in rows]
                before += stretch.count
            found["inputs." + name] = [wanted, self.digest(name, wanted)]
        return found

    def digest(self, name: str, wanted: list[list[int]]) -> str:
        """One digest over an artifact of some of the inputs, however they are cut into slices."""
        number, before = rows_of.count(wanted), 0
        sizes, data = digests.new(8 * number), digests.new(8 * number)
        for stretch in self.stretches:
            rows = [[start - before, stop - before] for start, stop in rows_of.intersect(wanted, [[before, before + stretch.count]])]
            before += stretch.count
            if not rows:
                continue
            stored = stretch.entries(name)
            if rows != [[0, stretch.count]]:
                stored = [entry for start, stop in rows for entry in stored[start:stop]]
            entries: list[Any] = [entry or b"" for entry in stored] if None in stored else stored
            sizes.update(struct.pack(f"<{len(entries)}Q", *map(len, entries)))
            data.update(b"".join(entries))
        return digests.of((sizes.hexdigest() + data.hexdigest()).encode())[:32]


def _names(stretches: list[Stretch]) -> list[str]:
    return sorted(set().union(*[stretch.names() for stretch in stretches]))


def differing(
    stretches: list[Stretch], wanted: Callable[[str], bool], otherwise: Callable[[str], bytes | None]
) -> tuple[dict[str, bytes], list[str]]:
    """The artifacts in which all rows that have them agree, and the names of those in which they do not."""
    found: dict[str, bytes] = {}
    unequal: list[str] = []
    for name in _names(stretches):
        if not wanted(name):
            continue
        entries: set[bytes | None] = set()
        for stretch in stretches:
            entries.update(stretch.distinct(name))
            stretch.use(name)[:] = b"\1" * stretch.count
        if None in entries:
            entries = (entries | {otherwise(name)}) - {None}
        if len(entries) == 1:
            found[name] = entries.pop()  # type: ignore[assignment]
        elif entries:
            unequal.append(name)
    return found, unequal
