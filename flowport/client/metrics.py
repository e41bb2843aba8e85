"""The metrics of a run or of a task: what steps have logged with `current.log_metric`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flowport.client.source import reads_store


@reads_store
class Metric:
    """A metric: the `value` that was logged last, at which `step`; `series` has all of them, and is read when it is asked for."""

    def __init__(self, name: str, load: Callable[[], tuple[list[int], list[int | float]]], last: tuple[float, int] | None = None) -> None:
        self.name = name
        self._load, self._last = load, last
        self._points: tuple[list[int], list[int | float]] | None = None

    @property
    def value(self) -> float:
        """The value that was logged last."""
        return self._last[0] if self._last else self._all()[1][-1]

    @property
    def step(self) -> int:
        """The step of the last value."""
        return self._last[1] if self._last else self._all()[0][-1]

    @property
    def series(self) -> list[tuple[int, float]]:
        """The steps and their values, in the order in which they were logged by one item of a step."""
        return list(zip(*self._all(), strict=True))

    def _all(self) -> tuple[list[int], list[int | float]]:
        if self._points is None:
            self._points = self._load()
        return self._points

    def __repr__(self) -> str:
        return f"<Metric {self.name}: {self.value}>"


class Metrics(Mapping[str, Metric]):
    """Metrics by name; a missing name is a KeyError that says which there are."""

    def __init__(self, found: dict[str, Metric]) -> None:
        self._found = found

    def __getitem__(self, name: str) -> Metric:
        if name not in self._found:
            known = ", ".join(f"`{one}`" for one in self._found) or "none"
            raise KeyError(f"there is no metric `{name}`; those that were logged: {known}")
        return self._found[name]

    def __contains__(self, name: Any) -> bool:
        return name in self._found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return f"<Metrics: {', '.join(self._found) or 'none'}>"
