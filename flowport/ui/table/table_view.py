"""The table of a flow's runs: chosen columns, a condition, an order, and a plot of two columns. All of it stands in the address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.ui import urls
from flowport.ui.table.plot import Line, Plot
from flowport.ui.texts import duration
from flowport.workspace.errors import BadCondition
from flowport.workspace.runs import flows
from flowport.workspace.table.columns import Column, Columns, Row
from flowport.workspace.table.expression import parse_name
from flowport.workspace.table.query import Answer, Question, answer, as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowport.ui.readers import Readers

ROWS = 100
"""Runs on a page."""

CHOSEN = {"param": 4, "metric": 4}
"""How many columns are shown of each kind if none are chosen."""

FIELDS = ("started", "duration")
"""The fields of a run that are shown if none are chosen."""

ALWAYS = ("run:run", "run:status", "run:flow")
"""The columns that nobody has to choose: two always stand there, and the flow is that of the page."""

TITLES = {"run": "Run", "param": "Parameters", "metric": "Metrics", "artifact": "Artifacts of the last step"}
"""What the kinds of columns are called."""


class TableQuery(NamedTuple):
    """What is asked of the table; `first` is the row at which the page begins."""

    flow: str
    where: str = ""
    columns: tuple[str, ...] = ()
    sort: str = ""
    plot: str = ""
    over: str = ""
    first: int = 0

    def url(self, **changes: Any) -> str:
        """The address of the page with something else in it."""
        return urls.table_url(**{**self._asdict(), "first": 0, **changes})


class Heading(NamedTuple):
    """The heading of a column, with the address that sorts by it, and how it is sorted now: `ascending`, `descending` or ""."""

    label: str
    url: str
    order: str
    is_number: bool


class Cell(NamedTuple):
    """A value of a run, and how its column is called."""

    label: str
    text: str
    is_number: bool


class TableRow(NamedTuple):
    """A run in the table."""

    run: str
    url: str
    state: str
    cells: list[Cell]


class Choice(NamedTuple):
    """A column that can be shown."""

    address: str
    name: str
    is_chosen: bool


class TablePage(NamedTuple):
    """What the page shows; `problem` is what is wrong with the question, and `hint` what to write instead."""

    query: TableQuery
    flows: list[str]
    headings: list[Heading]
    rows: list[TableRow]
    number: int
    choices: list[tuple[str, list[Choice]]]
    numeric: list[Choice]
    over: list[Choice]
    plot: Plot | None
    points: list[tuple[str, str, str, str]]
    previous: str
    next: str
    problem: str
    hint: str
    damage: list[str]
    is_live: bool


def table_page(readers: Readers, query: TableQuery) -> TablePage:
    """The page of a question."""
    known, (rows, damage) = sorted(flows(readers.store, lambda text: None)), readers.table(query.flow)
    columns, problem, hint = Columns(rows), "", ""
    try:
        found = answer(rows, Question(query.where, (), query.sort))
        shown = [columns.named(name) for name in query.columns] or _usual(columns, found.rows[query.first : query.first + ROWS])
        plot = _plot(found.rows, columns, query)
    except BadCondition as error:
        shown, found, plot, problem, hint = [], Answer([], [], columns), None, str(error), error.hint
    listed = found.rows[query.first : query.first + ROWS]
    behind = query.first + ROWS < len(found.rows)
    numeric = [column for column in columns.all("param", "metric", "artifact") if any(_is_number(column.value(row)) for row in rows)]
    return TablePage(
        query=query,
        flows=known,
        headings=[_heading(column, listed, query) for column in shown],
        rows=[_row(row, shown) for row in listed],
        number=len(found.rows),
        choices=[
            (title, [_choice(column, shown) for column in columns.all(kind) if column.address not in ALWAYS])
            for kind, title in TITLES.items()
        ],
        numeric=[_choice(column, _named(columns, query.plot)) for column in numeric],
        over=[_choice(column, _named(columns, query.over)) for column in numeric],
        plot=plot,
        points=_points(found.rows, columns, query) if plot else [],
        previous=query.url(first=max(0, query.first - ROWS)) if query.first else "",
        next=query.url(first=query.first + ROWS) if behind else "",
        problem=problem,
        hint=hint,
        damage=damage,
        is_live=any(row["status"] == "running" for row in listed),
    )


def _usual(columns: Columns, rows: list[Row]) -> list[Column]:
    """The columns that are shown if none are chosen: the first parameters and metrics of which these rows have any."""
    shown = [columns.named(f"run:{name}") for name in FIELDS]
    for kind, number in CHOSEN.items():
        shown += [column for column in columns.all(kind) if any(column.value(row) is not None for row in rows)][:number]
    return shown


def _named(columns: Columns, name: str) -> list[Column]:
    try:
        return [columns.find(parse_name(name))] if name else []
    except BadCondition:
        return []


def _choice(column: Column, chosen: Sequence[Column]) -> Choice:
    return Choice(column.address, column.name, column in chosen)


def _heading(column: Column, rows: list[Row], query: TableQuery) -> Heading:
    """A heading; a click on it sorts by the column, the next one in the other direction."""
    is_sorted = query.sort.removeprefix("-") in (column.address, column.label)
    order = "" if not is_sorted else "descending" if query.sort.startswith("-") else "ascending"
    url = query.url(sort=column.address if order == "descending" else f"-{column.address}")
    return Heading(_label(column), url, order, any(_is_number(column.value(row)) for row in rows))


def _label(column: Column) -> str:
    """The name of a column; times are as conditions compare them."""
    return f"{column.label} (UTC)" if column.address in ("run:started", "run:ended") else column.label


def _row(row: Row, columns: list[Column]) -> TableRow:
    cells = []
    for column in columns:
        value = column.value(row)
        text = duration(value) if column.address == "run:duration" else as_text(value, column)
        cells.append(Cell(_label(column), text, _is_number(value)))
    return TableRow(row["run"], urls.run_url(row["flow"], row["run"]), row["status"], cells)


def _plot(rows: list[Row], columns: Columns, query: TableQuery) -> Plot | None:
    """The values of a column over those of another, or over the time at which the runs started."""
    if not query.plot:
        return None
    up, across = columns.named(query.plot), columns.named(query.over) if query.over else None
    points = sorted((x, y) for row in rows for x, y in [(_across(row, across), up.value(row))] if _is_number(x) and _is_number(y))
    label = "started (UTC)" if across is None else across.label
    return Plot(f"{up.label} of {len(points):,} runs", label, up.label, [Line(up.label, points)], is_scattered=True, is_time=across is None)


def _points(rows: list[Row], columns: Columns, query: TableQuery) -> list[tuple[str, str, str, str]]:
    """The run, its address, and the two values of each point, as text: the first hundred."""
    up, across = columns.named(query.plot), columns.named(query.over) if query.over else columns.named("run:started")
    having = [row for row in rows if _is_number(up.value(row)) and across.value(row) is not None]
    return [
        (row["run"], urls.run_url(row["flow"], row["run"]), as_text(across.value(row), across), as_text(up.value(row), up))
        for row in having[:ROWS]
    ]


def _across(row: Row, column: Column | None) -> Any:
    return row["started"] if column is None else column.value(row)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
