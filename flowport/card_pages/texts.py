"""Small pieces of pages: escaped texts, numbers, sizes, and lines that say what is missing."""

from __future__ import annotations

import html
import math
from typing import Any

UNITS = ("bytes", "kB", "MB", "GB", "TB")


def clean(text: str) -> str:
    """A text without the characters that no document may have."""
    if text.isprintable():
        return text
    return "".join([one for one in text if one >= " " or one in "\n\t"]).encode("utf-8", "replace").decode()


def escape(value: object) -> str:
    """A text for HTML, between tags and in attributes with double quotes."""
    return html.escape(clean(str(value)))


def number(value: Any) -> str:
    """A number with six digits that count; the whole of it is in the title of its cell."""
    if isinstance(value, bool) or not isinstance(value, float):
        return str(value)
    if not math.isfinite(value):
        return {"nan": "NaN", "inf": "∞", "-inf": "−∞"}[str(value)]
    text = f"{value:.6g}"
    return text.replace("-", "−", 1) if text.startswith("-") else text


def size(count: int) -> str:
    """A number of bytes: `1.4 MB`."""
    amount, unit = float(count), 0
    while amount >= 999.5 and unit < len(UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{count} {'byte' if count == 1 else 'bytes'}" if unit == 0 else f"{amount:.3g} {UNITS[unit]}"


def pre(text: object) -> str:
    """A text as it is, in letters of one width."""
    return f"<pre>{escape(text)}</pre>"


def note(text: str) -> str:
    """A line from flowport itself about what is shown."""
    return f'<p class="note">{escape(text)}</p>'


def error(title: object, text: object) -> str:
    """What is shown in the place of something that could not be made."""
    body = pre(text) if str(text).strip() else ""
    return f'<div class="error"><p class="error-title">{escape(title)}</p>{body}</div>'
