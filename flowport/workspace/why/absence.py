"""Why a run has no results of an item: whether it can never have had the item, or sent it elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from flowport.runtime.records.slices import above, last, turn_of
from flowport.runtime.replay.replay import Replay, slice_size
from flowport.runtime.run.reader import UNREADABLE
from flowport.runtime.store import row_ranges
from flowport.workspace.why.order import scopes, site

if TYPE_CHECKING:
    from flowport.runtime.run.reader import Run

Absence: TypeAlias = Literal["absent", "elsewhere", "unfinished"]
"""The run has no such item, the item did not come to the step, or it did not finish there: the kinds of reasons that say so."""


def absence(run: Run, step: str, around: list[list[str]], place: tuple[str, int]) -> Absence:
    """Why the task of an item has no manifest in a run. `around` are the scopes in which the step is in the run that asks."""
    slice, row = place
    if step not in run.plan["steps"] or scopes(run, step) != around:
        return "absent"
    if is_past(run, step, slice):
        return "absent"
    if slice in run.begun(step):
        return "unfinished"
    try:
        came = row_ranges.contains(Replay(run.manifests, run.program.step(step)["sites"]).arrived(step, slice), row)
    except UNREADABLE:  # what comes before it is not done
        return "unfinished"
    return "unfinished" if came else "elsewhere"


def is_past(run: Run, step: str, slice: str) -> bool:
    """Whether a slice is a turn that a loop did not come to before it was left."""
    around = scopes(run, step)
    while around:
        kind, header = around[-1]
        if kind == "loop" and turn_of(slice) >= run.manifests.turns(header, above(slice)) and _is_left(run, header, above(slice)):
            return True
        around, slice = around[:-1], above(slice)
    return False


def _is_left(run: Run, header: str, slice: str) -> bool:
    """Whether a loop is over: a step behind it has begun."""
    return run.ended or any(slice in run.begun(step) or run.is_done(step, slice) for step in site(run, header)["exits"])


def empty_split(run: Run, step: str) -> str:
    """The split around a step all of whose items are done and none of which has any elements; "" if there is none."""
    for kind, origin in scopes(run, step):
        slices = run.slices(origin) if kind == "foreach" else []
        is_done = bool(slices) and not run.begun(origin) - set(slices)
        if is_done and not any(run.manifests.need(origin, slice).doc["fan"]["n"] for slice in slices):
            return origin
    return ""


def sizes(run: Run, origin: str, slices: list[str]) -> int:
    """How many items these slices of the foreach of a step have."""
    return sum(slice_size(run.manifests.need(origin, above(slice)).doc["fan"], int(last(slice))) for slice in slices)
