"""Values of artifacts, as text and as JSON."""

from __future__ import annotations

import json
from typing import Any

from flowport.runtime.run.reader import Unreadable
from flowport.runtime.text import shown

WIDTH = 100
"""How many characters of a value are shown in a list; a value that is named is shown in full."""


def as_text(value: Any, whole: bool) -> str:
    """A value as Python shows it, in one line unless it is shown whole."""
    try:
        text = repr(value)
    except Exception as error:  # a class of the user's whose __repr__ does not work here
        text = f"<{type(value).__name__}, which cannot be shown: {error}>"
    line = shown(text, lines=True) if whole else shown(" ".join(text.split()))
    return line if whole or len(line) <= WIDTH else line[: WIDTH - 3] + "..."


def plain(value: Any) -> Any:
    """A value as JSON, or the text that Python shows for it."""
    if isinstance(value, Unreadable):
        return {"unreadable": value.reason}
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return {"repr": as_text(value, whole=True)}
    return value
