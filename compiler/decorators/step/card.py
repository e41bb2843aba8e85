"""`@card(type="default", id=None, options={}, timeout=45, ...)`: a report of the step; a step can have several."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.ir import JSON, Card, Settings
from flowport.compiler.ir.features import Feature
from flowport.compiler.python.modules import Modules
from flowport.compiler.record import replace

CARDS = Feature("@card")

TYPES = ("default", "blank", "html", "taskspec_card", "error")
"""The types of cards that every flow has (`runtime/cards/classes.py`)."""

ID = re.compile("[a-zA-Z0-9_]+")
"""What an id may be, as in Metaflow."""

NO_EFFECT = {
    "scope": "every card is one of a task",
    "rank": "cards are listed in the order of their decorators",
}


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    id = arguments.text("id", "loss")
    if id and not ID.fullmatch(id):
        message = f"`id` of `@card` is `{id}`, and an id has letters, digits and `_` only"
        arguments.say(arguments.named["id"][0], message, f'write `id="{re.sub("[^a-zA-Z0-9_]+", "_", id)}"`')
        return so_far
    if id and any(card.id == id for card in so_far.cards):
        message = f"step `{arguments.step}` has two cards with the id `{id}`"
        arguments.say(arguments.named["id"][0], message, "give each card an id of its own")
        return so_far
    timeout = arguments.number("timeout", None, 1)
    interval = arguments.number("refresh_interval", None, 0)
    card = Card(
        _type(arguments),
        id,
        _options(arguments),
        timeout,
        interval,
        arguments.flag("save_errors", True),
        arguments.flag("customize"),
    )
    return replace(so_far, cards=(*so_far.cards, card))


def _type(arguments: Arguments) -> str:
    """The type. One that nothing here has may be that of an extension in the image; a misspelling of a known one is not."""
    kind = arguments.text("type", "blank") or "default"
    known = {*TYPES, *_own_types(arguments.reading.modules)}
    if kind in known:
        return kind
    node = arguments.named["type"][0]
    listed = "the types are " + ", ".join(f"`{one}`" for one in (*TYPES, *sorted(known - {*TYPES})))
    message = f"there is no type of cards `{kind}`"
    if ways_out := did_you_mean(kind, known):
        arguments.say(node, message, *ways_out, listed)
    else:
        way_out = "install the extension of Metaflow that has it where the step runs; without it the card says that it is missing"
        arguments.reading.warn("FP157", f"{message} in the flow's own files", arguments.use.source, node, way_out, listed)
    return kind


def _own_types(modules: Modules) -> Iterator[str]:
    """The types of the classes in the flow's own files: what a class sets as `type`."""
    for source in modules.sources:
        if "Card" not in source.text:
            continue
        for node in ast.walk(source.tree):
            for part in node.body if isinstance(node, ast.ClassDef) else ():
                if (
                    isinstance(part, ast.Assign)
                    and any(isinstance(target, ast.Name) and target.id == "type" for target in part.targets)
                    and isinstance(part.value, ast.Constant)
                    and isinstance(part.value.value, str)
                ):
                    yield part.value.value


def _options(arguments: Arguments) -> tuple[tuple[str, JSON], ...]:
    node, value = arguments.named.get("options", (arguments.use.node, None))
    if value is None:
        return ()
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value) or not _is_json(value):
        message = f"`options` of `@card` must be a dict that JSON can hold, not `{value!r}`"
        arguments.say(node, message, 'write `options={"attribute": "html"}`')
        return ()
    return tuple(value.items())


def _is_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_json(one) for name, one in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_json, value))
    return value is None or isinstance(value, str | int | float | bool)


def _to_plan(settings: Settings) -> dict[str, JSON]:
    return {"cards": [_document(card) for card in settings.cards]} if settings.cards else {}


def _document(card: Card) -> dict[str, JSON]:
    options = {name: list(value) if isinstance(value, tuple) else value for name, value in card.options}
    document: dict[str, JSON] = {"type": card.type}
    more: dict[str, JSON] = {
        "id": card.id,
        "options": options,
        "timeout": card.timeout,
        "refresh_interval": card.refresh_interval,
        "customize": card.customize,
    }
    document.update({name: value for name, value in more.items() if value})
    return document if card.save_errors else {**document, "save_errors": False}


# Each step in a container has its own cards, so nothing is merged.
CARD = Decorator(
    "card",
    ("type", "id", "options", "timeout", "save_errors", "customize", "refresh_interval", "scope", "rank"),
    _read,
    {CARDS: lambda settings: bool(settings.cards)},
    to_plan=_to_plan,
    changes_results=False,
    without_effect=NO_EFFECT,
    repeats=True,
)
