"""The items of a step by what became of them. What a slice says of all its items is not asked item by item, as there may be a million."""

from __future__ import annotations

from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from flowport.runtime.run.items import begun
from flowport.runtime.run.reader import UNREADABLE, Run
from flowport.runtime.store import row_ranges
from flowport.workspace.why.absence import absence
from flowport.workspace.why.attempts import error_text
from flowport.workspace.why.comparison import ORDER, Comparison, parameter_change
from flowport.workspace.why.plain import loads
from flowport.workspace.why.reasons import Compared, Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowport.runtime.records.manifest import Manifest
    from flowport.runtime.replay.lineage import Lineage

State: TypeAlias = Literal["taken", "ran", "caught", "failed", "begun"]
"""What became of an item: it was taken over, it ran, `@catch` replaced it, it failed, or it has begun and is not done."""

EXAMPLES = 3
"""How many addresses of a group are kept."""

COMPARED = 100_000
"""How many items of a step are compared one by one, which takes some seconds."""

FAILURES = 1000
"""How many items that are not done are looked at one by one."""


class Group(NamedTuple):
    """Items of a step of which the same is to say: how many, the addresses of the first ones, and from which run, or why.

    `detail` is the error of items that failed. `run` is the run that they were taken over from, or that was compared with.
    """

    state: State
    run: str = ""
    reason: Reason | None = None
    detail: str = ""
    number: int = 0
    examples: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The same for JSON."""
        found = {name: value for name, value in self._asdict().items() if value not in ("", None)}
        return {**found, "examples": [*self.examples], **({"reason": self.reason.document()} if self.reason else {})}


class _Groups:
    """Collects items; each group is in the place where its first item came."""

    def __init__(self) -> None:
        self.found: dict[Group, tuple[int, list[str]]] = {}

    def add(self, group: Group, rows: row_ranges.RowRanges, address: Callable[[int], str]) -> None:
        count, examples = self.found.get(group, (0, []))
        for row in row_ranges.iterate(rows):
            if len(examples) >= EXAMPLES:
                break
            examples.append(address(row))
        self.found[group] = (count + row_ranges.count(rows), examples)

    def groups(self) -> list[Group]:
        return [group._replace(number=count, examples=tuple(examples)) for group, (count, examples) in self.found.items()]


class Summary:
    """The steps of a run by what became of their items."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison, self.run = comparison, comparison.run
        self._reads: dict[tuple[bytes, bytes], str] = {}
        self._changes: dict[tuple[str, str, str], Reason] = {}
        self._left = 0
        """How many more items of the step are compared one by one."""

    def groups(self, step: str) -> list[Group]:
        """The items of a step that began, in groups."""
        groups = _Groups()
        slices = self.run.slices(step)
        self._left = COMPARED
        for slice in slices:
            self.run.guarded(f"{step}/{slice}", lambda: self._slice(groups, step, slice), None)  # noqa: B023 - called at once
        left = FAILURES
        for slice in sorted(self.run.begun(step) - set(slices)):
            for item in begun(self.run, step, slice):
                if left > 0:
                    failure = item.failure
                    group = Group("failed", detail=error_text(failure)) if failure else Group("begun")
                    groups.add(group, [[item.row, item.row + 1]], item.lineage.address)
                    left -= 1
        return groups.groups()

    def _slice(self, groups: _Groups, step: str, slice: str) -> None:
        manifest, shelf = self.run.shelf(step, slice)
        lineage, left = shelf.lineage, manifest.arrived
        for run, rows in manifest.doc.get("taken", []):
            groups.add(Group("taken", run), rows, lineage.address)
            left = row_ranges.subtract(left, rows)
        caught = row_ranges.intersect(left, manifest.doc.get("caught", []))
        found: tuple[tuple[State, row_ranges.RowRanges], ...] = (("caught", caught), ("ran", row_ranges.subtract(left, caught)))
        for state, rows in found:
            if not rows:
                continue
            if not self.comparison.origins:
                groups.add(Group(state), rows, lineage.address)
            elif manifest.doc.get("forced"):
                groups.add(Group(state, self.run.doc["origin"], Reason("forced", self.run.doc["from"] or "")), rows, lineage.address)
            else:
                self._compared(groups, state, manifest, lineage, rows)

    def _compared(self, groups: _Groups, state: State, manifest: Manifest, lineage: Lineage, rows: row_ranges.RowRanges) -> None:
        """Compare items one by one, with the same reason for those beside each other in one group."""
        compared = list(islice(row_ranges.iterate(rows), self._left))
        self._left -= len(compared)
        for (run, reason), found in groupby(compared, key=lambda row: self._reason(manifest, lineage, row)):
            groups.add(Group(state, run, reason), row_ranges.from_rows(found), lineage.address)
        if more := row_ranges.subtract(rows, row_ranges.from_rows(compared)):
            groups.add(Group(state, self.run.doc["origin"], Reason("uncompared")), more, lineage.address)

    def _reason(self, manifest: Manifest, lineage: Lineage, row: int) -> tuple[str, Reason]:
        """The first reason why an item was not taken over, and the run that was compared with: the nearest in which the item was done."""
        found = []
        for origin in self.comparison.origins:
            run = origin if isinstance(origin, str) else origin.doc["run"]
            try:
                reason = Reason("gone") if isinstance(origin, str) else self._against(origin, manifest, lineage, row)
            except UNREADABLE:
                reason = Reason("gone")
            if reason.kind == "caught" or Compared(run, (reason,)).is_comparison:
                return run, reason
            found.append((run, reason))
        return found[0]

    def _against(self, origin: Run, manifest: Manifest, lineage: Lineage, row: int) -> Reason:
        step = manifest.step
        place = self.comparison.place(origin, self.run.scopes(step, manifest.slice), lineage.path(row))
        if place is None:
            return Reason("absent")
        slice, there = place
        earlier = origin.manifests.find(step, slice)
        if earlier is None:
            return Reason(absence(origin, step, self.run.scopes(step, manifest.slice), place))
        if not row_ranges.contains(earlier.arrived, there):
            return Reason("elsewhere")
        if row_ranges.contains(earlier.doc.get("caught", []), there):
            return Reason("caught")
        if earlier.doc["digest"] != manifest.doc["digest"]:
            changes = self.comparison.source_changes(step, earlier.doc["code"], manifest.doc["code"])
            return changes[0]
        before = origin.columns.entry(earlier.doc["reads"], there)
        if row_ranges.contains(manifest.doc.get("caught", []), row):  # nothing is kept of what an item read before it failed
            context = self.comparison.context(self.run, step, manifest.slice)
            changed = next((name for name, _, _ in self.comparison.differing(context, row, loads(before))), "")
        else:
            changed = self._changed(before, self.run.columns.entry(manifest.doc["reads"], row))
        return self._change(origin, manifest, changed) if changed else Reason("unknown")

    def _changed(self, before: bytes, now: bytes) -> str:
        """The first of what an item read in both runs that was another one; "" if nothing was. Equal records are compared once."""
        if (before, now) not in self._reads:
            was, is_now = loads(before), loads(now)
            names = [name for name in was if name in is_now and was[name] != is_now[name]]
            names.sort(key=lambda name: (ORDER.index(name.partition(".")[0]), name))
            if len(self._reads) > 10_000:
                self._reads.clear()
            self._reads[before, now] = names[0] if names else ""
        return self._reads[before, now]

    def _change(self, origin: Run, manifest: Manifest, name: str) -> Reason:
        """A reason without what differs from item to item."""
        key = (origin.keys.root, manifest.step, name)
        if key not in self._changes:
            self._changes[key] = self._of_step(origin, manifest, name)
        return self._changes[key]

    def _of_step(self, origin: Run, manifest: Manifest, name: str) -> Reason:
        kind, _, rest = name.partition(".")
        splits = [step for scope, step in self.run.scopes(manifest.step, manifest.slice) if scope == "foreach"]
        match kind:
            case "parameter":
                return parameter_change(origin, self.run, rest)
            case "project":
                return Reason("project", rest)
            case "code":
                return Reason("definition", rest.partition(":")[2], place=rest.partition(":")[0] or self.run.plan["file"])
            case "count":
                return Reason("count", splits[int(rest)])
            case "input":
                return Reason("element", splits[int(rest) if rest else -1])
            case "inputs" if not rest:
                return Reason("inputs", manifest.step)
            case "inputs":
                return Reason("names") if rest == "*" else Reason("input", rest)
        return Reason("artifact", rest)
