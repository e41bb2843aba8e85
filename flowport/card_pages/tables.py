"""Tables: numbers to the right, components in cells, and a line for the rows that are left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowport.card_pages.texts import escape, note, number

Show = Callable[[Any], str]
"""Makes the HTML of a component."""


def table(component: dict[str, Any], show: Show) -> str:
    """The table of a component; `show` makes the HTML of those in its cells."""
    heads, rows = _list(component.get("columns")), [_list(row) for row in _list(component.get("data"))]
    if component.get("vertical"):
        return _vertical(heads, rows, show)
    width = max((len(row) for row in (heads, *rows)), default=0)
    if not width:
        return ""
    right = [_is_numeric([row[column] for row in rows if column < len(row)]) for column in range(width)]
    head = "".join(f"<th{_class(right[place])}>{escape(title)}</th>" for place, title in enumerate([*heads, *[""] * (width - len(heads))]))
    body = "".join(f"<tr>{''.join(cell(one, show, right[place]) for place, one in enumerate(row))}</tr>" for row in rows)
    top = f"<thead><tr>{head}</tr></thead>" if heads else ""
    total = component.get("total")
    more = note(f"the first {len(rows):,} of {total:,} rows") if isinstance(total, int) and total > len(rows) else ""
    return f'<div class="table"><table>{top}<tbody>{body}</tbody></table></div>{more}'


def cell(value: Any, show: Show, right: bool = False) -> str:
    """A cell with a value or a component."""
    if isinstance(value, dict) and "type" in value:
        return f"<td>{show(value)}</td>"
    if value is None:
        return f'<td{_class(right)}><span class="faint">None</span></td>'
    text = number(value)
    whole = f' title="{escape(value)}"' if isinstance(value, float) and text != str(value) else ""
    return f"<td{_class(right)}{whole}>{escape(text)}</td>"


def _vertical(heads: list[Any], rows: list[list[Any]], show: Show) -> str:
    """A table whose titles stand beside their values."""
    values = rows[0] if rows else []
    body = "".join(f"<tr><th>{escape(title)}</th>{cell(value, show)}</tr>" for title, value in zip(heads, values))
    return f'<div class="table"><table class="facts"><tbody>{body}</tbody></table></div>'


def _class(right: bool) -> str:
    return ' class="num"' if right else ""


def _is_numeric(values: list[Any]) -> bool:
    found = [value for value in values if value is not None]
    return bool(found) and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in found)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
