"""Places in source text."""

from __future__ import annotations

from flowport.compiler.record import record


@record
class Span:
    """A range of source text; lines and columns count from 1 and the end is exclusive, in characters."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
