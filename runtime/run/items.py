"""The items of a step, also those that are not done: their artifacts by name, their attempts, their logs, and where they came from."""

from __future__ import annotations

from flowport.runtime.records.attempts import NO_ATTEMPT, documents_of, places
from flowport.runtime.records.run_record import RunRecord
from flowport.runtime.run.reader import order
from flowport.runtime.store import row_ranges
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.keys import ATTEMPT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from flowport.runtime.records.manifest import Manifest
    from flowport.runtime.replay.artifact_view import ArtifactView
    from flowport.runtime.replay.lineage import Lineage
    from flowport.runtime.run.reader import Run


class ItemReader:
    """One item of a step, as one `attempt` of its task left it, or the latest. Nothing of it is loaded before it is asked for."""

    runs_here = False
    """Whether this process runs the item, and knows more than the store."""

    def __init__(self, run: Run, step: str, slice: str, row: int, attempt: int | None = None) -> None:
        self.run, self.step, self.slice, self.row, self.attempt = run, step, slice, row, attempt
        self._committed: tuple[Manifest, ArtifactView] | None = None
        self._attempts: dict[tuple[int, int], dict[str, Any] | None] | None = None

    def of_attempt(self, attempt: int | None) -> ItemReader:
        """The item as this attempt left it."""
        return ItemReader(self.run, self.step, self.slice, self.row, attempt)

    @property
    def shelf(self) -> tuple[Manifest, ArtifactView] | None:
        """The manifest of the item's task and the artifacts in it; None as long as it is not done, and if another attempt did it."""
        return self._shelf if self.attempt is None or self._is_done_by(self.attempt) else None

    @property
    def is_done(self) -> bool:
        """Whether the item is done, by the attempt that was chosen."""
        return self.shelf is not None

    @property
    def _shelf(self) -> tuple[Manifest, ArtifactView] | None:
        if self._committed is None and self.run.is_done(self.step, self.slice):
            self._committed = self.run.shelf(self.step, self.slice)
        return self._committed

    def _is_done_by(self, attempt: int) -> bool:
        chosen = self._chosen
        return attempt == self.latest_attempt or (chosen is not None and row_ranges.contains(chosen["done"], self.row))

    @property
    def _chosen(self) -> dict[str, Any] | None:
        """The document of the attempt that was chosen; None where it left none."""
        return self.records.get(self._place or NO_ATTEMPT)

    @property
    def _place(self) -> tuple[int, int] | None:
        """Epoch and number of the attempt that was chosen; None where none was, and where it left nothing."""
        return None if self.attempt is None else next(iter(self.places[self.attempt : self.attempt + 1]), None)

    @property
    def places(self) -> list[tuple[int, int]]:
        """Epoch and number of the attempts that left a document or a log: attempts are counted on where a task is started again."""
        return sorted({*self.records, *self.logs})

    @property
    def latest_attempt(self) -> int:
        """The number of the latest attempt of the item's task, from 0."""
        failed = sum(bool(document["errors"]) for document in self.attempts)
        return max(failed - (self._shelf is None), len(self.places) - 1, 0)

    @property
    def lineage(self) -> Lineage:
        """Where the item comes from."""
        return self._shelf[1].lineage if self._shelf else self.run.lineage(self.step, self.slice)

    @property
    def address(self) -> str:
        """What users call the item."""
        return self.lineage.address(self.row)

    @property
    def attempts(self) -> list[dict[str, Any]]:
        """The documents of the attempts of the item's task that left one, in order; without those that cannot be read."""
        return [document for document in self.records.values() if document]

    @property
    def records(self) -> dict[tuple[int, int], dict[str, Any] | None]:
        """The documents of the attempts of the item's task by epoch and number, in order; None for one that cannot be read."""
        if self._attempts is None:
            self._attempts = documents_of(self.run.store, f"{self.run.keys.step(self.step)}{self.slice}{ATTEMPT}/")
        return self._attempts

    @property
    def logs(self) -> dict[tuple[int, int], str]:
        """The keys of the logs of the task's attempts by epoch and number, in order."""
        return places(self.run.store, self.run.keys.logs(self.step, self.slice))

    @property
    def log(self) -> str | None:
        """The key of the log of the attempt, or of the last one that left a log; None without any."""
        logs = self.logs
        return next(reversed(logs.values()), None) if self.attempt is None else logs.get(self._place or NO_ATTEMPT)

    @property
    def failure(self) -> dict[str, Any] | None:
        """The newest error of an item that is not done; of an attempt that was chosen, its own."""
        if self.shelf is not None:
            return None
        documents = self.attempts if self.attempt is None else [self._chosen or {"errors": {}}]
        errors = [document["errors"][str(self.row)] for document in documents if str(self.row) in document["errors"]]
        return errors[-1] if errors else None

    def times(self) -> tuple[float, float | None]:
        """When the item's task began, and when it ended; None as long as it is not over."""
        if self.shelf is not None:
            document = self.shelf[0].doc
            return document["started"], document["ended"]
        documents = self.attempts if self.attempt is None else [self._chosen] if self._chosen else []
        if documents:
            last = documents[-1]
            return documents[0]["started"], last["updated"] if last["errors"] and last["updated"] else None
        logs = [*self.logs.values()]
        return (self.run.store.entry(logs[0]).modified if logs else self.run.doc["started"]), None

    def names(self) -> list[str]:
        """The artifacts of the item and the parameters and configs of its run, sorted."""
        held = self.shelf[1].names(self.row) if self.shelf else []
        return sorted({*self.run.doc["parameters"], *self.run.doc.get("configs", {}), *held})

    def entry(self, name: str) -> bytes | None:
        """The stored form of an artifact; None where the item has none, and for a parameter or a config. Raises Corrupt."""
        return self.shelf[1].entry(name, self.row) if self.shelf else None

    def value(self, name: str) -> Any:
        """The value of an artifact, parameter or config, a new one each time; raises Missing without it, and whatever unpickling raises.

        The tables of a config are dictionaries, as in Metaflow, which stores them so.
        """
        entry = self.entry(name)
        if entry is not None and self.shelf is not None:
            return self.shelf[1].value(name, self.row, entry)
        record = RunRecord(self.run.store, self.run.doc)
        if record.has_config(name):
            return record.config(name)
        if not record.has_parameter(name):
            raise Missing(f"{self.step}/{self.address} has no artifact `{name}`")
        return record.value(name)

    def taken_from(self) -> str | None:
        """The run in which the item ran, if this run took it over."""
        taken = self.shelf[0].doc.get("taken", []) if self.shelf else []
        return next((run for run, rows in taken if row_ranges.contains(rows, self.row)), None)


def items(run: Run, step: str, backwards: bool = True) -> Iterator[ItemReader]:
    """The items of a step, the last one first unless told otherwise: those that arrived in its manifests, and those that run or failed."""
    done = set(run.slices(step))
    for slice in sorted(done | run.begun(step), key=order, reverse=backwards):
        committed = run.shelf(step, slice) if slice in done else None
        rows = committed[0].arrived if committed else _begun_rows(run, step, slice)
        ranges = [range(start, stop) for start, stop in rows]
        for row in (row for one in (reversed(ranges) if backwards else ranges) for row in (reversed(one) if backwards else one)):
            found = ItemReader(run, step, slice, row)
            found._committed = committed
            yield found


def item(run: Run, step: str, address: str) -> ItemReader | None:
    """The item with this address; None when it did not come to the step."""
    place = run.locate(step, address)
    if place is None:
        return None
    slice, row = place
    if run.is_done(step, slice):
        return ItemReader(run, step, slice, row) if row_ranges.contains(run.manifests.need(step, slice).arrived, row) else None
    is_begun = slice in run.begun(step) and row_ranges.contains(_begun_rows(run, step, slice), row)
    return ItemReader(run, step, slice, row) if is_begun else None


def begun(run: Run, step: str, slice: str) -> Iterator[ItemReader]:
    """The items of a task that has begun and is not done."""
    return (ItemReader(run, step, slice, row) for row in row_ranges.iterate(_begun_rows(run, step, slice)))


def _begun_rows(run: Run, step: str, slice: str) -> list[list[int]]:
    """The rows of a task that is not done: those that its attempts say, all of its slice before there is any."""
    rows: list[list[int]] = []
    for document in filter(None, documents_of(run.store, f"{run.keys.step(step)}{slice}{ATTEMPT}/").values()):
        rows = row_ranges.union(rows, document["began"])
        rows = row_ranges.union(rows, row_ranges.from_rows(sorted(map(int, document["errors"]))))
    if rows:
        return rows
    try:
        frames = run.lineage(step, slice).frames
    except (Missing, Corrupt, LookupError):
        return []
    return row_ranges.full(frames[-1].size if frames else 1)


def parents(found: ItemReader, steps: Iterable[str]) -> Iterator[ItemReader]:
    """The items of these steps that an item got its artifacts from, whether it is done or not: those that went on to its step."""
    run, own = found.run, found.address.split(".")[1:]
    scopes, is_header = _site(run, found.step)
    for step in steps:
        shared = _shared(scopes, _site(run, step)[0])
        path = own[:shared]
        if is_header and shared == len(own):
            turn = int(own[-1][1:])
            if turn == 0:
                continue
            path[-1] = f"t{turn - 1}"
        elif is_header and own[-1] != "t0":
            continue
        for other in _below(run, step, path):
            if other.shelf is not None and row_ranges.contains(other.shelf[0].sent(found.step), other.row):
                yield other


def children(found: ItemReader, steps: Iterable[str]) -> Iterator[ItemReader]:
    """The items of these steps that got their artifacts from an item."""
    run, own = found.run, found.address.split(".")[1:]
    for step in [step for step in steps if found.shelf and row_ranges.contains(found.shelf[0].sent(step), found.row)]:
        scopes, is_header = _site(run, step)
        shared = _shared(scopes, _site(run, found.step)[0])
        path = own[:shared]
        if is_header:
            path = [*path[:-1], f"t{int(path[-1][1:]) + 1}"] if shared == len(scopes) else [*path, "t0"]
        yield from _below(run, step, path)


def _site(run: Run, step: str) -> tuple[list[list[str]], bool]:
    """The scopes around a step, outermost first, and whether a loop begins with it."""
    site = run.program.step(step)["sites"][step]
    return site["scopes"], site["enter"][0] == "again"


def _shared(left: list[list[str]], right: list[list[str]]) -> int:
    """How many scopes are around two steps."""
    return next((number for number, (one, other) in enumerate(zip(left, right)) if one != other), min(len(left), len(right)))


def _below(run: Run, step: str, path: list[str]) -> Iterator[ItemReader]:
    """The items of a step whose addresses begin with these parts."""
    if len(path) == len(_site(run, step)[0]):
        found = item(run, step, ".".join(["r", *path]))
        if found is not None:
            yield found
        return
    for other in items(run, step):
        if other.address.split(".")[1 : 1 + len(path)] == path:
            yield other
