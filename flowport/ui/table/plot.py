"""Plots as SVG: lines over steps, or points over runs. Colours come from the style sheet, and every plot has a table beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup

WIDTH, HEIGHT = 420, 220
LEFT, RIGHT, TOP, BOTTOM = 60, 12, 12, 38
"""The margins around the plotted area, in which the labels stand."""

DRAWN = 400
"""Points of a line that are drawn: of more, the least and the greatest of each part."""

DOTS = 25
"""Up to how many points are dots as well."""

CLOUD = 1000
"""From how many points on they have no labels of their own."""

TICKS = 5


class Line(NamedTuple):
    """A series: what it is called, and its points from left to right."""

    name: str
    points: Sequence[tuple[float, float]]


class Plot(NamedTuple):
    """What is drawn. With `is_scattered` there are points without a line between them."""

    title: str
    x: str
    y: str
    lines: list[Line]
    is_scattered: bool = False
    is_time: bool = False

    @property
    def has_shape(self) -> bool:
        """Whether there is more to see than one value."""
        return any(len([point for point in line.points if _is_finite(point)]) > 1 for line in self.lines)

    @property
    def svg(self) -> Markup:
        """The drawing."""
        return _drawn(self)


class _Scale(NamedTuple):
    """Places values between two coordinates."""

    least: float
    most: float
    start: float
    stop: float

    def place(self, value: float) -> float:
        """The coordinate of a value."""
        share = (value / 2 - self.least / 2) / (self.most / 2 - self.least / 2)  # halves: the range may be larger than any float
        return self.start + share * (self.stop - self.start)


def _drawn(plot: Plot) -> Markup:
    finite = [point for line in plot.lines for point in line.points if _is_finite(point)]
    room = 8 if plot.is_scattered else 0
    across = _scale([x for x, _ in finite], LEFT + room, WIDTH - RIGHT - room)
    up = _rounded(_scale([y for _, y in finite], HEIGHT - BOTTOM - room, TOP + room))
    parts = [Markup('<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(WIDTH, HEIGHT, _label(plot))]
    parts += _axes(plot, across, up)
    for number, line in enumerate(plot.lines):
        parts += _line(line, number, plot.is_scattered, across, up)
    parts.append(Markup("</svg>"))
    return Markup("").join(parts)


def _label(plot: Plot) -> str:
    names = f": {', '.join(line.name for line in plot.lines)}" if len(plot.lines) > 1 else ""
    return f"{plot.title}, by {plot.x}{names}. The values are in the table beside it."


def _axes(plot: Plot, across: _Scale, up: _Scale) -> Iterator[Markup]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    for value in ticks(up.least, up.most):
        at = f"{up.place(value):.1f}"
        yield Markup('<path class="grid" d="M{} {}H{}"/><text class="tick is-y" x="{}" y="{}" dy=".35em">{}</text>').format(
            LEFT, at, right, LEFT - 6, at, number(value)
        )
    for value in _times(across) if plot.is_time else ticks(across.least, across.most):
        text = _date(value, across.most - across.least) if plot.is_time else number(value)
        yield Markup('<text class="tick is-x" x="{:.1f}" y="{}">{}</text>').format(across.place(value), bottom + 16, text)
    yield Markup('<path class="axis" d="M{} {}V{}H{}"/>').format(LEFT, TOP, bottom, right)
    yield Markup('<text class="label" x="{}" y="{}">{}</text>').format((LEFT + right) / 2, HEIGHT - 6, plot.x)
    yield Markup('<text class="label" transform="translate(12 {}) rotate(-90)">{}</text>').format((TOP + bottom) / 2, plot.y)


def _line(line: Line, number_of: int, is_scattered: bool, across: _Scale, up: _Scale) -> Iterator[Markup]:
    kind = f"is-{number_of % 2}"
    if not is_scattered:
        for is_finite, run in groupby(thinned(line.points), _is_finite):
            places = [f"{across.place(x):.1f} {up.place(y):.1f}" for x, y in run] if is_finite else []
            if len(places) > 1:
                yield Markup('<path class="line {}" d="M{}"/>').format(kind, "L".join(places))
    dots = [point for point in line.points if _is_finite(point)]
    if is_scattered and len(dots) > CLOUD:
        cloud = "".join(f"M{across.place(x):.1f} {up.place(y):.1f}h0" for x, y in dots)
        yield Markup('<path class="cloud {}" d="{}"/>').format(kind, cloud)
    elif is_scattered or len(dots) <= DOTS:
        for x, y in dots:
            yield Markup('<circle class="dot {}" cx="{:.1f}" cy="{:.1f}" r="3"><title>{}: {}</title></circle>').format(
                kind, across.place(x), up.place(y), number(x), number(y)
            )


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """So many of the points that a line through them looks the same: the least and the greatest of each part."""
    if len(points) <= DRAWN:
        return list(points)
    size = math.ceil(len(points) / (DRAWN // 2))
    kept: list[tuple[float, float]] = []
    for first in range(0, len(points), size):
        part = points[first : first + size]
        places = {min(range(len(part)), key=lambda at: part[at][1]), max(range(len(part)), key=lambda at: part[at][1])}
        kept += [part[at] for at in sorted(places)]
    return [points[0], *kept, points[-1]]


def ticks(least: float, most: float) -> list[float]:
    """Round numbers between two values."""
    span = most - least
    if not math.isfinite(span) or span <= 0:
        return [least, most]
    step = _step(span)
    first = math.ceil(least / step - 1e-9)
    return [place * step for place in range(first, math.floor(most / step + 1e-9) + 1)]


def _step(span: float) -> float:
    """The distance of round numbers of which a few are in a span."""
    size = 10.0 ** math.floor(math.log10(span / TICKS))
    return next(size * factor for factor in (1, 2, 5, 10) if span / (size * factor) <= TICKS)


def _rounded(scale: _Scale) -> _Scale:
    """The same scale from a round number to a round number, so that the highest value stands below a label."""
    span = scale.most - scale.least
    if not math.isfinite(span) or span <= 0:
        return scale
    step = _step(span)
    return scale._replace(least=math.floor(scale.least / step + 1e-9) * step, most=math.ceil(scale.most / step - 1e-9) * step)


def number(value: float) -> str:
    """A number as people read it."""
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e6 else f"{value:.4g}" if math.isfinite(value) else str(value)


def _scale(values: list[float], start: float, stop: float) -> _Scale:
    least, most = (min(values), max(values)) if values else (0.0, 1.0)
    if least / 2 == most / 2:  # also whole numbers and denormal ones that a float does not tell apart
        around = abs(least) * 0.1 or 1.0
        least, most = least - around, most + around
    return _Scale(least, most, start, stop)


def _times(across: _Scale) -> list[float]:
    """Some moments from left to right."""
    return [across.least + (across.most - across.least) * share for share in (0.08, 0.5, 0.92)]


def _date(seconds: float, span: float) -> str:
    import time

    form = "%Y-%m-%d" if span > 4 * 86_400 else "%m-%d %H:%M" if span > 600 else "%H:%M:%S"
    return time.strftime(form, time.gmtime(seconds))


def _is_finite(point: tuple[float, float]) -> bool:
    return math.isfinite(point[0]) and math.isfinite(point[1])
