"""The metrics of one item while its step runs, and their stored form: a JSON document of the steps and the values of each series.

The steps are null where they are 0, 1, 2 and so on. Manifests have a column of these documents for each metric, so the items of a
foreach cost no object more.
"""

from __future__ import annotations

from operator import index

from flowport.runtime.store import documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

LONGEST_NAME = 250
"""Characters of the name of a metric."""

KEPT = 1000
"""Values of each metric that the document of a failed attempt keeps: it is written again whenever another item of its task ends."""

TOO_LARGE = 1 << 1000
"""Whole numbers are less than this, so that each can be compared with a floating-point number and plotted."""

LAST_STEP = (1 << 63) - 1
"""Steps are whole numbers of 64 bits, also for those who read them elsewhere, such as MLflow."""


class MetricLog:
    """What one item has logged. Raises `error` for what is no metric, with what to write instead."""

    def __init__(self, error: type[Exception]) -> None:
        self._error = error
        self._points: dict[str, list[tuple[int, int | float]]] = {}

    def log(self, name: Any, value: Any, step: Any = None) -> None:
        """Add a value to a series, by default at the step after the last one."""
        name = self._name(name)
        number = self._number(name, value)
        points = self._points.setdefault(name, [])
        points.append((self._step(name, (points[-1][0] + 1 if points else 0) if step is None else step), number))

    def log_all(self, values: Any, step: Any = None) -> None:
        """Add a value to each of several series."""
        if not hasattr(values, "items"):
            raise self._error(f"`current.log_metrics` takes a dictionary, and not {_brief(values)}: {{'accuracy': 0.97}}")
        for name, value in values.items():
            self.log(name, value, step)

    def entries(self) -> dict[str, bytes]:
        """The stored form of each series."""
        return {name: _entry(points) for name, points in self._points.items()}

    def recent(self) -> dict[str, list[Any]]:
        """The steps and the last values of each series, as the document of an attempt keeps them."""
        return {name: [list(part) for part in zip(*points[-KEPT:])] for name, points in self._points.items() if points}

    def _name(self, name: Any) -> str:
        if not isinstance(name, str) or not name.strip():
            raise self._error(f"the name of a metric is text, such as `current.log_metric('accuracy', 0.97)`, and not {_brief(name)}")
        if len(name) > LONGEST_NAME:
            raise self._error(f"the name of a metric has at most {LONGEST_NAME} characters, and `{name[:60]}...` has {len(name)}")
        if not name.isprintable():
            raise self._error(f"the name of a metric has only characters that can be printed, and {name!a} has others")
        return str(name)

    def _number(self, name: str, value: Any) -> int | float:
        """The number to store: whole numbers stay whole, and what else has a number, such as a NumPy scalar, becomes a float."""
        try:
            if isinstance(value, (str, bytes, bytearray)):
                raise TypeError
            try:
                number = index(value)
            except TypeError:
                return float(value)
            if not is_number(number):
                raise OverflowError
        except OverflowError:
            raise self._error(f"the value of the metric `{name}` is too large: whole numbers are less than 2**1000") from None
        except (TypeError, ValueError):
            raise self._error(f"the value of the metric `{name}` is a number, and not {_brief(value)}") from None
        return number

    def _step(self, name: str, step: Any) -> int:
        try:
            number = index(step)
        except TypeError:
            way_out = f"`current.log_metric('{name}', value, step=10)`"
            raise self._error(f"the step of the metric `{name}` is a whole number, such as in {way_out}, and not {_brief(step)}") from None
        if not is_step(number):
            raise self._error(f"the step of the metric `{name}` is a whole number of 64 bits: from -2**63 to 2**63 - 1")
        return number


def is_number(value: object) -> bool:
    """Whether a metric can have this value."""
    return type(value) is float or (type(value) is int and -TOO_LARGE < value < TOO_LARGE)


def is_step(value: object) -> bool:
    """Whether a series can have this step."""
    return type(value) is int and -LAST_STEP - 1 <= value <= LAST_STEP


def stored(recent: Mapping[str, Any]) -> dict[str, bytes]:
    """The stored form of what an attempt kept of the metrics of an item that `@catch` has caught."""
    return {name: _entry([*zip(steps, values)]) for name, (steps, values) in recent.items()}


def parsed(entry: bytes) -> tuple[list[int], list[int | float]]:
    """The steps and the values of a stored series; raises ValueError for what is none."""
    return series(documents.load(entry))


def series(found: Any) -> tuple[list[int], list[int | float]]:
    """The steps and the values of a series, of which there is at least one; raises ValueError for what is none."""
    if not isinstance(found, list) or len(found) != 2:
        raise ValueError("it is not a series of steps and values")
    steps, values = found
    if not isinstance(values, list) or not values or not all(map(is_number, values)):
        raise ValueError("its values are not numbers")
    if steps is None:
        return list(range(len(values))), values
    if not isinstance(steps, list) or len(steps) != len(values) or not all(map(is_step, steps)):
        raise ValueError("its steps are not numbers, one for each value")
    return steps, values


def final(items: list[tuple[int, dict[str, bytes]]]) -> dict[str, list[Any]]:
    """The last value of each metric among the items of a task, by row, with its step and the row of its item."""
    found = {}
    for row, entries in items:
        for name, entry in entries.items():
            steps, values = parsed(entry)
            found[name] = [values[-1], steps[-1], row]
    return found


def _entry(points: list[tuple[int, int | float]]) -> bytes:
    steps, values = [step for step, _ in points], [value for _, value in points]
    return documents.dump([None if steps == list(range(len(steps))) else steps, values])


def _brief(value: Any) -> str:
    kind = type(value).__name__
    return f"`{value!r}`" if isinstance(value, (str, bytes)) and len(value) < 40 else f"of type `{kind}`"
