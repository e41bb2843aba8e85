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


SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
"""The units of a duration that somebody types."""


def typed_duration(text: str) -> float:
    """The seconds of a text such as `30d`, `12h` or `1.5h`; raises ValueError."""
    number, unit = text[:-1], text[-1:]
    if unit not in SECONDS or not number.replace(".", "", 1).isdecimal() or not number.isascii():
        raise ValueError(f"`{text}` is not a duration such as `30d`, `12h`, `90m` or `2w`")
    return float(number) * SECONDS[unit]
