"""A question about the runs of a store: which rows, in which order, and what of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.runtime.table.table import RunTable
from flowport.workspace.table.columns import Column, Columns, Row
from flowport.workspace.table.evaluate import test_of
from flowport.workspace.table.expression import Condition, Name, parse

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

ALWAYS = ("run", "status", "started", "duration")
"""The columns that are shown if none are chosen, before those that the question names."""


class Question(NamedTuple):
    """A condition, the columns to show, and the one to sort by, with `-` before it for the greatest value first; "" and () for none."""

    where: str = ""
    columns: tuple[str, ...] = ()
    sort: str = ""


class Answer(NamedTuple):
    """The rows in their order, the columns to show, and all columns that there are."""

    rows: list[Row]
    columns: list[Column]
    known: Columns


def rows_of(store: Store, flows: Iterable[str], report: Callable[[str], None]) -> list[Row]:
    """The runs of several flows, the latest first; each row has its `flow`."""
    rows = [{**row, "flow": flow} for flow in flows for row in RunTable(store, flow, report).rows()]
    return sorted(rows, key=lambda row: (row["started"], row["run"]), reverse=True)


def answer(rows: list[Row], question: Question, several: bool = False) -> Answer:
    """The rows that a question is about. With `several` flows, the flow is a column, too. Raises BadCondition."""
    known = Columns(rows)
    chosen = rows
    named: list[Column] = []
    if question.where.strip():
        condition = parse(question.where)
        chosen = list(filter(test_of(condition, known, question.where), rows))
        named += [known.find(name, question.where) for name in names_in(condition)]
    if question.sort:
        by = known.named(question.sort.removeprefix("-"))
        chosen = in_order(chosen, by, question.sort.startswith("-"))
        named.append(by)
    columns = [known.named(name) for name in question.columns]
    if not columns:
        always = [known.find(Name("run", name)) for name in (("flow",) if several else ()) + ALWAYS]
        columns = list(dict.fromkeys([*always, *named]))
    return Answer(chosen, columns, known)


def in_order(rows: list[Row], by: Column, is_descending: bool) -> list[Row]:
    """The rows sorted by a column: numbers before texts, and those without a value last, in either direction."""
    held = [(row, by.value(row)) for row in rows]
    present = [(row, value) for row, value in held if not _is_absent(value)]
    present.sort(key=lambda one: _key(one[1]), reverse=is_descending)
    return [*(row for row, _ in present), *(row for row, value in held if _is_absent(value))]


def names_in(condition: Condition) -> list[Name]:
    """The names of columns that a condition has, in their order."""
    found: list[Name] = []
    for part in condition:
        if isinstance(part, Name):
            found.append(part)
        elif isinstance(part, tuple):
            found += names_in(part)  # type: ignore[arg-type]
    return found


def _is_absent(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _key(value: Any) -> tuple[bool, float, str]:
    text = " ".join(value) if isinstance(value, list) else value if isinstance(value, str) else ""
    return (text != "" or isinstance(value, str), 0.0 if isinstance(value, (str, list)) else value, text)


def as_text(value: Any, column: Column | None = None) -> str:
    """A value in a cell: six digits of a number, and "" for none."""
    if value is None:
        return ""
    if column is not None and column.kind == "run":
        from flowport.workspace.times import duration

        if column.name == "duration":
            return duration(value)
        if column.name in ("started", "ended"):
            return str(value).replace("T", " ")
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6g}" if isinstance(value, float) else " ".join(value) if isinstance(value, list) else str(value)
