"""What starts runs of a flow."""

from __future__ import annotations

from flowport.compiler.ir.span import Span
from flowport.compiler.record import field, record


@record
class Schedule:
    """`@schedule(daily=True)`: when runs begin, as a cron expression of five fields, in a time zone of the IANA database, or in UTC."""

    cron: str
    timezone: str = ""
    span: Span | None = field(default=None, compare=False)
