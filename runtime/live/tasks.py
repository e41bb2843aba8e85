"""The tasks of a run as they are now, from the store alone: which wait, run, are lost, have failed or are done; and what they print.

It is for readers that look again and again: a page, or `flowport logs -f`. What never changes is read once and kept. A look at a step takes
two listings (each a request for 1,000 documents), two documents of the run, and one or two documents for each task that is returned.

    live = LiveRun(find(store, "TrainFlow", run))
    live.counts("train")                          {"waiting": 12, "running": 4, "lost": 0, "failed": 1, "done": 83}
    page = live.tasks("train", limit=50)          page.tasks[0].state, page.tasks[0].items, ...; page.next for the next 50
    part = live.log("train", "s.3")               part.data, and part.offset for what comes next
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from flowport.runtime.live.documents import Documents
from flowport.runtime.live.life import Life
from flowport.runtime.live.listing import Listing
from flowport.runtime.live.logs import CHUNK, LogPart, LogReader
from flowport.runtime.records.signs import places
from flowport.runtime.records.slices import ROOT
from flowport.runtime.run.labels import Labels
from flowport.runtime.run.reader import order
from flowport.runtime.store import row_ranges
from flowport.runtime.store.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from flowport.runtime.records.signs import Place, Sign
    from flowport.runtime.run.reader import Run
    from flowport.runtime.store.entry import Entry

State: TypeAlias = Literal["waiting", "running", "lost", "failed", "done"]
"""Of a task:

waiting   it has not begun, or has run for less than an interval
running   there was a sign of it lately
lost      it began, and there has been no sign of it for five intervals, and at least ten seconds
failed    its last attempt failed; `TaskState.is_final` says whether the engine tries it again
done      its results are there
"""


class TaskState(NamedTuple):
    """A task as it is now. `label` is what users call it, `train/r.3`, and `slice` what keys do, `s.3`.

    Times are in seconds since 1970: when its last attempt `started`, was `seen` last, and `ended`; None where that is not known.
    `items` of `of` are done, both None as long as nothing says so. `failed` is how many of them failed in the last attempt that left a
    record, and `is_final` whether no other attempt follows. `attempts` is how many left anything.
    """

    step: str
    slice: str
    label: str
    state: State
    started: float | None = None
    seen: float | None = None
    ended: float | None = None
    items: int | None = None
    of: int | None = None
    failed: int = 0
    is_final: bool = False
    attempts: int = 0


class TaskPage(NamedTuple):
    """Tasks of a step in their order. `next` is the `after` of the next page, "" if there is none."""

    tasks: list[TaskState]
    next: str


class TaskAttempt(NamedTuple):
    """An attempt of a task. `id` is what `LiveRun.log` takes.

    `is_over` says whether it has ended, and `code` how: its exit code, minus the signal when one ended it; None where nothing says so.
    `node` is the number of a node of a gang that has a container of its own.
    """

    id: str
    started: float | None
    seen: float
    is_over: bool
    code: int | None
    node: int = 0


class LiveRun:
    """A run that may be running. Methods read the store each time; they raise StoreError, and Corrupt for damaged documents."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.documents = Documents(run.store, run.keys)
        self.labels = Labels(run.plan["body"], self.documents)
        self._logs = LogReader(run.store, run.keys)

    def counts(self, step: str, within: str = ROOT) -> dict[State, int]:
        """How many tasks of a step are in which state: all of them, or those that a slice around them has."""
        found: dict[State, int] = {"waiting": 0, "running": 0, "lost": 0, "failed": 0, "done": 0}
        look = _Look(self, step)
        for slice in self._slices(step, look):
            if f"{slice}.".startswith(f"{within}."):
                found[look.state(slice)] += 1
        return found

    def tasks(self, step: str, after: str = "", limit: int = 100, states: Collection[State] = ()) -> TaskPage:
        """Tasks of a step in their order, at most `limit`, behind the slice `after`; only those in one of these states, if any is named."""
        look = _Look(self, step)
        slices = sorted(self._slices(step, look), key=order)
        found: list[TaskState] = []
        for number, slice in enumerate(slices):
            if (after and order(slice) <= order(after)) or (states and look.state(slice) not in states):
                continue
            task = look.task(slice)
            if not states or task.state in states:
                found.append(task)
            if len(found) == limit:
                return TaskPage(found, slice if number + 1 < len(slices) else "")
        return TaskPage(found, "")

    def task(self, step: str, slice: str) -> TaskState:
        """One task."""
        return _Look(self, step, slice).task(slice)

    def attempts(self, step: str, slice: str) -> list[TaskAttempt]:
        """The attempts of a task that printed something or gave a sign, in the order in which they began."""
        listing = Listing(self.run, step, slice)
        signs = [self.documents.sign(place) for place in listing.signs.get(slice, ())]
        of_signs = {sign.log for sign in signs if sign.log}
        found = [
            TaskAttempt(sign.place.id, sign.place.started, sign.place.seen, sign.ended is not None, sign.code, sign.node) for sign in signs
        ]
        is_local = Life(self.run).is_alive_here
        for entry in listing.logs.get(slice, ()):
            name = entry.key.rpartition("/")[2]
            if name not in of_signs:
                found.append(TaskAttempt(name, None, entry.modified, slice in listing.done or not is_local, None))
        return sorted(found, key=lambda attempt: attempt.started or attempt.seen)

    def log(self, step: str, slice: str, attempt: str = "", offset: int = 0, limit: int = CHUNK) -> LogPart:
        """What an attempt printed, from a byte on, at most `limit` bytes; of the latest one unless its id is given.

        Bytes are counted from the beginning of the output, also where its middle is not kept. Raises Missing when there is no such attempt.
        """
        if not attempt:
            attempt = next((one.id for one in reversed(self.attempts(step, slice)) if not one.node), "")
        if not attempt:
            return LogPart(b"", offset, False)
        if "/" in attempt or attempt.count("-") == 1:
            return self._logs.stored(self.run.keys.logs(step, slice) + attempt, offset, limit)
        place = next((one for one in places(self.run.store, self.run.keys.signs(step, slice) + attempt) if one.id == attempt), None)
        if place is None:
            raise Missing(f"there is no attempt `{attempt}` of {step}/{slice}")
        return self._logs.of_sign(self.documents.sign(place), offset, limit)

    def _slices(self, step: str, look: _Look) -> Iterator[str]:
        """The slices of a step that left something or, as long as the run is not over, are known to come."""
        seen = look.listing.slices()
        yield from seen
        if not look.life.is_over and step in self.run.plan["steps"]:
            yield from (slice for slice in self.known_slices(step) if slice not in seen)

    def known_slices(self, step: str) -> Iterator[str]:
        """The slices of a step as far as the splits around it are done, whether they have begun or not."""
        return self._known_slices(self.run.program.step(step)["sites"][step]["scopes"])

    def _known_slices(self, scopes: list[list[str]]) -> Iterator[str]:
        """The slices inside of these scopes, as far as their splits are done; turns of loops are known when they begin."""
        if not scopes:
            yield ROOT
            return
        kind, origin = scopes[-1]
        if kind != "foreach":
            return
        for around in self._known_slices(scopes[:-1]):
            split = self.documents.find(origin, around)
            for number in range(split.doc["fan"]["k"] if split is not None and "fan" in split.doc else 0):
                yield f"{around}.{number}"


class _Look:
    """One look at the tasks of a step, or at one of them."""

    def __init__(self, live: LiveRun, step: str, slice: str = "") -> None:
        self._live, self._step = live, step
        self.listing, self.life = Listing(live.run, step, slice), Life(live.run)

    def state(self, slice: str) -> State:
        """The state of a task, for which few documents are read. One that was killed some seconds ago may be `running`."""
        listing, life, documents = self.listing, self.life, self._live.documents
        signs, logs, attempts = self._signs(slice), listing.logs.get(slice, []), listing.attempts.get(slice, [])
        if slice in listing.done and not (signs and life.runs(signs[0]) and signs[0].started > listing.done[slice].modified):
            return "done"
        for place in filter(life.runs, signs):
            # An attempt that has ended has a log, unless it printed nothing.
            if not logs or logs[-1].modified < place.started or documents.sign(place).ended is None:
                return "running"
        if attempts and documents.record(attempts[-1])["errors"] and (not signs or attempts[-1].modified >= signs[0].started):
            return "failed"
        if signs:
            return "lost" if documents.sign(signs[0]).ended is None else "failed"
        if attempts:
            return "running" if life.runs_since(attempts[-1].modified) else "lost"
        if logs:
            return "running" if life.is_alive_here else "failed"
        return "waiting"

    def task(self, slice: str) -> TaskState:
        """A task with all that is known of it."""
        listing, documents = self.listing, self._live.documents
        found = TaskState(self._step, slice, self._live.labels.label(self._step, slice), self.state(slice))
        logs, attempts, signs = listing.logs.get(slice, []), listing.attempts.get(slice, []), self._signs(slice)
        found = found._replace(attempts=max(len(logs), len(attempts), len(signs)))
        if found.state == "done":
            manifest = documents.manifest(self._step, slice, listing.done[slice])
            of, started, ended = row_ranges.count(manifest.arrived), manifest.doc["started"], manifest.doc["ended"]
            return found._replace(started=started, seen=ended, ended=ended, items=of, of=of, is_final=True)
        if signs and (sign := self._of_node_0(signs)) is not None:
            found = found._replace(started=sign.place.started, seen=sign.place.seen, ended=sign.ended, items=sign.items, of=sign.of)
            if found.state == "running" and sign.ended is not None:
                found = found._replace(state="failed")
        if attempts and (found.started is None or attempts[-1].modified >= found.started):
            return self._with_record(found, attempts[-1])
        return found._replace(seen=found.seen or (logs[-1].modified if logs else None))

    def _with_record(self, found: TaskState, entry: Entry) -> TaskState:
        """A task of which an attempt left a record."""
        record = self._live.documents.record(entry)
        found = found._replace(
            started=found.started or record.get("started"),
            seen=max(found.seen or 0.0, entry.modified),
            items=row_ranges.count(record["done"]) if found.items is None else found.items,
        )
        if found.state != "failed":
            return found
        return found._replace(failed=len(record["errors"]), is_final=bool(record["last"]), ended=found.ended or entry.modified)

    def _signs(self, slice: str) -> list[Place]:
        """The signs of a task, that of the attempt which began last before the others."""
        return sorted(self.listing.signs.get(slice, ()), key=lambda place: place.started, reverse=True)

    def _of_node_0(self, signs: list[Place]) -> Sign | None:
        """Of the attempts of a task the one that began last, or another one that runs while that has ended; of a gang that of node 0."""
        among = (sign for sign in map(self._live.documents.sign, signs) if not sign.node)
        latest = next(among, None)
        if latest is None or latest.ended is None:
            return latest
        return next((sign for sign in among if sign.ended is None and self.life.runs(sign.place)), latest)
