"""Text of users: names, tags and messages that are safe to show on a terminal, and the output of steps."""

from __future__ import annotations

import sys


def shown(text: str, lines: bool = False) -> str:
    """`text` with escapes in the place of what a terminal would obey or could not show; `lines` leaves ends of lines and tabs."""
    if text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    return "".join([one if one.isprintable() or one in kept else one.encode("unicode_escape").decode() for one in text])


def brief(value: object) -> str:
    """A value in a message, as Python writes it, cut at 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def type_name(value: object) -> str:
    """The full name of the type of a value: `int`, `numpy.ndarray`."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def take_all() -> None:
    """Let nothing that a step prints fail for its encoding: a log is UTF-8, whatever the locale of the machine says."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            try:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
            except OSError:
                continue  # it was a file and is the pipe of a log now: the interpreter has changed it, and looks in vain where in it it is
