"""Names of items and slices.

    slice  "s" { "." number | ".t" turn }     what an engine passes
    item   "r" { "." index | ".t" turn }      what a user sees as the task's id

Both have one part for every scope around the step, outermost first. Nothing here reads a store.
"""

from __future__ import annotations

ROOT = "s"


def pieces(text: str, first: str) -> list[int | str] | None:
    """The parts of an item (`first` is `r`) or of a slice (`s`): an index for a foreach, `t2` for a turn; None for any other text."""
    head, *parts = text.split(".")
    if head != first or not all(is_number(part.removeprefix("t")) for part in parts):
        return None
    return [part if part[0] == "t" else int(part) for part in parts]


def is_number(text: str) -> bool:
    """Whether this is a number as `str` writes it."""
    return text.isascii() and text.isdigit() and len(text) < 19 and (text == "0" or text[0] != "0")


def above(reference: str) -> str:
    """The slice around a slice."""
    return reference[: reference.rindex(".")]


def last(reference: str) -> str:
    """The part of a slice for its innermost scope: a number, or `t` and a turn."""
    return reference[reference.rindex(".") + 1 :]


def turn_of(reference: str) -> int:
    """The turn of the innermost loop of a slice inside it."""
    return int(last(reference)[1:])
