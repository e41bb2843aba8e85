"""The inputs of a join, as a step sees them.

A join may have a million inputs. So an `Input` is created on access and holds only its position, and columns of plain values are decoded
at once and shared.
"""

from __future__ import annotations

from flowport.runtime.joins.input_ranges import InputRange, differing
from flowport.runtime.names.flow import Parameter
from flowport.runtime.package.class_attributes import NOTHING, cached_property, held, is_computed
from flowport.runtime.replay.artifact_view import ATOMS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Protocol

    from flowport.runtime.joins.input_ranges import InputRanges

    class JoinContext(Protocol):
        """What a join knows beside its inputs' artifacts."""

        @property
        def step(self) -> str:
            """The join."""

        @property
        def flow_class(self) -> type:
            """The user's class."""

        def has_parameter(self, name: str) -> bool:
            """Whether the run has a value for the parameter with this attribute."""

        def parameter(self, name: str) -> Any:
            """A parameter's value."""

        def named(self, name: str) -> str | None:
            """The name of the flow or of its file."""

        def stack(self) -> list[tuple[int, int | None, Any]]:
            """`foreach_stack()` of the join."""


class Input:
    """One input of a join: the artifacts of the item that came, read-only.

    Each `Inputs` has a subclass of its own. An artifact that was read becomes a property of it, because a million inputs read the same.
    """

    __slots__ = ("_rows", "_place", "_kept")
    _context: JoinContext

    def __init__(self, rows: InputRange, place: int) -> None:
        self._rows, self._place = rows, place

    def __getattr__(self, name: str) -> Any:
        if name == "_kept":
            self._kept: dict[str, Any] = {}
            return self._kept
        value = self._slowly(name)
        if self._rows.values.get(name) is not None:
            setattr(type(self), name, property(_reading(name)))
        return value

    @property
    def _row(self) -> int:
        return self._rows.first + self._place

    def _slowly(self, name: str) -> Any:
        if name in self._kept:
            return self._kept[name]
        value = NOTHING if name.startswith("__") else self._rows.value(name, self._row)
        if value is NOTHING:
            return self._beside(name)
        if type(value) not in ATOMS:
            self._kept[name] = value
        return value

    def _beside(self, name: str) -> Any:
        """What is no artifact: a parameter, what the class has, or the item's place in its foreach."""
        lineage, context = self._rows.view.lineage, self._context
        if name in ("index", "input"):
            return lineage.indexes(self._row)[-1][2] if name == "index" and lineage.frames else None
        if context.has_parameter(name):
            return context.parameter(name)
        if (computed := cached_property(context.flow_class, name)) is not None:
            value = self._kept[name] = computed.func(self)  # it would keep its value in a `__dict__`, which an input has not
            return value
        if isinstance(value := held(context.flow_class, name), Parameter):
            return context.parameter(value.attribute_of(context.flow_class, context.has_parameter))
        if value is not NOTHING:
            # What the class has sees the input as its `self`: methods and properties read the input's artifacts.
            return value.__get__(self, context.flow_class) if is_computed(value) else value
        if name == "foreach_stack":
            return self._stack
        if (value := context.named(name)) is not None:
            return value
        raise AttributeError(f"join `{context.step}` reads `{name}` of its input `{self._where()}`, which has no such artifact")

    def _stack(self) -> list[tuple[int, int | None, Any]]:
        """`foreach_stack()` of the input: the item of a foreach that the join ends is one deeper than the join."""
        around = self._context.stack()
        inner = self._rows.view.lineage.indexes(self._row)[len(around) :]
        return [*around, *[(index, frame.count_shown(count), self.input) for frame, _, index, count in inner]]

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("an input of a join is not a value: keep the artifacts of it that you need")

    def _where(self) -> str:
        return f"{self._rows.view.step}/{self._rows.view.lineage.address(self._row)}"

    def __repr__(self) -> str:
        return f"<input {self._where()}>"


def _reading(name: str) -> Callable[[Input], Any]:
    """How an artifact is read whose values are plain in most rows."""

    def read(this: Input) -> Any:
        rows, place = this._rows, this._place
        values = rows.values.get(name)
        if values is None:
            return this._slowly(name)
        rows.used[name][place] = 1
        return values[place]

    return read


class Inputs:
    """The inputs of one item of a join, in the order of the foreach or of the branches; of branches also by the name of the step."""

    def __init__(self, ranges: InputRanges, context: JoinContext) -> None:
        self._all = ranges
        self._kind: type[Input] = type("Input", (Input,), {"__slots__": (), "_context": context})
        self._made: dict[int, Input] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Input]:
        kind, made, before = self._kind, self._made, 0
        for each in self._all.ranges:
            for place in range(each.count):
                yield made[before + place] if made and before + place in made else kind(each, place)
            before += each.count

    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(len(self)))]
        try:
            number = range(len(self))[place]
        except IndexError:
            raise IndexError(f"the join has {len(self)} inputs" if len(self) else "the join has no inputs: its foreach was empty") from None
        if number not in self._made:
            before = 0
            for each in self._all.ranges:
                if number < before + each.count:
                    self._made[number] = self._kind(each, number - before)
                    break
                before += each.count
        return self._made[number]

    def __getattr__(self, step: str) -> Input:
        if step.startswith("__"):
            raise AttributeError(step)
        before = len(self)
        for each in reversed(self._all.ranges):
            if each.view.step == step:  # of a foreach the last one, as in Metaflow
                found: Input = self[before - 1]
                return found
            before -= each.count
        raise AttributeError(
            f"no input came from a step called `{step}`; they came from " + ", ".join(f"`{name}`" for name in self._all.steps)
        )

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("the inputs of a join are no value: keep the artifacts of them that you need")


def merge(
    ranges: InputRanges, chosen: Iterable[Input], wanted: Callable[[str], bool], default: Callable[[str], bytes | None]
) -> tuple[dict[str, bytes], list[str]]:
    """The artifacts in which all `chosen` inputs that have them agree, and the names of those in which they do not.

    `default` gives what an artifact is of an input where no step has set it, as an entry.
    """
    ranges.merged = True
    if isinstance(chosen, Inputs):
        return differing(ranges.ranges, wanted, default)
    inputs = list(chosen)
    found, unequal = differing([InputRange(one._rows.view, one._row, 1) for one in inputs], wanted, default)
    for name in (*found, *unequal):
        for one in inputs:
            one._rows.use(name)[one._place] = 1
    return found, unequal
