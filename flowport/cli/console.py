"""Output to a terminal or a pipe of any encoding."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from flowport.runtime.text import shown
from flowport.workspace.errors import NotWritable

if TYPE_CHECKING:
    from flowport.compiler.diagnostics.diagnostic import Diagnostic

PLAIN = {"→": "->", "←": "<-", "…": "...", "–": "-", "—": "-", "•": "*", "“": '"', "”": '"', "‘": "'", "’": "'"}
"""What stands for a character that people write in sentences where a terminal does not have it; others are escaped."""

ERRORS = "flowport"
"""The name of `_replaced` among the handlers of encoding errors."""


def prepare_streams() -> None:
    """Let no text fail for the encoding of the terminal, and open the standard streams that the parent process closed."""
    codecs.register_error(ERRORS, _replaced)
    while (number := os.open(os.devnull, os.O_RDWR)) < 3:
        pass  # a closed stream: the next file that is opened would become it
    os.close(number)
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it stays open
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=ERRORS)


def _replaced(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join([PLAIN.get(one) or one.encode("ascii", "backslashreplace").decode() for one in text]), error.end


def warn(text: str) -> None:
    """One line on standard error about something in a store, whatever names it has."""
    print(shown(text), file=sys.stderr)


def as_json(value: Any, indent: int | None = None) -> str:
    """JSON that can be written as it is: only what the encoding of standard output lacks is escaped."""
    import json

    try:
        text = json.dumps(value, indent=indent, ensure_ascii=False)
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent)
    return text


def write_document(text: str) -> None:
    """A document for programs on standard output: UTF-8, as their formats say, whatever the terminal has."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))


def say(diagnostics: tuple[Diagnostic, ...], ignored: tuple[str, ...] = ()) -> None:
    """Print the diagnostics of a flow, and the settings files that were ignored, to standard error."""
    for text in ignored:
        warn(f"flowport: {text}")
    if diagnostics:
        from flowport.compiler.diagnostics.render import render, summary

        print(render(diagnostics, "text", colour=colored(sys.stderr)) + "\n" + summary(diagnostics), file=sys.stderr)


def colored(stream: TextIO) -> bool:
    """Whether colours can be shown."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


@contextmanager
def writing(path: str) -> Iterator[None]:
    """Raise NotWritable when the disk does not let a file or folder be written; `path` is what the user named."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise NotWritable(str(error.filename or path), error.strerror) from None
