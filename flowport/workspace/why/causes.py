"""Follows a change to where it began: which task set the artifact that changed, and why that task ran again.

`all` of `join` changed  ->  join ran again: `times` of each/r.0 changed  ->  each/r.0 ran again: parameter `factor` changed, 2 -> 5
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowport.runtime.run.items import ItemReader, item, parents
from flowport.runtime.run.reader import UNREADABLE
from flowport.runtime.store import row_ranges
from flowport.workspace.why.order import before

if TYPE_CHECKING:
    from flowport.workspace.why.comparison import Comparison
    from flowport.workspace.why.reasons import Reason

DEEPEST = 100
"""How many tasks a change is followed through."""


def followed(comparison: Comparison, found: ItemReader, reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """The reasons, with the cause of the first of them that has one: it is followed through the tasks before."""
    steps: list[tuple[tuple[Reason, ...], int, str]] = []
    seen = {(found.step, found.address)}
    while len(steps) < DEEPEST:
        at, cause = _cause(found, reasons)
        steps.append((reasons, at, f"{cause.step}/{cause.address}" if cause is not None else ""))
        if cause is None or (cause.step, cause.address) in seen or cause.shelf is None or cause.taken_from():
            break
        seen.add((cause.step, cause.address))
        compared = comparison.compare(cause)
        reasons = compared[-1].reasons if compared else ()
        found = cause
    because: tuple[Reason, ...] = ()
    for reasons, at, place in reversed(steps):
        changed = list(reasons)
        if at >= 0:
            changed[at] = changed[at]._replace(place=changed[at].place or place, because=because)
        because = tuple(changed)
    return because


def _cause(found: ItemReader, reasons: tuple[Reason, ...]) -> tuple[int, ItemReader | None]:
    """The first reason that another task is the cause of, and that task; (-1, None) if none is."""
    for number, reason in enumerate(reasons):
        if reason.kind in ("artifact", "input", "element", "count", "inputs"):
            try:
                cause = _setter(found, reason)
            except UNREADABLE:  # what would say it is gone
                cause = None
            if cause is not None:
                return number, cause
    return -1, None


def _setter(found: ItemReader, reason: Reason) -> ItemReader | None:
    """The task that set what a reason names."""
    match reason.kind:
        case "artifact":
            return setter(found, reason.subject)
        case "input" if reason.place:
            step, _, address = reason.place.partition("/")
            other = item(found.run, step, address)
            return None if other is None else other if _sets(other, reason.subject) else setter(other, reason.subject)
        case "element" | "count":
            return _split(found, reason.subject)
        case "inputs":
            return _opened(found)
    return None


def setter(found: ItemReader, name: str) -> ItemReader | None:
    """The item before an item that set an artifact which that inherits."""
    waiting, seen = [found], {(found.step, found.address)}
    while waiting:
        one = waiting.pop()
        for parent in parents(one, before(one.run, one.step)):
            if _sets(parent, name):
                return parent
            if (parent.step, parent.address) not in seen:
                seen.add((parent.step, parent.address))
                waiting.append(parent)
    return None


def _sets(found: ItemReader, name: str) -> bool:
    """Whether the step of an item set an artifact of it."""
    if found.shelf is None:
        return False
    own = found.shelf[0].doc["own"]
    return name in own and row_ranges.contains(own[name]["items"], found.row)


def _split(found: ItemReader, step: str) -> ItemReader | None:
    """The item of a split that an item descends from."""
    row = found.row
    for frame in reversed(found.lineage.frames):
        row = frame.up(row)[0]
        if frame.split.step == step:
            return ItemReader(found.run, step, frame.split.slice, row)
    return None


def _opened(found: ItemReader) -> ItemReader | None:
    """The item of the foreach that a join closes."""
    site = found.run.program.step(found.step)["sites"][found.step]
    return ItemReader(found.run, site["origin"], found.slice, found.row) if site.get("foreach") else None
