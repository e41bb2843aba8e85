"""Text that somebody else wrote - names, tags, messages - as it may be shown on a terminal."""

from __future__ import annotations


def shown(text: str, lines: bool = False) -> str:
    """`text` with escapes in the place of what a terminal would obey or could not show; `lines` leaves ends of lines and tabs."""
    if text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    return "".join([one if one.isprintable() or one in kept else one.encode("unicode_escape").decode() for one in text])
