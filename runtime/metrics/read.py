"""The metrics of an item: as its task stored them, or as the latest failed attempt left them."""

from __future__ import annotations

from flowport.runtime.metrics.log import parsed, series
from flowport.runtime.store import row_ranges
from flowport.runtime.store.errors import Corrupt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from flowport.runtime.run.items import ItemReader

    Points = tuple[list[int], list[int | float]]


def metric_names(item: ItemReader) -> list[str]:
    """The names of the metrics of an item, sorted."""
    return sorted(_loaders(item))


def metric_points(item: ItemReader, name: str) -> tuple[list[int], list[int | float]]:
    """The steps and the values of a metric, in the order in which they were logged; raises KeyError without it, Missing and Corrupt."""
    load = _loaders(item)[name]
    try:
        return load()
    except ValueError as error:
        raise Corrupt(f"the metric `{name}` of {item.step}/{item.address} cannot be read: {error}") from None


def _loaders(item: ItemReader) -> dict[str, Callable[[], Points]]:
    """How to read each metric."""
    if item.shelf is None:
        left = (item.failure or {}).get("metrics", {})
        return {name: lambda found=found: series(found) for name, found in left.items()} if isinstance(left, dict) else {}  # type: ignore[misc]
    columns = item.shelf[0].doc.get("metrics", {})
    having = {name: column for name, column in columns.items() if row_ranges.contains(column["items"], item.row)}
    return {name: lambda column=column: parsed(item.run.columns.entry(column, item.row)) for name, column in having.items()}  # type: ignore[misc]
