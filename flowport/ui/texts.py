"""Numbers and times as pages show them."""

from __future__ import annotations

from markupsafe import Markup, escape

from flowport.card_pages.texts import size
from flowport.workspace import times


def ago(seconds: float, now: float) -> str:
    """How long ago something was: `12 s`, `5 min`, `3 h`, `4 d`."""
    gone = max(0, int(now - seconds))
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if gone >= length:
            return f"{gone // length} {unit} ago"
    return f"{gone} s ago"


def duration(seconds: float | None) -> str:
    """How long something took: `12 ms`, `0.4 s`, `42 s`, `3 min 5 s`, `2 h 4 min`."""
    if seconds is None:
        return ""
    return f"{max(seconds, 0) * 1000:.0f} ms" if seconds < 0.0995 else times.duration(seconds)


def figure(number: float | None) -> str:
    """A measured number, with six digits; "" for none."""
    return "" if number is None else f"{number:.6g}" if isinstance(number, float) else f"{number:,}"


def count(number: int) -> str:
    """A number with commas between thousands."""
    return f"{number:,}"


def moment(seconds: float | None) -> Markup:
    """A time in UTC, which the page turns into that of the reader."""
    if seconds is None:
        return Markup("")
    text = times.moment(seconds)
    return Markup('<time datetime="{}Z">{}</time>').format(text.replace(" ", "T"), text)


def status(state: str) -> Markup:
    """A status: a sign and a word, for those who do not see colours."""
    word = {"": "not begun", "reused": "taken over"}.get(state, state)
    return Markup('<span class="status is-{}">{}</span>').format("waiting" if state in ("", "not taken") else state, word)


def traceback(text: str) -> Markup:
    """A traceback, in which the user's own lines stand out from those of libraries."""
    parts = []
    for line in text.splitlines():
        is_place = line.startswith('  File "')
        is_own = is_place and "site-packages" not in line and "/lib/python" not in line
        kind = "own" if is_own else "place" if is_place else "said" if line and not line.startswith(" ") else "code"
        parts.append(Markup('<span class="{}">{}</span>').format(kind, line))
    return Markup("\n").join(parts) if parts else escape(text)


FILTERS = {
    "ago": ago,
    "count": count,
    "duration": duration,
    "figure": figure,
    "moment": moment,
    "size": size,
    "status": status,
    "traceback": traceback,
}
