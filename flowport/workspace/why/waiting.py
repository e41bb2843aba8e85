"""What a task waits for that has not begun: which tasks before it are not done, or where a switch sent its items instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.runtime.live.tasks import LiveRun
from flowport.runtime.records.slices import ROOT
from flowport.runtime.store import row_ranges
from flowport.workspace.why.absence import empty_split, sizes
from flowport.workspace.why.order import groups, scopes, site

if TYPE_CHECKING:
    from flowport.runtime.live.tasks import State
    from flowport.runtime.run.reader import Run

NAMED = 3
"""How many of the tasks are named that keep another one waiting."""

NAMED_FIRST: tuple[State, ...] = ("failed", "lost", "running")

LOOKED_AT = 1000
"""How many of these tasks are read to find those that are named."""


class Blocker(NamedTuple):
    """A step before one that has not begun.

    `counts` is how many of its tasks are in which state, and `tasks` names some that failed, are lost or running. If all are done, `went`
    is how many of their items went to which steps instead. If none has begun, `because` is what they wait for.
    """

    step: str
    counts: dict[State, int]
    tasks: tuple[str, ...] = ()
    went: dict[str, int] = {}
    because: tuple[Blocker, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether all of its tasks are done."""
        return 0 < sum(self.counts.values()) == self.counts["done"]

    @property
    def has_begun(self) -> bool:
        """Whether any of its tasks has begun."""
        return sum(self.counts.values()) > self.counts["waiting"]

    def document(self) -> dict[str, Any]:
        """The same for JSON."""
        found = {"step": self.step, "tasks": self.counts, "not_done": [*self.tasks], "went_to": self.went}
        return {**found, "because": [one.document() for one in self.because]}


class Waiting:
    """The steps of a run, as they are now."""

    def __init__(self, run: Run) -> None:
        self.run, self.live = run, LiveRun(run)
        self._known: dict[tuple[str, str], tuple[Blocker, ...]] = {}

    def blockers(self, step: str, slice: str = ROOT) -> tuple[Blocker, ...]:
        """What keeps the tasks of a step on a slice, or on those around it, from beginning; () if nothing does."""
        key = (step, slice)
        if key not in self._known:
            self._known[key] = ()  # a loop leads back to itself
            found = [self._group(step, slice, names) for names in groups(self.run, step)]
            self._known[key] = tuple(blocker for group in found for blocker in group)
        return self._known[key]

    def counts(self, step: str, within: str = ROOT) -> dict[State, int]:
        """How many tasks of a step are in which state; if the run failed, also those of a foreach that never began."""
        found = self.live.counts(step, within)
        known = sum(f"{slice}.".startswith(f"{within}.") for slice in self._elements(step))
        found["waiting"] += max(known - sum(found.values()), 0)
        return found

    def items(self, step: str) -> int:
        """How many items the foreach before a step has, whether they have begun or not; 0 if that is not known."""
        slices = self._elements(step)
        return sizes(self.run, scopes(self.run, step)[-1][1], slices) if slices else 0

    def _elements(self, step: str) -> list[str]:
        """The slices of a foreach, all of which come to a step of its body; none of an arm of a switch, as some may not come there."""
        if self.run.ended or step not in self.run.plan["steps"] or site(self.run, step)["enter"][0] != "split":
            return []
        return [*self.live.known_slices(step)]

    def _group(self, step: str, slice: str, names: list[str]) -> list[Blocker]:
        """The steps of one branch that are not done; () if all that began are, and one of them has sent an item to the step."""
        asked = [self._blocker(step, name, self._around(step, name, slice)) for name in names]
        found = [one for one in asked if one is not None]
        begun = [one for one in found if one.has_begun and not one.is_done]
        if begun or len(found) < len(asked):
            return begun
        return [one for one in found if not one.is_done] or found

    def _around(self, step: str, other: str, slice: str) -> str:
        """The part of a slice for the scopes that are around both steps."""
        pairs = zip(scopes(self.run, step), scopes(self.run, other), strict=False)
        shared = next((number for number, (one, two) in enumerate(pairs) if one != two), None)
        parts = slice.split(".")
        most = min(len(scopes(self.run, step)), len(scopes(self.run, other)))
        return ".".join(parts[: 1 + (most if shared is None else shared)])

    def _blocker(self, step: str, name: str, within: str) -> Blocker | None:
        counts = self.counts(name, within)
        total = sum(counts.values())
        if 0 < total == counts["done"]:
            went = self._went(name, within)
            return None if step in went else Blocker(name, counts, went=went)
        if not total and empty_split(self.run, name):
            return None
        if counts["waiting"] == total:
            return Blocker(name, counts, because=self.blockers(name, within))
        tasks = self.live.tasks(name, states=NAMED_FIRST, limit=LOOKED_AT).tasks
        inside = [task for task in tasks if f"{task.slice}.".startswith(f"{within}.")]
        inside.sort(key=lambda task: NAMED_FIRST.index(task.state))
        return Blocker(name, counts, tuple(f"{task.label} {task.state}" for task in inside[:NAMED]))

    def _went(self, name: str, within: str) -> dict[str, int]:
        """How many items of the tasks of a step went to which steps."""
        found: dict[str, int] = {}
        for slice in self.run.slices(name):
            if f"{slice}.".startswith(f"{within}."):
                for target, rows in self.run.manifests.need(name, slice).doc["to"].items():
                    found[target] = found.get(target, 0) + row_ranges.count(rows)
        return found
