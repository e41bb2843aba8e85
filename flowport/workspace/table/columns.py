"""The columns of the table: fields of runs, parameters, metrics and artifacts, each by its name."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from flowport.compiler.diagnostics.suggestions import nearest
from flowport.runtime.text import shown
from flowport.workspace.errors import BadCondition
from flowport.workspace.table.expression import Name, parse_name

Row = dict[str, Any]

KINDS = {"param": "parameters", "metric": "metrics", "artifact": "artifacts"}
"""The prefixes of names, and the fields of a row that they stand for, in the order in which a name without a prefix is looked up."""

FIELDS = ("run", "flow", "status", "started", "ended", "duration", "target", "user", "tags", "origin")
"""The fields of a run, which come first."""

SAME = {"engine": "target", "seconds": "duration", "id": "run", "tag": "tags", "from": "origin"}
"""Other names of fields."""


class Column(NamedTuple):
    """A column: a field of runs (`run`), a parameter, a metric or an artifact. `label` is how it is named where it is shown.

    A label is the name, or the address where the name alone means another column: no two columns have the same one.
    """

    kind: str
    name: str
    label: str

    def value(self, row: Row) -> Any:
        """The value in a row; None where there is none."""
        if self.kind != "run":
            return row[KINDS[self.kind]].get(self.name)
        match self.name:
            case "started" | "ended":
                return None if row[self.name] is None else moment(row[self.name])
            case "duration":
                ended = time.time() if row["status"] == "running" or row["ended"] is None else row["ended"]
                return max(0.0, ended - row["started"])
            case _:
                return row[self.name] or None

    @property
    def address(self) -> str:
        """The name with its prefix, by which the column is found whatever else has the name."""
        return f"{self.kind}:{self.name}"


class Columns:
    """The columns that some rows have."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.names: dict[str, list[str]] = {"run": list(FIELDS)}
        found: dict[str, dict[str, None]] = {kind: {} for kind in KINDS}
        for row in rows:
            for kind, field in KINDS.items():
                found[kind].update(dict.fromkeys(row[field]))
        self.names.update({kind: sorted(names) for kind, names in found.items()})

    def all(self, *kinds: str) -> list[Column]:
        """All columns of these kinds, of all kinds if none is named."""
        return [self._column(kind, name) for kind in kinds or self.names for name in self.names[kind]]

    def find(self, name: Name, text: str = "") -> Column:
        """The column of a name, which stands in `text`; raises BadCondition."""
        if name.kind == "run" or (not name.kind and name.name not in FIELDS and not self._kind_of(name.name)):
            name = name._replace(name=SAME.get(name.name, name.name))
        kind = name.kind or self._kind_of(name.name)
        if kind and name.name in self.names[kind]:
            return self._column(kind, name.name)
        known = [one for kind, names in self.names.items() for one in names if name.kind in ("", kind)]
        close = nearest(name.name, known)
        listed = shown(", ".join(known[:30])) + (", ..." if len(known) > 30 else "")
        hint = (
            f"did you mean `{shown(close)}`?"
            if close
            else f"text stands in quotes: '{name.name}'; the columns are {listed}"
            if text
            else f"the columns are {listed}"
        )
        whole = text or name.name
        at, size = (name.at, name.size) if text else (0, len(whole))
        what = {"": "column", "param": "parameter", "run": "field of runs"}.get(name.kind, name.kind)
        raise BadCondition(
            f"no run has a {what} `{name.name}`" if name.kind != "run" else f"`{name.name}` is no field of runs", whole, at, size, hint
        )

    def named(self, text: str) -> Column:
        """The column that a text names; raises BadCondition."""
        return self.find(parse_name(text))

    def _kind_of(self, name: str) -> str:
        return next((kind for kind, names in self.names.items() if name in names), "")

    def _column(self, kind: str, name: str) -> Column:
        is_alone = self._kind_of(name) == kind and parse_name(name) == Name("", name)
        return Column(kind, name, name if is_alone else f"{kind}:{name}")


def moment(seconds: float) -> str:
    """A time in UTC, from seconds since 1970, as ISO text: `2026-11-21T07:13:34`."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
