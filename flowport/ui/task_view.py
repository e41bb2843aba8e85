"""The page of an item: how its task went, its error, its log, and its artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from flowport.runtime.cards.read import cards_of
from flowport.runtime.records.attempts import logs_of_nodes
from flowport.runtime.run import items as run_items
from flowport.runtime.store import documents
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.ui import urls
from flowport.ui.run_view import Failed, failed_item, resume_command
from flowport.ui.runs_view import RunRow, row_of
from flowport.ui.table.metrics_view import MetricRow, metrics_of_item
from flowport.ui.values import Value, shown_parameter, shown_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowport.runtime.run.items import ItemReader
    from flowport.ui.readers import Readers

TAIL = 1 << 16
"""Bytes of the end of a log that the page shows."""

LIVE = 1 << 26
"""Bytes of a log that are read to find its end while it grows."""


class Artifact(NamedTuple):
    """An artifact of an item. `url` is where its value is loaded."""

    name: str
    value: Value
    url: str
    is_parameter: bool


class Log(NamedTuple):
    """The end of what an attempt printed; `left_out` bytes stand before it."""

    attempt: int
    text: str
    left_out: int
    url: str


class Card(NamedTuple):
    """A card of an item; `version` changes with what it shows."""

    title: str
    note: str
    url: str
    version: str


class TaskPage(NamedTuple):
    """What the page of an item shows."""

    run: RunRow
    step: str
    item: str
    state: str
    value: Value | None
    started: float
    seconds: float | None
    attempt: int
    attempts: list[tuple[int, str]]
    taken_from: str
    taken_url: str
    failed: Failed | None
    resume: str
    metrics: list[MetricRow]
    cards: list[Card]
    artifacts: list[Artifact]
    log: Log | None
    shares_task: str
    damage: list[str]
    is_live: bool


class CardPage(NamedTuple):
    """What the page of a card shows."""

    run: RunRow
    step: str
    item: str
    card: Card
    is_live: bool


def task_page(readers: Readers, flow: str, run: str, step: str, item: str, store: str, attempt: int | None = None) -> TaskPage:
    """The page of an item, as an attempt left it or the latest; raises Missing and Corrupt."""
    info = readers.info(flow, run)
    _, damage = readers.run(flow, run)
    found = find_item(readers, flow, run, step, item)
    task = None if info.is_over or found.shelf else readers.live(flow, run).task(step, found.slice)
    chosen = found if attempt is None else found.of_attempt(attempt)
    failure = chosen.failure
    taken = chosen.taken_from() or ""
    state = "reused" if taken else "done" if chosen.shelf else "failed" if failure else task.state if task else "unfinished"
    started, ended = chosen.times()
    latest = found.latest_attempt
    frames, unread = found.lineage.frames, list[str]()
    return TaskPage(
        run=row_of(info),
        step=step,
        item=item,
        state=state,
        value=_input(chosen),
        started=started,
        seconds=None if ended is None else ended - started,
        attempt=latest if attempt is None else attempt,
        attempts=[(number, urls.item_url(flow, run, step, item, attempt=number)) for number in range(latest + 1)] if latest else [],
        taken_from=taken,
        taken_url=urls.item_url(flow, taken, step, item) if taken else "",
        failed=None if failure is None else failed_item(flow, run, {"step": step, "item": item, **failure}),
        resume=resume_command(flow, run, store) if failure and info.is_over else "",
        metrics=metrics_of_item(chosen, unread),
        cards=_cards(chosen) if chosen.attempt is None and (task or failure or found.shelf) else [],
        artifacts=_artifacts(chosen),
        log=_live_log(readers, found, item) if task and attempt is None else _log(chosen, item, latest if attempt is None else attempt),
        shares_task=found.lineage.span() if frames and frames[-1].size > 1 else "",
        damage=[*info.damage, *damage, *unread],
        is_live=not info.is_over and task is not None,
    )


def find_item(readers: Readers, flow: str, run: str, step: str, item: str) -> ItemReader:
    """An item of a step; raises Missing."""
    reader, _ = readers.run(flow, run)
    found = run_items.item(reader, step, item) if step in reader.plan["steps"] or step in reader.steps() else None
    if found is None:
        raise Missing(f"step `{step}` of {flow}/{run} has no item `{item}`")
    return found


def _input(found: ItemReader) -> Value | None:
    """What the foreach gave the item; None outside of one, and as long as it is not done."""
    if found.shelf is None or not found.lineage.frames:
        return None
    try:
        entry = found.entry("input")
    except (Corrupt, Missing) as error:
        return Value("", 0, None, str(error))
    return None if entry is None else shown_value(entry, found.run.store)


def _cards(found: ItemReader) -> list[Card]:
    """The cards of an item. What they show is loaded when somebody opens one: the default card unpickles artifacts."""
    doc = found.run.doc
    cards = []
    for number, card in enumerate(cards_of(found), start=1):
        title = card.id or f"{card.type} card"
        note = "the step has no @card" if card.implied else card.type if card.id else ""
        version = f"{crc32(documents.dump(card.content)):08x}" if card.live else ""
        cards.append(Card(title, note, urls.card_url(doc["flow"], doc["run"], found.step, found.address, number), version))
    return cards


def card_page(readers: Readers, place: Sequence[str], number: int) -> CardPage:
    """The page of the card at a place of an item, from 1; raises Missing and Corrupt."""
    flow, run, step, item = place
    info = readers.info(flow, run)
    cards = _cards(find_item(readers, flow, run, step, item))
    if not 0 < number <= len(cards):
        raise Missing(f"{step}/{item} of {flow}/{run} has no card {number}")
    return CardPage(row_of(info), step, item, cards[number - 1], not info.is_over and cards[number - 1].version != "")


def _artifacts(found: ItemReader) -> list[Artifact]:
    run, step, item = found.run.doc["run"], found.step, found.address
    store, doc = found.run.store, found.run.doc
    held = {**doc.get("configs", {}), **doc["parameters"]}
    rows = []
    for name in found.names():
        is_parameter = False
        try:
            entry = found.entry(name)
            is_parameter = entry is None
            value = shown_value(entry, store) if entry is not None else shown_parameter(held[name], store)
        except (Corrupt, Missing) as error:
            value = Value("", 0, None, str(error))
        rows.append(Artifact(name, value, urls.value_url(doc["flow"], run, step, item, name), is_parameter))
    return sorted(rows, key=lambda row: (row.is_parameter, row.name))


def _live_log(readers: Readers, found: ItemReader, item: str) -> Log | None:
    """The end of what the latest attempt has printed so far."""
    live = readers.live(found.run.doc["flow"], found.run.doc["run"])
    part = live.log(found.step, found.slice, limit=LIVE)
    text = part.data[-TAIL:]
    number = max(0, len(live.attempts(found.step, found.slice)) - 1)
    return Log(number, text.decode("utf-8", "replace"), max(0, part.offset - len(text)), "")


def _log(found: ItemReader, item: str, attempt: int) -> Log | None:
    """The end of the log of the attempt; with those of the other nodes of a gang behind it."""
    key = found.log
    if key is None:
        return None
    store = found.run.store
    size = store.size(key)
    start = max(0, size - TAIL)
    text = store.part(key, start, size - start).decode("utf-8", "replace") if size else ""
    for number, node in enumerate(logs_of_nodes(store, key), start=1):
        text += f"\n=== node {number}\n{store.read(node)[-TAIL:].decode('utf-8', 'replace')}"
    return Log(attempt, text, start, urls.log_url(found.run.doc["flow"], found.run.doc["run"], found.step, item, attempt))


def log_keys(found: ItemReader) -> list[str]:
    """The keys of the whole log of an attempt, in the order in which they are shown."""
    key = found.log
    return [] if key is None else [key, *logs_of_nodes(found.run.store, key)]
