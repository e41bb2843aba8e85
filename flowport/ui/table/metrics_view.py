"""The metrics of a run, of an item and of two runs side by side: the last values, and plots of the series."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from flowport.runtime.metrics.latest import latest_values
from flowport.runtime.metrics.read import metric_names, metric_points
from flowport.runtime.run import items
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.ui import urls
from flowport.ui.table.plot import Line, Plot

if TYPE_CHECKING:
    from flowport.runtime.metrics.latest import LatestValue
    from flowport.runtime.run.items import ItemReader
    from flowport.runtime.run.reader import Run

PLOTS = 24
"""Metrics of a page that are plotted."""

LISTED = 500
"""Values of a series that the table beside a plot lists, from the end."""


class MetricRow(NamedTuple):
    """A metric: its last value, at which step of the series, the item that logged it, and a plot if there is a series."""

    name: str
    value: float | None
    step: int | None
    item: str
    url: str
    plot: Plot | None

    @property
    def listed(self) -> list[tuple[float, list[float | None]]]:
        """The steps and the values of each line, for the table beside the plot."""
        lines = [dict(line.points) for line in self.plot.lines] if self.plot else []
        steps = sorted({step for line in lines for step in line})
        return [(step, [line.get(step) for line in lines]) for step in steps[-LISTED:]]

    @property
    def left_out(self) -> int:
        """How many steps the table leaves out."""
        return max(0, len({step for line in (self.plot.lines if self.plot else ()) for step, _ in line.points}) - LISTED)


class MetricPair(NamedTuple):
    """A metric of two runs; None where a run does not have it."""

    name: str
    left: float | None
    right: float | None

    @property
    def differs(self) -> bool:
        """Whether the values differ."""
        return self.left != self.right


def metrics_of_item(found: ItemReader, damage: list[str]) -> list[MetricRow]:
    """The metrics of an item."""
    rows = []
    for place, name in enumerate(metric_names(found)):
        line = _line(name, lambda name=name: metric_points(found, name), damage)  # type: ignore[misc]
        if line is not None:
            rows.append(_row(name, line, "", "", place < PLOTS))
    return rows


def metrics_of_run(run: Run, damage: list[str]) -> list[MetricRow]:
    """The metrics of a run, each of the task that ended last."""
    rows = []
    for place, (name, last) in enumerate(_latest(run, damage).items()):
        label = last.step if last.item == "r" else f"{last.step}/{last.item}"
        url = urls.item_url(run.doc["flow"], run.doc["run"], last.step, last.item)
        line = _line_of_run(run, last, damage) if place < PLOTS else None
        rows.append(_row(name, line or Line(name, [(last.at, last.value)]), label, url, True))
    return rows


def metrics_of_both(left: Run, right: Run, damage: list[str]) -> tuple[list[MetricPair], list[MetricRow]]:
    """The last values of two runs side by side, and plots of the series that either has."""
    ones, others = _latest(left, damage), _latest(right, damage)
    names = sorted({*ones, *others})
    pairs = [MetricPair(name, ones[name].value if name in ones else None, others[name].value if name in others else None) for name in names]
    plots = []
    for name in names[:PLOTS]:
        sides = ((left, ones.get(name)), (right, others.get(name)))
        lines = [line for run, last in sides if last and (line := _line_of_run(run, last, damage))]
        plot = Plot(name, "step", name, lines)
        if plot.has_shape:
            plots.append(MetricRow(name, None, None, "", "", plot))
    return pairs, plots


def _latest(run: Run, damage: list[str]) -> dict[str, LatestValue]:
    try:
        return latest_values(run.store, run.keys)
    except Corrupt as error:
        damage.append(str(error))
        return {}


def _line_of_run(run: Run, last: LatestValue, damage: list[str]) -> Line | None:
    def points() -> tuple[list[int], list[int | float]]:
        item = items.item(run, last.step, last.item)
        return metric_points(item, last.name) if item is not None else ([last.at], [last.value])

    return _line(run.doc["run"], points, damage)


def _line(name: str, load: Callable[[], tuple[list[int], list[int | float]]], damage: list[str]) -> Line | None:
    try:
        steps, values = load()
    except (Corrupt, Missing, KeyError) as error:
        damage.append(str(error))
        return None
    return Line(name, sorted(zip(steps, values, strict=True), key=lambda point: point[0]))


def _row(name: str, line: Line, item: str, url: str, is_plotted: bool) -> MetricRow:
    plot = Plot(name, "step", name, [line])
    step, value = line.points[-1]
    return MetricRow(name, value, int(step), item, url, plot if is_plotted and plot.has_shape else None)
