"""`flowport runs --where CONDITION --columns NAMES --sort NAME`: runs as rows of a table, from the index that the store keeps."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flowport.cli.console import as_json, warn
from flowport.runtime.text import shown
from flowport.workspace.table.columns import Column, Row
from flowport.workspace.table.expression import listed_names, parse
from flowport.workspace.table.query import Question, answer, as_text, rows_of

if TYPE_CHECKING:
    from flowport.cli.store_commands.runs_request import RunsRequest
    from flowport.runtime.store.interface import Store

SHOWN = 20
"""How many runs are listed in a terminal, without `--all`."""


def print_table(request: RunsRequest, store: Store, flows: list[str]) -> int:
    """Print the runs that are asked for as a table, as JSON lines or with commas; raises BadCondition."""
    names = listed_names(request.columns or "")
    question = Question(request.where or "", names, (request.sort or "").strip())
    if question.where:
        parse(question.where)  # before any run is read
    rows = [row for row in rows_of(store, flows, warn) if _has_tags(row, request.tags)]
    found = answer(rows, question, several=len(flows) > 1)
    for_programs = request.json or request.csv
    number = len(found.rows) if request.all else request.number or (len(found.rows) if for_programs else SHOWN)
    listed = found.rows[:number]
    if request.json:
        columns = found.columns if names else None
        sys.stdout.writelines(f"{as_json(_document(row, columns))}\n" for row in listed)
    elif request.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow([column.label for column in found.columns])
        writer.writerows([_exact(column.value(row)) for column in found.columns] for row in listed)
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(listed, found.columns))
        print(f"store: {shown(store.url)}" if listed else f"no run in {shown(store.url)} matches")
    if more := len(found.rows) - len(listed):
        print(f"{more} more runs: --all", file=sys.stderr if for_programs else sys.stdout)
    return 0


def _has_tags(row: Row, tags: tuple[str, ...]) -> bool:
    return {*tags} <= {*row["tags"], f"user:{row['user']}"}


def _document(row: Row, columns: list[Column] | None) -> dict[str, Any]:
    """A run as JSON: the columns that were chosen, or all that the table has of it."""
    if columns is not None:
        return {column.label: _plain(column.value(row)) for column in columns}
    held = {name: value for name, value in row.items() if name != "at"}
    for kind in ("parameters", "metrics", "artifacts"):
        held[kind] = {name: _plain(value) for name, value in row[kind].items()}
    return {"flow": held.pop("flow"), **held}


def _plain(value: Any) -> Any:
    """A value that JSON has: `nan` and infinity become text."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _exact(value: Any) -> Any:
    """A value between commas."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(value) if isinstance(value, list) else value


def _lines(rows: list[Row], columns: list[Column]) -> Iterator[str]:
    if not rows:
        return
    cells = [[_title(column) for column in columns]]
    cells += [[shown(as_text(column.value(row), column)) for column in columns] for row in rows]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    are_numbers = [any(_is_number(column.value(row)) for row in rows) and column.kind != "run" for column in columns]
    for line in cells:
        padded = (f"{cell:>{width}}" if right else f"{cell:{width}}" for cell, width, right in zip(line, widths, are_numbers, strict=True))
        yield "  ".join(padded).rstrip()


def _title(column: Column) -> str:
    """The heading of a column; those of the run itself are in capitals, as in the list of runs."""
    if column.address in ("run:started", "run:ended"):
        return f"{column.label.upper()} (UTC)"
    return column.label.upper() if column.kind == "run" else shown(column.label)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
