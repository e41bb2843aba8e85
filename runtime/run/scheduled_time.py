"""The time for which a schedule started a run, as engines and people write it, and as the record of the run holds it: in UTC."""

from __future__ import annotations

from datetime import datetime, timezone


def in_utc(text: str) -> str:
    """A time with its offset from UTC as that of UTC, `2026-03-29T00:30:00+00:00`; raises ValueError with what is wrong."""
    try:
        # Python 3.10 does not read `Z`.
        found = datetime.fromisoformat(text[:-1] + "+00:00" if text[-1:] in ("Z", "z") else text)
        if found.tzinfo is not None:
            return found.astimezone(timezone.utc).isoformat()
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"`{text[:60]}` is no time with its offset from UTC, such as `2026-03-29T06:30:00Z` or `2026-03-29T08:30:00+02:00`")
