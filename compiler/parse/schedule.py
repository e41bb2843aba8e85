"""`@schedule`, with Metaflow's arguments, as a cron expression of five fields.

    @schedule(daily=True)                               0 0 * * *
    @schedule(cron="0 10 ? * MON-FRI *")                0 10 * * MON-FRI

Metaflow takes the six fields of AWS too: the last one is a year, and `?` stands for `*`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from flowport.compiler.ir import Schedule
from flowport.compiler.parse.values import Values

USUAL: Mapping[str, str] = {"hourly": "0 * * * *", "daily": "0 0 * * *", "weekly": "0 0 * * 0"}
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

ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")


def schedule(values: Values) -> Schedule | None:
    """What `@schedule` says; None where that is not to be understood."""
    cron = values.text("cron", USUAL["daily"]) or next((USUAL[name] for name in USUAL if values.named.get(name, (None, False))[1]), "")
    zone = values.text("timezone", "Europe/Berlin")
    node = values.named.get("cron", (values.mark.node, None))[0]
    if not values.named.keys() & {*USUAL, "cron"}:
        # Metaflow's default.
        cron = USUAL["daily"]
    fields = [field.replace("?", "*") if field == "?" else field for field in cron.split()]
    if len(fields) == 6:
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
        return None
    for text, (name, bounds) in zip(fields, FIELDS.items()):
        if not _fits(text, *bounds):
            low, high, words = bounds
            known = f"{low} to {high}" + (f", or {words[0]} to {words[-1]}" if words else "")
            message = f"the {name} `{text}` of `@schedule` is none that cron knows"
            values.say(node, message, f"use {known}, with `*`, `a-b`, `*/n` and commas")
    if zone and not ZONE.fullmatch(zone):
        values.say(values.named["timezone"][0], f"`{zone}` is no time zone", 'write `timezone="Europe/Berlin"`')
    return Schedule(" ".join(fields).upper(), zone, values.mark.source.span(values.mark.node))


def _fits(text: str, low: int, high: int, names: tuple[str, ...]) -> bool:
    """Whether a field is a list of numbers, ranges and steps."""
    return all(_part(each.upper(), low, high, names) for each in text.split(","))


def _part(text: str, low: int, high: int, names: tuple[str, ...]) -> bool:
    span, slash, every = text.partition("/")
    if slash and not (every.isascii() and every.isdecimal() and 0 < int(every) <= high):
        return False
    if span == "*":
        return True
    ends = [low + names.index(end) if end in names else int(end) if end.isascii() and end.isdecimal() else -1 for end in span.split("-")]
    ordered = len(ends) == 1 or (len(ends) == 2 and ends[0] <= ends[1])
    return ordered and all(low <= end <= high for end in ends) and not (slash and len(ends) == 1)
