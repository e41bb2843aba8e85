"""What a spin did, and how that differs from what the run did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from flowport.runtime.run import items
from flowport.runtime.run.reader import Run, Unreadable, reason
from flowport.runtime.store import codec, row_ranges

if TYPE_CHECKING:
    from flowport.runtime.run.items import ItemReader
    from flowport.workspace.spins.choose import Past
    from flowport.workspace.spins.start import Spun

Change = Literal["changed", "unchanged", "new", "gone"]

ABSENT: Any = object()
"""Stands for an artifact that one of the two does not have."""


class ArtifactChange(NamedTuple):
    """An artifact that the step set in the spin or in the run. `value` and `was` may be ABSENT; both may be Unreadable."""

    name: str
    change: Change
    value: Any
    was: Any


class ItemChange(NamedTuple):
    """One item: its artifacts, and the steps that it goes to now and went to; `was_next` is None if it was not done."""

    address: str
    artifacts: list[ArtifactChange]
    next: list[str]
    was_next: list[str] | None


class Failed(NamedTuple):
    """An item that failed in the spin."""

    address: str
    type: str
    message: str


class Comparison(NamedTuple):
    """The items of a spin that are done, and those that failed."""

    done: list[ItemChange]
    failed: list[Failed]


def compare(spun: Spun, past: Past) -> Comparison:
    """The results of a spin beside those of the run."""
    spin = Run(spun.store, spun.flow, spun.run)
    done, failed = [], []
    for item in list(items.items(spin, past.item.step))[::-1]:
        before = items.item(past.run, item.step, item.address)
        if item.shelf is not None:
            done.append(_change(item, before if before is not None and before.shelf is not None else None))
        elif (failure := item.failure) is not None:
            failed.append(Failed(item.address, failure["type"], failure["message"]))
    return Comparison(done, failed)


def _change(item: ItemReader, before: ItemReader | None) -> ItemChange:
    names = sorted({*_written(item), *(_written(before) if before else ())})
    artifacts = [_compared(name, item, before) for name in names]
    return ItemChange(item.address, artifacts, _next(item), None if before is None else _next(before))


def _written(item: ItemReader) -> list[str]:
    """The artifacts that the step itself set for an item."""
    assert item.shelf is not None
    return [name for name, column in item.shelf[0].doc["own"].items() if row_ranges.contains(column["items"], item.row)]


def _next(item: ItemReader) -> list[str]:
    assert item.shelf is not None
    return [target for target, rows in item.shelf[0].doc["to"].items() if row_ranges.contains(rows, item.row)]


def _compared(name: str, item: ItemReader, before: ItemReader | None) -> ArtifactChange:
    value, was = _value(item, name), ABSENT if before is None else _value(before, name)
    if was is ABSENT or value is ABSENT:
        return ArtifactChange(name, "gone" if value is ABSENT else "new", value, was)
    same = before is not None and (item.entry(name) == before.entry(name) or _equal(value, was))
    return ArtifactChange(name, "unchanged" if same else "changed", value, was)


def _value(item: ItemReader, name: str) -> Any:
    try:
        return ABSENT if item.entry(name) is None else item.value(name)
    except Exception as error:  # whatever reading it, or the user's class, raises
        return Unreadable(reason(error))


def _equal(value: Any, was: Any) -> bool:
    """Whether two values are stored alike, when both come from a store: the first pickle of a value may differ from later ones."""
    if isinstance(value, Unreadable) or isinstance(was, Unreadable):
        return False
    try:
        return codec.digest(value) == codec.digest(was)
    except codec.Unstorable:
        return False
