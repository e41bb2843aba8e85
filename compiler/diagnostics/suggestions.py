"""Suggestions for misspelled names."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """A help line with the nearest known name, if one is near."""
    best = nearest(name, known)
    return (f"did you mean `{best}`?",) if best is not None else ()


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is nearest to `name`, if one is near."""
    from difflib import get_close_matches

    names = list(dict.fromkeys(known))
    lower = {one.lower(): one for one in reversed(names)}
    if name.lower() in lower:
        return lower[name.lower()]
    best = get_close_matches(name, names, 1, 0.6)
    return best[0] if best else None
