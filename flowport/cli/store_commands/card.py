"""`flowport card list|view|get FLOW/RUN/STEP/ITEM`: the cards of tasks, from the store alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import click

from flowport.cli import shared_options as shared
from flowport.cli.command import Argument, Command
from flowport.cli.console import as_json, warn, write_document, writing
from flowport.cli.loading import store_to_read
from flowport.client.artifact import provide_modules
from flowport.runtime.atomic_file import write_file
from flowport.runtime.cards.read import CardReader, cards_of
from flowport.runtime.run.items import ItemReader, item, items
from flowport.runtime.run.reader import Run
from flowport.runtime.text import shown
from flowport.workspace.address import Address
from flowport.workspace.errors import SeveralCards, UnknownCard, UnknownItem
from flowport.workspace.runs import find_run, find_step

ACTIONS = ("list", "view", "get")

ITEMS = 10
"""How many items of a step are listed when none is named; as JSON there are all."""


class CardRequest(NamedTuple):
    """What to do with the cards of an address in a store: all of them, or those with an id or of a type."""

    action: str
    address: Address
    id: str | None
    type: str | None
    number: int | None
    output: str | None
    json: bool
    store: str | None
    target: str | None
    profile: str | None


def card(request: CardRequest) -> int:
    """List cards, or show one; 1 when there is nothing to list, or something of it is damaged."""
    run = find_run(store_to_read(request.store, request.target, request.profile), request.address, warn)
    if request.action == "list":
        return max(_list(run, request), int(run.damaged))
    # The default card shows values of the flow's own classes.
    provide_modules(run.program)
    from flowport.card_pages.render import card_html

    page = card_html(_chosen(run, request))
    if request.output:
        with writing(request.output):
            write_file(request.output, page.encode("utf-8", "backslashreplace"))
    elif request.action == "get":
        write_document(page)
    else:
        _open(page)
    return int(run.damaged)


def _open(page: str) -> None:
    from flowport.card_pages.browser import open_page

    is_open, path = open_page(page)
    print(f"the card is open in the browser: {path}" if is_open else f"there is no browser here: the card is in {path}", file=sys.stderr)


def _chosen(run: Run, request: CardRequest) -> CardReader:
    """The one card that a command line names; raises UnknownCard, and SeveralCards where it fits several."""
    address = request.address
    step = _last(run) if address.step is None else find_step(run, address.step)
    found = _item(run, step, address.item) if address.item else next(_forwards(run, step), None)
    if found is None:
        raise UnknownItem("r", step, run.plan["flow"], run.doc["run"])
    where = f"{step}/{found.address}"
    cards = cards_of(found)
    fitting = [one for one in cards if _fits(one, request)]
    if not fitting:
        raise UnknownCard(where, [_name(one) for one in cards])
    if len(fitting) > 1 and request.number is None:
        raise SeveralCards(where, [(one.id, one.type) for one in fitting])
    if len(fitting) < (request.number or 1):
        raise UnknownCard(where, [_name(one) for one in cards])
    chosen = fitting[(request.number or 1) - 1]
    if chosen.implied:
        warn(f"flowport: step `{step}` has no `@card`: this is the default card, which every step has")
    return chosen


def _fits(one: CardReader, request: CardRequest) -> bool:
    return request.id in (None, one.id) and request.type in (None, one.type)


def _name(one: CardReader) -> str:
    return f"{one.type} `{one.id}`" if one.id else one.type


def _last(run: Run) -> str:
    """The last step with a card that happened, or the last one that did."""
    happened = [step for step in reversed(run.steps()) if run.slices(step)]
    with_cards = [step for step in happened if run.program.step(step).get("cards")] if not run.spin else happened
    return next(iter([*with_cards, *happened]), run.plan["start"])


def _item(run: Run, step: str, address: str) -> ItemReader:
    found = item(run, step, address)
    if found is None:
        raise UnknownItem(address, step, run.plan["flow"], run.doc["run"])
    return found


def _forwards(run: Run, step: str) -> Iterator[ItemReader]:
    return items(run, step, backwards=False)


def _list(run: Run, request: CardRequest) -> int:
    """Print a row for each card; those that nobody asked for are left out."""
    rows: list[dict[str, object]] = []
    cut: list[str] = []
    address = request.address
    for step in run.steps() if address.step is None else [find_step(run, address.step)]:
        found = iter([_item(run, step, address.item)]) if address.item else _forwards(run, step)
        for one in found if request.json else islice(found, ITEMS):
            rows += [_row(step, one, each) for each in cards_of(one) if not each.implied and _fits(each, request)]
        if not address.item and not request.json and rows and rows[-1]["step"] == step and next(found, None) is not None:
            cut.append(f"step {step} has more items: name one, {run.plan['flow']}/{run.doc['run']}/{step}/r.{ITEMS}, or add --json")
    if request.json:
        print(as_json(rows, indent=2))
        return 0
    if not rows:
        where = "/".join(part for part in (run.plan["flow"], run.doc["run"], address.step or "STEP", address.item) if part)
        print("no step has a card: `@card` above a step gives it one", file=sys.stderr)
        print(f"  flowport card view {where}   # shows the default card, which every step has", file=sys.stderr)
        return 1
    _print(
        [
            (f"{row['step']}/{row['item']}" if row["item"] != "r" else row["step"], row["type"], row["id"] or "", row["state"])
            for row in rows
        ]
    )
    for line in cut:
        print(line)
    return 0


def _row(step: str, found: ItemReader, one: CardReader) -> dict[str, object]:
    state = "done" if found.is_done else "failed" if found.failure is not None else "running"
    return {"step": step, "item": found.address, "type": one.type, "id": one.id, "state": state}


def _print(rows: list[tuple[object, ...]]) -> None:
    table = [("TASK", "TYPE", "ID", ""), *[tuple(map(str, row)) for row in rows]]
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    for row in table:
        print(shown("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()))


COMMAND = Command(
    "card",
    "List or show the cards of tasks",
    CardRequest,
    card,
    (
        Argument("action", "list, view or get.", type=click.Choice(ACTIONS), metavar="ACTION"),
        shared.address(),
        click.Option(["--id"], metavar="ID", help="The card with this id, `@card(id=...)`."),
        click.Option(["--type"], metavar="TYPE", help="The card of this type, `@card(type=...)`."),
        click.Option(["--number"], type=click.IntRange(1), metavar="N", help="Of the cards that fit, the one at this place, from 1."),
        click.Option(["-o", "--output"], metavar="FILE", help="Write the page to this file."),
        click.Option(["--json"], is_flag=True, help=f"With `list`, print JSON, with all items instead of the first {ITEMS} of a step."),
        *shared.store_to_read(),
    ),
    help="`view` opens a card in the browser, `get` prints its HTML. Without a step they show the last one with a card, and without an "
    "item the first. A step without `@card` has a default card too.",
    examples=(
        "flowport card list DigitsFlow",
        "flowport card view DigitsFlow/latest/train/r.3",
        "flowport card get DigitsFlow/latest/report --id matrix -o matrix.html",
    ),
)
