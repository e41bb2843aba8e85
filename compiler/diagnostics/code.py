"""The long form of a diagnostic code."""

from __future__ import annotations

from flowport.compiler.record import record


@record
class Code:
    """A title of one line, and a few sentences that explain it and say what to do."""

    title: str
    text: str
