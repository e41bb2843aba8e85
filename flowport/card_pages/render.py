"""A card as a page of HTML: `card_html(card)`, from the store alone."""

from __future__ import annotations

from flowport.card_pages import facts
from flowport.card_pages.artifacts import artifacts, parameters
from flowport.card_pages.components import Components
from flowport.card_pages.page import page
from flowport.card_pages.source import python
from flowport.card_pages.texts import error, escape, note, pre
from flowport.runtime.cards.read import CardReader
from flowport.runtime.run.items import ItemReader


def card_html(card: CardReader) -> str:
    """The page of a card. One that its task rendered, `type="html"` or a class of the user's, is shown as it is.

    Raises Missing and Corrupt where what was stored of it cannot be read.
    """
    content = card.content
    if isinstance(content.get("html"), str):
        return str(content["html"])
    body = _blank(card) if card.type == "blank" else _default(card)
    return page(f"{_address(card.item)} {card.id or ''}".strip(), body)


def _address(item: ItemReader) -> str:
    address = "" if item.address == "r" else f"/{item.address}"
    return f"{item.run.doc['flow']}/{item.run.doc['run']}/{item.step}{address}"


def _blank(card: CardReader) -> str:
    title = card.options.get("title")
    heading = f"<h1>{escape(title)}</h1>" if title else ""
    live = "" if card.item.is_done else f'<div class="meta">{_pill(card.item)}</div>'
    shown = Components().all(card.content["components"])
    top = f"<header>{heading}{live}</header>" if heading or live else ""
    return "\n".join(filter(None, [top, shown or note("nothing was added to this card"), _footer(card.item)]))


def _default(card: CardReader) -> str:
    item, parts = card.item, Components()
    sections = [
        _header(item),
        _failed(item),
        _unrendered(card),
        parts.all(card.content["components"]),
        _parameters(item),
        _artifacts(item, parts),
        _step(item),
        _log(item),
        _footer(item),
    ]
    return "\n".join(filter(None, sections))


def _header(item: ItemReader) -> str:
    flow, run = escape(item.run.doc["flow"]), escape(item.run.doc["run"])
    doc = facts.doc(item).partition("\n\n")[0]
    place = facts.place(item)
    words = "".join(f"<span>{escape(text)}</span>" for text in ([place] if place else []) + facts.times(item))
    lead = f'<p class="lead">{escape(doc)}</p>' if doc else ""
    address = "" if item.address == "r" else f' <span class="faint">{escape(item.address)}</span>'
    return (
        f'<header><p class="eyebrow">{flow} / {run}</p><h1>{escape(item.step)}{address}</h1>{lead}'
        f'<div class="meta">{_pill(item)}{words}</div></header>'
    )


def _pill(item: ItemReader) -> str:
    status = facts.status(item)
    return f'<span class="pill {status}">{status}</span>'


def _failed(item: ItemReader) -> str:
    failure = facts.failure(item)
    return "" if failure is None else error(f"{failure['type']}: {failure['message']}", failure["traceback"])


def _unrendered(card: CardReader) -> str:
    """Why a card that the task renders is not here."""
    found = card.content.get("error")
    if isinstance(found, dict):
        return error(f"the card {card.name} could not be rendered: {found.get('message', '')}", found.get("text", ""))
    if card.type in ("default", "error"):
        return ""
    return note(f"a card of the type {card.type} is rendered when its step is done")


def _parameters(item: ItemReader) -> str:
    rows = "".join(f'<tr><th>{escape(name)}</th><td class="mono">{escape(value)}</td></tr>' for name, value in parameters(item))
    table = f'<div class="table"><table class="facts"><tbody>{rows}</tbody></table></div>'
    return f"<section><h2>Parameters</h2>{table}</section>" if rows else ""


def _artifacts(item: ItemReader, parts: Components) -> str:
    found = artifacts(item, parts)
    more = note("What the step set stands first, in bold; the rest was set by the steps before it.")
    return f"<section><h2>Artifacts</h2>{found}{more}</section>" if found else ""


def _step(item: ItemReader) -> str:
    """The source of the step and its place in the graph."""
    text, path, line = facts.source(item)
    drawing = facts.graph(item)
    shown = f'<section><h2>Flow</h2><div class="drawing">{drawing}</div></section>' if drawing else ""
    code = f"<section><h2>Source</h2>{python(text)}{note(f'{path}, line {line}')}</section>" if text else ""
    return shown + code


def _log(item: ItemReader) -> str:
    text = facts.log(item).rstrip()
    return f"<section><h2>Output</h2>{pre(text)}</section>" if text else ""


def _footer(item: ItemReader) -> str:
    return f"<footer>{escape(_address(item))}</footer>"
