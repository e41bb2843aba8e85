"""`@schedule`, with Metaflow's arguments, as a cron expression of five fields.

    @schedule(daily=True)                               0 0 * * *
    @schedule(cron="0 10 ? * MON-FRI *")                0 10 * * MON-FRI

As in Metaflow, the six fields of AWS are accepted too: the last one is a year, and `?` means `*`. Of several arguments the first one of
`cron`, `weekly`, `hourly` and `daily` counts, and with none of them the schedule is daily unless `daily` is False.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import FlowDecorator
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.ir import Schedule

USUAL: Mapping[str, str] = {"weekly": "0 0 * * 0", "hourly": "0 * * * *", "daily": "0 0 * * *"}
NICKNAMES: Mapping[str, str] = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": USUAL["weekly"],
    "@daily": USUAL["daily"],
    "@midnight": USUAL["daily"],
    "@hourly": USUAL["hourly"],
}
"""Names of expressions (crontab(5), "Extensions"), which Airflow and Argo know."""

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
FIELDS: Mapping[str, tuple[int, int, tuple[str, ...]]] = {
    "minute": (0, 59, ()),
    "hour": (0, 23, ()),
    "day of the month": (1, 31, ()),
    "month": (1, 12, MONTHS),
    "day of the week": (0, 6, DAYS),
}
"""The fields of a cron expression with their bounds and names (crontab(5)); the first name stands for the lowest number."""

LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""The most days of each month."""


def is_time_of(cron: str, wall: datetime) -> bool:
    """Whether a run starts at a minute that the clock on the wall shows. With both days in an expression, either of them counts."""
    fields = cron.split()
    minute, hour, day, month, weekday = (_numbers(text, *bounds) for text, bounds in zip(fields, FIELDS.values()))
    days = (wall.day in day, wall.isoweekday() % 7 in weekday)
    is_day = all(days) if "*" in (fields[2], fields[4]) else any(days)
    return wall.minute in minute and wall.hour in hour and wall.month in month and is_day


def _read(arguments: Arguments) -> Schedule | None:
    """The schedule; None if it has errors or is disabled, as in `@schedule(daily=False)`."""
    sources = [name for name in ("cron", *USUAL) if arguments.named.get(name, (None, None))[1]]
    for name in USUAL:
        node, value = arguments.named.get(name, (arguments.use.node, None))
        if value is not None and not isinstance(value, bool):
            arguments.say(node, f"`{name}` of `@schedule` must be True or False, not `{value!r}`", f"write `{name}=True`")
    for name in sources[1:]:
        message = f"`@schedule` has both `{sources[0]}` and `{name}`; `{sources[0]}` counts"
        arguments.reading.warn("FP133", message, arguments.use.source, arguments.named[name][0], "keep one of them")
    if not sources and "daily" in arguments.named:
        return None
    cron = arguments.text("cron", USUAL["daily"]) or USUAL[sources[0] if sources and sources[0] in USUAL else "daily"]
    fields = _five(arguments, cron)
    zone = _zone(arguments)
    return Schedule(" ".join(fields).upper(), zone, arguments.use.source.span(arguments.use.node)) if fields else None


def _five(arguments: Arguments, cron: str) -> list[str]:
    """The five checked fields of a cron expression; empty if there are not five."""
    node = arguments.named.get("cron", (arguments.use.node, None))[0]
    written = NICKNAMES.get(cron.strip().lower(), cron).split()
    fields = ["*" if word == "?" else word for word in written]
    if len(fields) == 6:
        if "?" not in (written[2], written[4]):
            # AWS requires a `?` for one of the days; elsewhere the first of six fields is seconds.
            ways_out = (f'write `cron="{" ".join(fields[:5])}"`', f'or, if the first field is seconds, `cron="{" ".join(fields[1:])}"`')
            if fields[5] != "*":
                arguments.say(node, "`cron` of `@schedule` has six fields, and takes five", *reversed(ways_out))
                return []
            # Metaflow on Argo leaves the sixth field out (`ArgoWorkflows._get_schedule` of 2.19).
            message = (
                f"the last of six fields in `cron` of `@schedule` is a year, as in Metaflow: the flow starts at `{' '.join(fields[:5])}`"
            )
            arguments.reading.warn("FP133", message, arguments.use.source, node, *ways_out)
        if fields[5] != "*":
            arguments.say(node, f"`cron` of `@schedule` has the year `{fields[5]}`", "remove the year: cron has five fields")
        elif re.search("[0-9]", fields[4]):
            message = f"the weekday `{fields[4]}` of six fields means another day on AWS, which counts from SUN=1, than in cron"
            arguments.say(node, message, "write the name of the day, as in `MON-FRI`")
        del fields[5]
    if len(fields) != 5:
        arguments.say(
            node, f"`cron` of `@schedule` has {len(fields)} fields, and takes five: {', '.join(FIELDS)}", 'write `cron="0 3 * * *"`'
        )
        return []
    numbers = {}
    for number, (name, bounds) in enumerate(FIELDS.items()):
        text = fields[number]
        low, high, words = bounds
        numbers[name] = _numbers(text, *bounds)
        if numbers[name]:
            fields[number] = _plain(text, numbers[name], *bounds)
        else:
            known = f"{low} to {high}" + (f", or {words[0]} to {words[-1]}" if words else "")
            message = f"cron does not accept the {name} `{text}` of `@schedule`"
            arguments.say(node, message, f"use {known}; `*`, `a-b`, `*/n` and commas are supported")
    days, months = numbers["day of the month"], numbers["month"]
    if days and months and fields[4] == "*" and min(days) > max(LENGTHS[month - 1] for month in months):
        arguments.say(node, f"`{cron}` of `@schedule` never occurs: its months do not have that day", 'write `cron="0 3 28 2 *"`')
    return fields


def _numbers(text: str, low: int, high: int, names: tuple[str, ...]) -> set[int]:
    """The numbers that a list of numbers, ranges and steps means; empty if it is not such a list."""
    parts = [_part(each.upper(), low, high, names) for each in text.split(",")]
    return {number for part in parts for number in part} if all(parts) else set()


def _part(text: str, low: int, high: int, names: tuple[str, ...]) -> list[int]:
    """The numbers of `3`, `1-5`, `*/2` or `10/2`. Sunday is 0 and 7, and ranges of days and months may wrap: `FRI-MON`, `NOV-FEB`."""
    span, slash, every = text.partition("/")
    if slash and not (_is_number(every) and 0 < int(every) <= high):
        return []
    step = int(every) if slash else 1
    if span == "*":
        return list(range(low, high + 1, step))
    top = 7 if names == DAYS else high
    ends = [low + names.index(end) if end in names else int(end) if _is_number(end) else -1 for end in span.split("-")]
    if len(ends) > 2 or not all(low <= end <= top for end in ends):
        return []
    first, last = ends[0], high if slash and len(ends) == 1 else ends[-1]
    size = high - low + 1
    if names == DAYS and len(ends) == 1:
        first, last = first % size, last % size
    if first > last and names:
        last += size
    return [low + (number - low) % size for number in range(first, last + 1, step)]


def _plain(text: str, numbers: set[int], low: int, high: int, names: tuple[str, ...]) -> str:
    """A field in a form that all engines accept: without 7 for Sunday, wrapping ranges, and `10/2` for `10-59/2`."""
    if len(numbers) == high - low + 1:
        # Engines differ in whether `*/1` or `1-31` leaves the day to the other field, as `*` does.
        return "*"
    for each in text.upper().split(","):
        span, slash, every = each.partition("/")
        ends = [low + names.index(end) if end in names else int(end) for end in span.split("-")] if span != "*" else [low]
        if ends[-1] > high or ends[0] > ends[-1] or (slash and span != "*" and len(ends) == 1):
            # A day that begins with `*` must fit as well as the other day; a list of days need not (crontab(5)).
            wanted = set(range(low, high + 1, int(every))) if slash and low == 0 and not names else set()
            return f"*/{every}" if numbers == wanted else ",".join(map(str, sorted(numbers)))
    return text


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 9


def _zone(arguments: Arguments) -> str:
    """A time zone of the IANA database; checked if this machine has the database."""
    zone = arguments.text("timezone", "Europe/Berlin")
    if not zone:
        return ""
    from zoneinfo import available_timezones

    known = sorted(available_timezones() - {"localtime"})  # that of this machine
    if known and zone not in known:
        arguments.say(
            arguments.named["timezone"][0],
            f"this machine does not know the time zone `{zone}`",
            *did_you_mean(zone, known),
            'write a name of the IANA database, such as `timezone="Europe/Berlin"`; `pip install tzdata` installs the newest',
        )
    return zone


SCHEDULE = FlowDecorator("schedule", ("hourly", "daily", "weekly", "cron", "timezone"), _read)
