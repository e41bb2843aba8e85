"""The long form of a diagnostic code."""

from __future__ import annotations

from flowport.compiler.record import record


@record
class Code:
    """A title of one line, and why and what to do in a few sentences."""

    title: str
    text: str
