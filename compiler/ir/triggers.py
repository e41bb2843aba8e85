"""What starts runs of a flow."""

from __future__ import annotations

from typing import TypeAlias

from flowport.compiler.ir.span import Span
from flowport.compiler.record import field, record


@record
class Schedule:
    """`@schedule(daily=True)`: a cron expression of five fields, in a time zone of the IANA database, UTC when it is empty."""

    cron: str
    timezone: str = ""
    span: Span | None = field(default=None, compare=False)


Trigger: TypeAlias = Schedule
