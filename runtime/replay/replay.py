"""The items that arrive at a step, and where they come from: computed from the plan and the manifests, without the engine.

The replay starts at the split that made the slice, or at the header of the loop, and follows `to` forward. It reads only what items
reached. All items that enter a switch or a loop must leave it; otherwise NonRetryable names the lost items. The compiler's
`package/documents` describes sites and sources.
"""

from __future__ import annotations

from flowport.runtime.protocol import NonRetryable
from flowport.runtime.records.slices import above, last, turn_of
from flowport.runtime.store import row_ranges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeAlias

    from flowport.runtime.records.manifest import Manifest, Manifests
    from flowport.runtime.store.row_ranges import RowRanges

    Source: TypeAlias = list[str]
    Sent: TypeAlias = list[tuple[Manifest, RowRanges]]


def slice_size(fan: dict[str, Any], number: int) -> int:
    """How many items the slice `number` of a fan-out has."""
    size: int = min(fan["n"], (number + 1) * fan["g"]) - number * fan["g"]
    return size


class Replay:
    """The replay of one run for one step: `sites` are those of its plan."""

    def __init__(self, manifests: Manifests, sites: dict[str, Any]) -> None:
        self.manifests, self.sites = manifests, sites
        self._arrived: dict[tuple[str, str], RowRanges] = {}

    def arrived(self, step: str, slice: str) -> RowRanges:
        """The rows of the slice whose items reach `step`.

        Arms ask for the arms before them, on many ways: each is looked at once, and a hundred behind each other without recursion.
        """
        waiting = [(step, slice)]
        while waiting:
            place = waiting[-1]
            before = [] if place in self._arrived else [each for each in self._asks(*place) if each not in self._arrived]
            waiting += before
            if not before:
                waiting.pop()
                if place not in self._arrived:
                    self._arrived[place] = self._enter(self.sites[place[0]]["enter"], place[1])
        return self._arrived[step, slice]

    def _asks(self, step: str, slice: str) -> Iterator[tuple[str, str]]:
        """The steps beside a step whose arrivals decide its own."""
        enter = self.sites[step]["enter"]
        if enter[0] == "edges":
            yield from ((name, slice) for (kind, name), _ in enter[1] if kind == "step" and not self._heads(name))

    def _enter(self, enter: list[Any], slice: str) -> RowRanges:
        match enter:
            case ["root"]:
                return [[0, 1]]
            case ["split", origin]:
                fan = self.manifests.need(origin, above(slice)).doc["fan"]
                return [[0, slice_size(fan, int(last(slice)))]]
            case ["turn", header]:
                return self.manifests.need(header, slice).arrived
            case ["again", header, outer, sources]:
                turn = turn_of(slice)
                if turn == 0:
                    return self._enter(outer, above(slice))
                return self._united(sources, header, f"{above(slice)}.t{turn - 1}")
            case ["edges", edges]:
                found: RowRanges = []
                for source, target in edges:
                    found = row_ranges.union(found, self._united([source], target, slice))
                return found
        raise NonRetryable(f"the plan says `{enter}`, which this runtime does not know")

    def _united(self, sources: list[Source], target: str, slice: str) -> RowRanges:
        found: RowRanges = []
        for source in sources:
            for _, rows in self.senders(source, target, slice):
                found = row_ranges.union(found, rows)
        return found

    def senders(self, source: Source, target: str, slice: str) -> Iterator[tuple[Manifest, RowRanges]]:
        """The manifests of a source that sent items to `target`, with those items."""
        kind, name = source
        if kind == "loop":
            yield from self._leavers(name, target, slice)
        elif self._came(name, slice):
            manifest = self.manifests.need(name, slice)
            if manifest.sent(target):
                yield manifest, manifest.sent(target)

    def _came(self, step: str, slice: str) -> RowRanges:
        """Who arrived at a source.

        A header has made every turn that is looked back at: its manifest says who came, and no turn asks the one before.
        """
        return self.manifests.need(step, slice).arrived if self._heads(step) else self.arrived(step, slice)

    def _heads(self, step: str) -> bool:
        """Whether a step is the header of a loop."""
        return bool(self.sites[step]["enter"][0] == "again")

    def _leavers(self, header: str, target: str, slice: str) -> Iterator[tuple[Manifest, RowRanges]]:
        """Who left a loop to `target`: by the header's last manifest in earlier turns, by replay in the last one."""
        turns = self.manifests.turns(header, slice)
        if not turns:
            return
        here = f"{slice}.t{turns - 1}"
        left = self.manifests.need(header, here).doc["left"]
        sources = self.sites[header]["exits"].get(target, [])
        for turn in [turn for turn, _ in left.get(target, [])] + [turns - 1]:
            for source in sources:
                yield from self.senders(source, target, f"{slice}.t{turn}")

    def left(self, header: str, slice: str) -> dict[str, list[Any]]:
        """For a header's own manifest: who left the loop before this turn, as target -> [[turn, rows], ...]."""
        turn = turn_of(slice)
        if turn == 0:
            return {}
        before = f"{above(slice)}.t{turn - 1}"
        found = {target: list(entries) for target, entries in self.manifests.need(header, before).doc["left"].items()}
        for target, sources in self.sites[header]["exits"].items():
            rows = self._united(sources, target, before)
            if rows:
                found.setdefault(target, []).append([turn - 1, rows])
        return found

    def entry(self, header: str, slice: str) -> str:
        """For a header's own manifest: the nonce of turn 0, which tells the turns of one execution from those of another; "" in turn 0."""
        turn = turn_of(slice)
        return str(self.manifests.need(header, f"{above(slice)}.t{turn - 1}").doc["entry"]) if turn else ""

    def incoming(self, step: str, slice: str) -> Sent:
        """Where the items of a step that is no join come from: manifests with the rows that each sent."""
        site = self.sites[step]
        enter, sources = site["enter"], site["from"]
        if enter[0] == "split":
            split = self.manifests.need(enter[1], above(slice))
            if sources == [["step", enter[1]]]:
                return [(split, self.arrived(step, slice))]
        if enter[0] == "again":
            if turn_of(slice):
                sources, slice = enter[3], f"{above(slice)}.t{turn_of(slice) - 1}"
            else:
                return self._entering(step, site, above(slice))
        return self._complete(step, slice, sources, self._enter(enter, slice) if enter[0] != "again" else None)

    def _entering(self, header: str, site: dict[str, Any], slice: str) -> Sent:
        """Turn 0 of a loop; its header may be the first step of a foreach's body."""
        outer = site["enter"][2]
        if outer[0] == "split" and site["from"] == [["step", outer[1]]]:
            return [(self.manifests.need(outer[1], above(slice)), self._enter(outer, slice))]
        return self._complete(header, slice, site["from"], self._enter(outer, slice))

    def _complete(self, step: str, slice: str, sources: list[Source], expected: RowRanges | None) -> Sent:
        """What the sources sent to `step`, every expected row once."""
        found: Sent = []
        seen: RowRanges = []
        for source in sources:
            for manifest, rows in self.senders(source, step, slice):
                if twice := row_ranges.intersect(seen, rows):
                    raise NonRetryable(f"{_named(twice, slice)} came to step `{step}` twice, from {manifest} and from another step")
                seen = row_ranges.union(seen, rows)
                found.append((manifest, rows))
        if expected is not None and (lost := row_ranges.subtract(expected, seen)):
            raise NonRetryable(f"{_named(lost, slice)} never came to step `{step}`: the engine went on without a task that it had to run")
        return found

    def branches(self, join: str, slice: str) -> list[Sent]:
        """For the join of a branch: for every branch what it sent, all that arrived at the split."""
        expected = self.arrived(join, slice)
        return [self._complete(join, slice, sources, expected) for sources in self.sites[join]["from"]]

    def gathered(self, join: str, slice: str) -> Iterator[Sent]:
        """For the join of a foreach: for every inner slice what it sent, all of its items."""
        (sources,) = self.sites[join]["from"]
        fan = self.manifests.need(self.sites[join]["origin"], slice).doc["fan"]
        for number in range(fan["k"]):
            yield self._complete(join, f"{slice}.{number}", sources, [[0, slice_size(fan, number)]])


def _named(rows: RowRanges, slice: str) -> str:
    """Rows of a slice in words."""
    number = row_ranges.count(rows)
    some = ", ".join(str(row) for row in list(row_ranges.iterate(rows))[:5])
    return f"{number} item{'s' if number > 1 else ''} of {slice} (rows {some}{', ...' if number > 5 else ''})"
