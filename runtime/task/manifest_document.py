"""The document of a manifest, made from the outcomes of a task's items. Its fields:

v nonce epoch              who wrote it
started ended              when, in seconds since 1970
key digest code            from what: `key` decides whether it can be adopted
after                      [[step, slice, generation, sha], ...], the manifests that were read
arrived to                 rows that came, and rows by the step that they went on to
left entry                 of a loop's header: who left before this turn, and the nonce of turn 0
own classes                columns that the step wrote, and what the items inherit
cards                      columns with the cards of the items, by the names of these
logged                     rows by the names of the artifacts that were named with `current.log_artifact`
metrics final              columns with the metrics of the items, by name, and {name: [value, step, row]}, the last value of each
reads caught forced        for resuming: what each item read, which failed, whether nothing may be taken over
taken                      of a resumed run: [[run, rows], ...], which items are another run's, and whose
fan                        n items in k slices of g, `share` for the foreaches inside, `counts` per item, and the `values`; whether they
                           are the nodes of a `gang`
"""

from __future__ import annotations

import os
import time
from _pickle import dumps

from flowport.runtime.protocol import RECORDS
from flowport.runtime.store import packs, row_ranges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.records.outcome import Outcome
    from flowport.runtime.task.context import TaskContext


def manifest_document(context: TaskContext, key: str, after: list[list[Any]], outcomes: list[Outcome]) -> dict[str, Any]:
    """The manifest of these outcomes, which has one for every item that arrived; its packs are stored."""
    packer = packs.Packer()
    doc: dict[str, Any] = {
        "v": RECORDS,
        "nonce": os.urandom(8).hex(),
        "started": context.started,
        "ended": round(time.time(), 3),
        "epoch": context.invocation.epoch,
        "key": key,
        "digest": context.plan["digest"],
        "code": context.invocation.code,
        "after": after,
        "arrived": context.arrived,
        "to": _rows([(outcome["row"], outcome["to"]) for outcome in outcomes]),
        "own": _columns(packer, [(outcome["row"], outcome["own"]) for outcome in outcomes]),
        "classes": context.classes,
        "reads": packer.add([dumps(outcome["reads"], 5) for outcome in outcomes], context.arrived),
    }
    if context.site["enter"][0] == "again":
        doc["left"] = context.replay.left(context.step, context.slice)
        doc["entry"] = context.replay.entry(context.step, context.slice) or doc["nonce"]
    if cards := [(outcome["row"], outcome["cards"]) for outcome in outcomes if outcome.get("cards")]:
        doc["cards"] = _columns(packer, cards)
    if metrics := [(outcome["row"], outcome["metrics"]) for outcome in outcomes if outcome.get("metrics")]:
        from flowport.runtime.metrics.log import final

        doc["metrics"], doc["final"] = _columns(packer, metrics), final(metrics)
    if logged := _rows([(outcome["row"], outcome.get("logged", [])) for outcome in outcomes]):
        doc["logged"] = logged
    if "foreach" in context.plan["transition"]:
        doc["fan"] = _fan(context, packer, [outcome["values"] or [] for outcome in outcomes])
    if rows := row_ranges.from_rows([outcome["row"] for outcome in outcomes if outcome.get("caught")]):
        doc["caught"] = rows
    if taken := _taken(outcomes):
        doc["taken"] = taken
    if context.forced:
        doc["forced"] = True
    packer.close(context.store)
    return doc


def _taken(outcomes: list[Outcome]) -> list[list[Any]]:
    """The rows of the items that were taken over, by the run in which they ran."""
    rows: dict[str, list[int]] = {}
    for outcome in outcomes:
        if "taken" in outcome:
            rows.setdefault(outcome["taken"], []).append(outcome["row"])
    return [[run, row_ranges.from_rows(rows[run])] for run in sorted(rows)]


def _rows(named: list[tuple[int, list[str]]]) -> dict[str, Any]:
    """The rows that have each of some names, from the names of each row."""
    rows: dict[str, list[int]] = {}
    for row, names in named:
        for name in names:
            rows.setdefault(name, []).append(row)
    return {name: row_ranges.from_rows(rows[name]) for name in sorted(rows)}


def _columns(packer: packs.Packer, entries: list[tuple[int, dict[str, bytes]]]) -> dict[str, Any]:
    """A column for every name under which some item has an entry."""
    columns = {}
    for name in sorted({name for _, own in entries for name in own}):
        having = [(row, own[name]) for row, own in entries if name in own]
        columns[name] = packer.add([entry for _, entry in having], row_ranges.from_rows([row for row, _ in having]))
    return columns


def _fan(context: TaskContext, packer: packs.Packer, lists: list[list[bytes]]) -> dict[str, Any]:
    """How a foreach is cut into slices: at most `width` of them, its share of `total` at any depth, and what the step allows."""
    values = [value for items in lists for value in items]
    around = context.lineage.frames[-1].split.doc["fan"]["share"] if context.lineage.frames else context.invocation.total
    number = len(values)
    transition = context.plan["transition"]
    wanted = min(context.invocation.width, around, -(-number // transition["batch"]), transition.get("tasks", number))
    is_gang = "gang" in transition
    if is_gang:  # all nodes run in one task
        wanted = 1
    size = -(-number // wanted) if wanted else 1
    slices = -(-number // size)
    columns = []
    for first in range(0, number, size):
        part = values[first : first + size]
        columns.append(packer.add(part, row_ranges.full(len(part))))
    return {
        "n": number,
        "g": size,
        "k": slices,
        "share": max(1, around // slices) if slices else around,
        "counts": _counted([len(items) for items in lists]),
        "values": packer.index(columns),
        **({"gang": True} if is_gang else {}),
    }


def _counted(counts: list[int]) -> list[list[int]]:
    """Counts as [count, times] of equal neighbours."""
    found: list[list[int]] = []
    for count in counts:
        if found and found[-1][0] == count:
            found[-1][1] += 1
        else:
            found.append([count, 1])
    return found
