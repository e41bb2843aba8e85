"""The page of a step: its items, those that failed first, a page at a time, however many there are."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from flowport.runtime.records.attempts import failures
from flowport.runtime.run import items as run_items
from flowport.runtime.run.reader import order
from flowport.runtime.store import row_ranges
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.ui import urls
from flowport.ui.run_view import Failed, failed_item
from flowport.ui.runs_view import RunRow, row_of
from flowport.ui.values import Value, shown_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowport.runtime.run.reader import Run
    from flowport.ui.readers import Readers

ROWS = 100
"""Items on a page."""

MOST_LIVE = 1000
"""Tasks of a step that are looked at to see whether they run."""


class ItemRow(NamedTuple):
    """An item of a step. `value` is what the foreach gave it; the times are those of its task, which may have further items."""

    item: str
    url: str
    state: str
    value: Value | None
    started: float | None
    seconds: float | None
    taken_from: str
    failed: Failed | None


class Counts(NamedTuple):
    """How many items of a step there are of each kind."""

    failed: int
    unfinished: int
    done: int

    @property
    def all(self) -> int:
        """All of them."""
        return sum(self)


class StepPage(NamedTuple):
    """What the page of a step shows: `rows` are the items from `first` on."""

    run: RunRow
    step: str
    state: str
    counts: Counts
    rows: list[ItemRow]
    first: int
    unknown: str
    damage: list[str]
    is_live: bool

    @property
    def last(self) -> int:
        """Behind the last one that is shown."""
        return self.first + len(self.rows)

    @property
    def of(self) -> int:
        """The number of items of the kind that is shown."""
        return self.counts.all if not self.state else getattr(self.counts, self.state)


def step_page(readers: Readers, flow: str, run: str, step: str, state: str = "", first: int = 0, unknown: str = "") -> StepPage:
    """The items of a step from the number `first` on: all of them, or those that are `failed`, `unfinished` or `done`.

    `unknown` is an item that somebody looked for, and that there is not. Raises Missing for a step that the flow does not have.
    """
    info = readers.info(flow, run)
    reader, damage = readers.run(flow, run)
    if step not in reader.plan["steps"] and step not in reader.steps():
        raise Missing(f"{flow} has no step `{step}`")
    failed = [failure for failure in failures(reader.store, reader.keys, lambda key: None) if failure["step"] == step]
    broken = {failure["item"] for failure in failed}
    pending = [(item, state) for item, state in _pending(readers, flow, run, step) if item not in broken]
    counts = Counts(len(failed), len(pending), reader.number(step))
    sections = {
        "failed": (_failed_row(flow, run, failure) for failure in failed),
        "unfinished": (ItemRow(item, urls.item_url(flow, run, step, item), word, None, None, None, "", None) for item, word in pending),
    }
    rows: list[ItemRow] = []
    skip = first
    for kind, number in counts._asdict().items():
        if state in ("", kind):
            wanted = ROWS - len(rows)
            rows += islice(_done(reader, step, skip), wanted) if kind == "done" else islice(sections[kind], skip, skip + wanted)
            skip = max(0, skip - number)
    return StepPage(row_of(info), step, state, counts, rows, first, unknown, damage, is_live=not info.is_over)


def _failed_row(flow: str, run: str, failure: dict[str, object]) -> ItemRow:
    found = failed_item(flow, run, failure)
    return ItemRow(found.item, found.url, "failed", None, None, None, "", found)


def _pending(readers: Readers, flow: str, run: str, step: str) -> Iterator[tuple[str, str]]:
    """The addresses of items whose tasks have begun and are not done, and whether these are running, lost or unfinished."""
    reader, _ = readers.run(flow, run)
    slices = sorted(reader.begun(step) - set(reader.slices(step)), key=order)
    live = [] if not slices or readers.info(flow, run).is_over else readers.live(flow, run).tasks(step, limit=MOST_LIVE).tasks
    states = {task.slice: task.state for task in live if task.state in ("running", "lost")}
    for slice in slices:
        for item in run_items.begun(reader, step, slice):
            yield item.address, states.get(slice, "unfinished")


def _done(reader: Run, step: str, skip: int) -> Iterator[ItemRow]:
    """The items that are done, in their order, without the first `skip`."""
    flow, run = reader.doc["flow"], reader.doc["run"]
    for slice in reader.slices(step):
        manifest = reader.guarded(f"{step}/{slice}", lambda: reader.manifests.need(step, slice), None)  # noqa: B023 - called at once
        if manifest is None:
            continue
        number = row_ranges.count(manifest.arrived)
        if skip >= number:
            skip -= number
            continue
        _, shelf = reader.shelf(step, slice)
        taken = manifest.doc.get("taken", [])
        for row in islice(row_ranges.iterate(manifest.arrived), skip, None):
            item = shelf.lineage.address(row)
            origin = next((other for other, rows in taken if row_ranges.contains(rows, row)), "")
            took = manifest.doc["ended"] - manifest.doc["started"]
            try:
                entry = shelf.entry("input", row)
                value = None if entry is None else shown_value(entry, reader.store)
            except Corrupt as error:
                value = Value("", 0, None, str(error))
            state = "reused" if origin else "done"
            yield ItemRow(item, urls.item_url(flow, run, step, item), state, value, manifest.doc["started"], took, origin, None)
        skip = 0
