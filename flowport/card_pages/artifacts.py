"""The parameters and artifacts of an item: name, type, size, and a preview of what is not too large to be loaded."""

from __future__ import annotations

from typing import Any

from flowport.card_pages.components import Components
from flowport.card_pages.texts import escape, size
from flowport.runtime.cards.image import Image, image_format
from flowport.runtime.cards.plain import brief, cut
from flowport.runtime.cards.table import Table
from flowport.runtime.run.items import ItemReader
from flowport.runtime.run.reader import reason
from flowport.runtime.store import codec, row_ranges
from flowport.runtime.text import type_name

LOADED = 1 << 25
"""Bytes up to which an artifact is loaded for its preview."""

LINE = 120
"""Characters of a preview; what is longer is folded below it."""

FRAME = 10
"""The rows that are shown of a data frame."""


def parameters(item: ItemReader) -> list[tuple[str, str]]:
    """The parameters and configs of the run with their values as Python shows them."""
    found = item.run.parameters()
    return [(name, cut(brief(found[name]))) for name in sorted(found)]


def artifacts(item: ItemReader, page: Components) -> str:
    """A table of the artifacts of an item, those that its step set first; "" without any."""
    if item.shelf is None:
        return ""
    names = [name for name in item.shelf[1].names(item.row) if not name.startswith("_")]
    own = {name for name, column in item.shelf[0].doc["own"].items() if name in names and row_ranges.contains(column["items"], item.row)}
    rows = [_row(item, name, name in own, page) for name in sorted(names, key=lambda name: (name not in own, name))]
    if not rows:
        return ""
    head = "<thead><tr><th>Name</th><th>Type</th><th class='num'>Size</th><th>Value</th></tr></thead>"
    return f'<div class="table artifacts"><table>{head}<tbody>{"".join(rows)}</tbody></table></div>'


def _row(item: ItemReader, name: str, is_own: bool, page: Components) -> str:
    entry = item.entry(name)
    length = 0 if entry is None else codec.reference(entry)[1] if codec.is_reference(entry) else len(entry)
    kind, preview = ("", '<span class="faint">not loaded: it is too large</span>') if length > LOADED else _value(item, name, page)
    title = f'<span class="{"own" if is_own else "soft"}">{escape(name)}</span>'
    return f'<tr><td>{title}</td><td class="soft">{escape(kind)}</td><td class="num soft">{size(length)}</td><td>{preview}</td></tr>'


def _value(item: ItemReader, name: str, page: Components) -> tuple[str, str]:
    """The type of an artifact, and its preview."""
    try:
        value = item.value(name)
    except Exception as error:  # whatever unpickling raises: the classes of the user may not be here
        return "", f'<span class="faint">unreadable here: {escape(reason(error))}</span>'
    return type_name(value), _preview(value, page)


def _preview(value: Any, page: Components) -> str:
    kind = type_name(value)
    if kind.startswith(("pandas.", "polars.")) and kind.endswith(".DataFrame"):
        rows, columns = value.shape
        shown = page.one(Table.from_dataframe(value.head(FRAME)).render())
        return f"<details><summary>{rows:,} rows, {columns:,} columns</summary>{shown}</details>"
    if kind == "numpy.ndarray":
        shape = " × ".join(f"{length:,}" for length in value.shape) or "one value"
        return _folded(f"{shape}, {value.dtype}", brief(value))
    if isinstance(value, bytes) and image_format(value):
        return page.one(Image(value).render())
    text = cut(brief(value))
    line = " ".join(text.split())
    if len(line) <= LINE:
        return f'<span class="mono">{escape(line)}</span>'
    count = f"{len(value):,} entries: " if isinstance(value, (list, tuple, dict, set, frozenset)) else ""
    return _folded(f"{count}{line[: LINE - 3]}...", text)


def _folded(summary: str, text: str) -> str:
    return f'<details><summary class="mono">{escape(summary)}</summary><pre>{escape(text)}</pre></details>'
