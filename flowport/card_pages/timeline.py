"""The events of an `EventsTimeline`, the latest first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from flowport.card_pages.texts import escape, note, number

THEMES = frozenset(("success", "warning", "error", "info", "primary", "secondary", "tool_call", "ai_response"))
PRIORITIES = frozenset(("low", "normal", "high", "critical"))


def timeline(component: dict[str, Any], show: Callable[[Any], str]) -> str:
    """The events below their title; `show` makes the HTML of their payloads."""
    stats, events = component.get("stats") or {}, component.get("events") or []
    title = f'<p class="viewer-title">{escape(component["title"])}</p>' if component.get("title") else ""
    words = [f"{stats.get('total_events', len(events))} events", "finished" if stats.get("finished") else ""]
    items = "".join(_event(event, show) for event in events)
    left_out = stats.get("total_events", 0) - len(events)
    more = note(f"{left_out:,} earlier events are left out") if left_out > 0 else ""
    return f'<div class="timeline">{title}<p class="note">{" · ".join(filter(None, words))}</p><ol>{items}</ol>{more}</div>'


def _event(event: dict[str, Any], show: Callable[[Any], str]) -> str:
    data = dict(event.get("metadata") or {})
    moment = _moment(data.pop("timestamp", None))
    classes = [name for name, known in ((event.get("style_theme"), THEMES), (event.get("priority"), PRIORITIES)) if name in known]
    pairs = "".join(f"<dt>{escape(name)}</dt><dd>{escape(number(value))}</dd>" for name, value in data.items())
    folded = "".join(
        f"<details><summary>{escape(name)}</summary>{show(payload)}</details>" for name, payload in (event.get("payloads") or {}).items()
    )
    return f'<li class="{" ".join(map(str, classes))}"><time>{escape(moment)}</time><dl>{pairs}</dl>{folded}</li>'


def _moment(value: Any) -> str:
    """A time in seconds since 1970, or a text with one, as a text in UTC."""
    if isinstance(value, (int, float)) and 0 <= value < 253_402_300_799:
        return datetime.fromtimestamp(value, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    return "" if value is None else str(value)
