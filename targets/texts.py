"""Texts of a flow on their way into files that people read."""

from __future__ import annotations

LONGEST = 2000
"""Characters of a description; an object of Kubernetes has room for few long ones."""


def seen(text: str) -> str:
    """A text without what cannot be seen, halves of characters among it."""
    return "".join(character if character.isprintable() else " " for character in text)


def description(text: str) -> str:
    """A text on one line, shortened when it is a long one."""
    line = " ".join(seen(text).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
