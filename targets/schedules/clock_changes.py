"""Times of a schedule that the clocks of its time zone skip in spring, or show twice in autumn.

    30 2 * * *  in Europe/Berlin    2026-03-29 has no 02:30, and 2026-10-25 has it twice

What then happens differs between engines, so each of them says what it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from flowport.compiler.decorators.flow.schedule import is_time_of
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Flow, Schedule

FIRST, LAST = datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2038, 1, 1, tzinfo=timezone.utc)
"""The years that are looked at: the same each time, so that a flow compiles with the same warnings."""

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def clock_changes(flow: Flow, skipped: str, doubled: str = "") -> Iterator[Diagnostic]:
    """A schedule with times that are skipped or doubled; the texts are what the engine does then, "" where that is no matter."""
    for schedule in flow.schedules:
        notes = []
        first = {is_doubled: wall for wall, is_doubled in reversed([*_odd_times(schedule)])}
        if skipped and False in first:
            notes.append(f"{first[False]:%Y-%m-%d} has no {first[False]:%H:%M} there: {skipped}")
        if doubled and True in first:
            notes.append(f"{first[True]:%Y-%m-%d} has {first[True]:%H:%M} twice there: {doubled}")
        if notes:
            message = f"`{schedule.cron}` of {flow.name} is a time at which the clocks of {schedule.timezone} change"
            way_out = "choose a time outside of that hour, or leave `timezone` out"
            yield Diagnostic("FP442", message, schedule.span, tuple(notes), (way_out,), severity="warning")


def _odd_times(schedule: Schedule) -> Iterator[tuple[datetime, bool]]:
    """What a clock on the wall shows not at all, or else twice, and when the schedule starts a run then."""
    # A run in every hour has one in each hour that there is, whatever the clocks show.
    if schedule.timezone in ("", "UTC") or schedule.cron.split()[1] == "*":
        return
    for begin, end, is_doubled in _changes(schedule.timezone):
        while begin < end:
            if is_time_of(schedule.cron, begin):
                yield begin, is_doubled
            begin += MINUTE


def _changes(name: str) -> Iterator[tuple[datetime, datetime, bool]]:
    """What the clocks of a time zone skip, or show twice: from when, up to when, and which of the two."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        zone = ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return  # this machine has no time zones
    moment = FIRST
    while moment < LAST:
        before, after = moment.astimezone(zone).utcoffset(), (moment + DAY).astimezone(zone).utcoffset()
        if before is not None and after is not None and before != after:
            change = moment
            while change.astimezone(zone).utcoffset() == before:
                change += MINUTE
            old, new = (change.replace(tzinfo=None) + offset for offset in (before, after))
            yield min(old, new), max(old, new), new < old
        moment += DAY
