"""Times and durations as text."""

from __future__ import annotations

import time


def moment(seconds: float) -> str:
    """A time in UTC, from seconds since 1970: `2026-11-21 07:13:34`."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


def duration(seconds: float) -> str:
    """How long something took: `0.4 s`, `42 s`, `3 min 5 s`, `2 h 4 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def age(seconds: float) -> str:
    """How long ago a time was, in seconds since 1970: `4 s`."""
    return duration(float(max(0, round(time.time() - seconds)))).replace(".0 s", " s")
