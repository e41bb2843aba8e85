"""`Table`: rows of texts, numbers and other components, or a data frame of pandas or polars."""

from __future__ import annotations

from flowport.runtime.cards.component import MetaflowCardComponent, UserComponent, rendered
from flowport.runtime.cards.plain import cell
from flowport.runtime.text import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

ROWS = 1_000
"""The most rows of a table on a card; a line below it says how many there are."""

FRAME_ROWS = 100
"""The rows of a data frame, unless all are asked for."""


class Table(UserComponent):
    """A table. `data` is a list of rows, each a list; `headers` are the titles of the columns. `disable_updates` is Metaflow's."""

    REALTIME_UPDATABLE = True

    def __init__(self, data: list[list[Any]] | None = None, headers: list[str] | None = None, disable_updates: bool = False) -> None:
        # As in Metaflow: what is no list of lists is left out.
        self._headers = headers if isinstance(headers, list) else []
        self._data = data if isinstance(data, list) and data and isinstance(data[0], list) else []
        self._total = len(self._data)
        if disable_updates:
            self.REALTIME_UPDATABLE = False

    @classmethod
    def from_dataframe(cls, dataframe: Any = None, truncate: bool = True) -> Table:
        """The table of a data frame of pandas or polars: its first 100 rows, or with `truncate=False` the first 1,000.

        Any other object becomes a table that says that it cannot be shown.
        """
        kind = type_name(dataframe)
        most = FRAME_ROWS if truncate else ROWS
        if kind.startswith("polars.") and kind.endswith(".DataFrame"):
            made = cls([list(row) for row in dataframe.head(most).iter_rows()], list(dataframe.columns), True)
        elif kind.startswith("pandas.") and kind.endswith(".DataFrame"):
            made = cls(_rows(dataframe.head(most)), [_label(dataframe.index.names), *map(_title, dataframe.columns)], True)
        else:
            return cls(headers=[f"Object type {kind} not supported"], disable_updates=True)
        made._total = len(dataframe)
        return made

    def update(self, *values: Any, **named: Any) -> None:
        self._warn("a `Table` has no `update`: update the components in it")

    def render(self) -> dict[str, Any]:
        rows = [[_cell(one) for one in _row(row)] for row in self._data[:ROWS]]
        shown = {"type": "table", "columns": [cell(title) for title in self._headers], "data": rows, "vertical": False}
        return shown if self._total == len(rows) else {**shown, "total": self._total}


def _row(row: Any) -> Sequence[Any]:
    return row if isinstance(row, (list, tuple)) else [row]


def _cell(value: Any) -> Any:
    return rendered(value) if isinstance(value, MetaflowCardComponent) else cell(value)


def _rows(frame: Any) -> list[list[Any]]:
    """The rows of a data frame of pandas behind their places in its index."""
    return [[_label(place), *row] for place, row in zip(frame.index, frame.itertuples(index=False, name=None))]


def _title(column: Any) -> str:
    return _label(column) if isinstance(column, tuple) else str(column)


def _label(place: Any) -> Any:
    """One place in an index; one of several levels, and a list of their names, as one text."""
    if isinstance(place, (tuple, list)) or type(place).__name__ == "FrozenList":
        return ", ".join(str(part) for part in place if part is not None)
    return place
