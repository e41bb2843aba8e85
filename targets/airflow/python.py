"""Python source as values, laid out as a careful person would: on one line what fits, else an item to a line.

Call("step", ("train", Code("slice")), {"retries": 2})   becomes   step("train", slice, retries=2)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from itertools import pairwise
from math import isfinite
from typing import TypeAlias, Union

from flowport.compiler.record import field, record

WIDTH = 118
CHAIN = WIDTH - 8
LONGEST = 99_999_999
"""The longest timeout in seconds; Airflow cannot store longer ones everywhere."""


@record
class Code:
    """A name, or another piece of source that stands as it is."""

    text: str


@record
class Call:
    """A call of what `name` names."""

    name: str
    arguments: tuple[Value, ...] = ()
    named: Mapping[str, Value] = field(default_factory=dict)


@record
class Unpacked:
    """A dictionary that begins with what is in another one."""

    first: Code
    more: Mapping[str, Value]


Value: TypeAlias = Union["None | bool | int | float | str | datetime | Code | Call | Unpacked", Sequence["Value"], Mapping[str, "Value"]]
"""Strings, numbers, dates with times, lists and dictionaries stand for themselves."""


def duration(seconds: float) -> Call:
    """A `timedelta` of so many seconds."""
    seconds = round(min(seconds, LONGEST), 3)
    if seconds % 60 == 0 and seconds:
        return Call("timedelta", (), {"minutes": round(seconds / 60)})
    return Call("timedelta", (), {"seconds": round(seconds) if seconds == round(seconds) else seconds})


def statement(before: str, value: Value, indent: str = "", after: str = "") -> str:
    """`before` with a value behind it, such as `train = ` and a call; without a newline at its end."""
    return indent + before + _text(value, indent, len(before), len(after)) + after


def _text(value: Value, indent: str, before: int, after: int = 0) -> str:
    """The source of a value behind `before` characters on a line that is indented by `indent`, with `after` characters behind it."""
    short = expression(value)
    if len(indent) + before + len(short) + after <= WIDTH or not _items(value):
        return short
    inner = indent + "    "
    first, last = _brackets(value)
    lines = [f"{inner}{name}{_text(item, inner, len(name), 1)}," for name, item in _items(value)]
    return "\n".join([first, *lines, indent + last])


def expression(value: Value) -> str:
    """A value on one line."""
    if isinstance(value, Code):
        return value.text
    if isinstance(value, Call | Unpacked | Mapping | list | tuple):
        first, last = _brackets(value)
        inside = ", ".join(name + expression(item) for name, item in _items(value))
        return first + inside + ("," if isinstance(value, tuple) and len(value) == 1 else "") + last
    if isinstance(value, datetime):
        return expression(_moment(value))
    if isinstance(value, float) and not isfinite(value):
        return expression(Call("float", (repr(value),)))
    return quoted(value) if isinstance(value, str) else repr(value)


def _moment(value: datetime) -> Call:
    """A date with a time, in UTC: Airflow takes one without a zone for UTC, too."""
    known = value.astimezone(timezone.utc) if value.tzinfo else value
    parts = known.year, known.month, known.day, known.hour, known.minute, known.second
    return Call("datetime", parts, {"tzinfo": Code("timezone.utc")})


def names(value: Value) -> Iterator[str]:
    """The names that a value begins with anywhere in it: `k8s` for `k8s.V1Volume(...)`."""
    if isinstance(value, datetime):
        yield from ("datetime", "timezone")
    if isinstance(value, Code | Call):
        yield (value.text if isinstance(value, Code) else value.name).partition(".")[0]
    for _, item in _items(value):
        yield from names(item)


def _brackets(value: Value) -> tuple[str, str]:
    if isinstance(value, Call):
        return f"{value.name}(", ")"
    return ("{", "}") if isinstance(value, Mapping | Unpacked) else ("[", "]") if isinstance(value, list) else ("(", ")")


def _items(value: Value) -> list[tuple[str, Value]]:
    """What is inside a value, each with what stands before it."""
    if isinstance(value, Call):
        return [*(("", item) for item in value.arguments), *((f"{name}=", item) for name, item in value.named.items())]
    if isinstance(value, Unpacked):
        return [("**", value.first), *_items(value.more)]
    if isinstance(value, Mapping):
        return [(f"{quoted(name)}: ", item) for name, item in value.items()]
    return [("", item) for item in value] if isinstance(value, list | tuple) else []


def quoted(text: str) -> str:
    """A string literal, in double quotes; whatever cannot be seen is escaped."""
    inner = repr(text)[1:-1]
    return '"' + re.sub(r"\\.|\"", lambda found: {'"': '\\"', "\\'": "'"}.get(found[0], found[0]), inner, flags=re.DOTALL) + '"'


def docstring(text: str) -> str:
    """A docstring of several lines."""
    seen = "".join(character if character.isprintable() or character == "\n" else repr(character)[1:-1] for character in _escaped(text))
    return f'"""{seen}\n"""'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def chained(edges: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Edges between names as `a >> [b, c] >> d`, as few as need be and none longer than a line."""
    ahead: dict[str, list[str]] = {}
    for source, target in dict.fromkeys(edges):
        ahead.setdefault(source, []).append(target)
    for source in list(ahead):
        if ahead[source]:
            yield from _lines(_chain(source, ahead))


def _chain(source: str, ahead: dict[str, list[str]]) -> list[tuple[str, ...]]:
    """The longest chain from a name on; a list cannot be followed by a list."""
    chain: list[tuple[str, ...]] = [(source,)]
    while True:
        members = chain[-1]
        following = tuple(ahead.get(members[0], ()))
        same = all(tuple(ahead.get(member, ())) == following for member in members)
        if not following or not same or (len(members) > 1 and len(following) > 1):
            return chain
        for member in members:
            ahead[member] = []
        chain.append(following)


def _lines(chain: list[tuple[str, ...]]) -> Iterator[str]:
    """A chain of dependencies, on several lines if it is too long. Each line begins with the last task of the line before."""
    line = ""
    for before, members in pairwise(chain):
        if line and len(line) + len(_term(members)) + 4 > CHAIN:
            yield line
            line = ""
        line = f"{line or _term(before)} >> {_term(members)}"
        if len(line) > CHAIN:
            yield from (f"{_term(some)} >> {_term(others)}" for some in _handfuls(before) for others in _handfuls(members))
            line = ""
    if line:
        yield line


def _handfuls(names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Names in parts that need no more than half a line."""
    held: list[str] = []
    for name in names:
        if held and len(_term((*held, name))) > CHAIN // 2:
            yield tuple(held)
            held = []
        held.append(name)
    yield tuple(held)


def _term(members: tuple[str, ...]) -> str:
    return members[0] if len(members) == 1 else "[" + ", ".join(members) + "]"
