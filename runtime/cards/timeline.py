"""`EventsTimeline`: what happened, the latest first."""

from __future__ import annotations

import time

from flowport.runtime.cards.charts import ValueBox, check_theme
from flowport.runtime.cards.component import UserComponent, rendered
from flowport.runtime.cards.image import Image
from flowport.runtime.cards.plain import cell
from flowport.runtime.cards.texts import Artifact, Markdown, PythonCode
from flowport.runtime.cards.viewers import JSONViewer, YAMLViewer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PAYLOADS = (ValueBox, Image, Markdown, Artifact, PythonCode, JSONViewer, YAMLViewer)
"""The components that an event may have."""


class EventsTimeline(UserComponent):
    """Events below a title, the latest first and at most `max_events` of them; all are counted."""

    type = "eventsTimeline"
    REALTIME_UPDATABLE = True

    def __init__(self, title: str | None = None, max_events: int = 100) -> None:
        self._title, self._max = title, max_events
        self._events: list[dict[str, Any]] = []
        self._count = 0
        self._first = self._last = 0.0
        self._finished = False

    def update(
        self,
        event_data: dict[str, Any],
        style_theme: str | None = None,
        priority: str | None = None,
        payloads: dict[str, Any] | None = None,
        finished: bool | None = None,
    ) -> None:
        """Add an event: `event_data` are plain values by name, and `payloads` components by name, which can be unfolded.

        Raises ValueError for a theme that cannot be the name of a CSS class, and TypeError for other components than those of PAYLOADS.
        """
        if style_theme is not None:
            check_theme(style_theme)
        for name, payload in (payloads or {}).items():
            if not isinstance(payload, PAYLOADS):
                allowed = ", ".join(kind.__name__ for kind in PAYLOADS)
                raise TypeError(f"Payload '{name}' must be one of: {allowed}. Got {type(payload).__name__}")
        now = time.time()
        event = {"metadata": {"timestamp": now, **event_data}, "payloads": dict(payloads or {}), "event_id": f"event_{self._count}"}
        event.update({name: value for name, value in (("style_theme", style_theme), ("priority", priority)) if value is not None})
        self._count += 1
        self._first, self._last = self._first or now, now
        self._finished = self._finished if finished is None else bool(finished)
        self._events = [event, *self._events][: self._max]

    def get_stats(self) -> dict[str, Any]:
        """How many events there were, how many are shown, and when, in seconds since 1970."""
        stats: dict[str, Any] = {
            "total_events": self._count,
            "displayed_events": len(self._events),
            "last_update": self._last or None,
            "first_event": self._first or None,
            "finished": self._finished,
        }
        if self._count > 1 and self._last > self._first:
            stats["events_per_minute"] = round(self._count / (self._last - self._first) * 60, 1)
            stats["total_runtime_seconds"] = round(self._last - self._first, 1)
        return stats

    def render(self) -> dict[str, Any]:
        events = [
            {
                **event,
                "metadata": {str(name): cell(value) for name, value in event["metadata"].items()},
                "payloads": {str(name): rendered(payload) for name, payload in event["payloads"].items()},
            }
            for event in self._events
        ]
        title = None if self._title is None else str(self._title)
        return {"type": self.type, "title": title, "events": events, "stats": self.get_stats()}
