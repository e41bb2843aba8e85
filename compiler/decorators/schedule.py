"""`@schedule`, with Metaflow's arguments, as a cron expression of five fields.

    @schedule(daily=True)                               0 0 * * *
    @schedule(cron="0 10 ? * MON-FRI *")                0 10 * * MON-FRI

Metaflow takes the six fields of AWS too: the last one is a year, and `?` stands for `*`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from flowport.compiler.decorators.arguments import Values
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.ir import Schedule

USUAL: Mapping[str, str] = {"weekly": "0 0 * * 0", "hourly": "0 * * * *", "daily": "0 0 * * *"}
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


def schedule(values: Values) -> Schedule | None:
    """What `@schedule` says; None where that is not to be understood, or where it is turned off, as in `@schedule(daily=False)`."""
    asked = [name for name in ("cron", *USUAL) if values.named.get(name, (None, None))[1]]
    for name in USUAL:
        node, value = values.named.get(name, (values.mark.node, None))
        if value is not None and not isinstance(value, bool):
            values.say(node, f"`{name}` of `@schedule` is True or False, not `{value!r}`", f"write `{name}=True`")
    for name in asked[1:]:
        values.say(values.named[name][0], f"`@schedule` says both `{asked[0]}` and `{name}`", "keep one of them")
    if not asked and values.named.keys() & {*USUAL, "cron"}:
        return None
    # Without a word it is daily, as in Metaflow.
    cron = values.text("cron", USUAL["daily"]) or USUAL[asked[0] if asked and asked[0] in USUAL else "daily"]
    fields = _five(values, cron)
    zone = _zone(values)
    return Schedule(" ".join(fields).upper(), zone, values.mark.source.span(values.mark.node)) if fields else None


def _five(values: Values, cron: str) -> list[str]:
    """The five fields of a cron expression, which are looked into; empty where there are not five."""
    node = values.named.get("cron", (values.mark.node, None))[0]
    written = cron.split()
    fields = ["*" if word == "?" else word for word in written]
    if len(fields) == 6:
        if "?" not in (written[2], written[4]):
            # AWS has a `?` for one of the days; elsewhere the first of six fields is one of seconds.
            way_out = f'write `cron="{" ".join(fields[1:])}"`, without seconds'
            values.say(node, "`cron` of `@schedule` has six fields, and there are five", way_out)
            return []
        if fields[5] != "*":
            values.say(node, f"`cron` of `@schedule` names the year `{fields[5]}`", "leave the year out: cron has five fields")
        elif re.search("[0-9]", fields[4]):
            message = f"the weekday `{fields[4]}` is another day for AWS, which counts from SUN=1 and has six fields, than for cron"
            values.say(node, message, "write the day's name, as `MON-FRI`")
        del fields[5]
    if len(fields) != 5:
        values.say(
            node, f"`cron` of `@schedule` has {len(fields)} fields, and there are five: {', '.join(FIELDS)}", 'write `cron="0 3 * * *"`'
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
            message = f"the {name} `{text}` of `@schedule` is none that cron knows"
            values.say(node, message, f"use {known}, with `*`, `a-b`, `*/n` and commas")
    days, months = numbers["day of the month"], numbers["month"]
    if days and months and fields[4] == "*" and min(days) > max(LENGTHS[month - 1] for month in months):
        values.say(node, f"`{cron}` of `@schedule` never comes: the months that it names have no such day", 'write `cron="0 3 28 2 *"`')
    return fields


def _numbers(text: str, low: int, high: int, names: tuple[str, ...]) -> set[int]:
    """What a list of numbers, ranges and steps stands for; empty where it is none."""
    parts = [_part(each.upper(), low, high, names) for each in text.split(",")]
    return {number for part in parts for number in part} if all(parts) else set()


def _part(text: str, low: int, high: int, names: tuple[str, ...]) -> list[int]:
    """What `3`, `1-5`, `*/2` or `10/2` stands for. Sunday is 0 and 7, and ranges of days and months may wrap: `FRI-MON`, `NOV-FEB`."""
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
    """A field as every engine reads it: without the 7 for Sunday, ranges that wrap, and `10/2` for `10-59/2`."""
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


def _zone(values: Values) -> str:
    """A time zone of the IANA database, as far as this machine has one."""
    zone = values.text("timezone", "Europe/Berlin")
    if not zone:
        return ""
    from zoneinfo import available_timezones

    known = sorted(available_timezones() - {"localtime"})  # that of this machine
    if known and zone not in known:
        values.say(
            values.named["timezone"][0],
            f"`{zone}` is no time zone that this machine knows",
            *did_you_mean(zone, known),
            'write a name of the IANA database, as `timezone="Europe/Berlin"`; `pip install tzdata` brings the newest',
        )
    return zone
