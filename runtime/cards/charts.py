"""Components that show numbers: `VegaChart`, `ProgressBar`, and `ValueBox` for one that matters, large."""

from __future__ import annotations

from flowport.runtime.cards.component import UserComponent
from flowport.runtime.cards.plain import native
from flowport.runtime.store import documents
from flowport.runtime.text import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


LENGTHS = {"title": 200, "subtitle": 300, "change_indicator": 200}
"""The most characters of the texts of a box, as in Metaflow."""

VALUE_LENGTH, VALUE_SIZE = 100, 1e15
"""The most characters of a value that is a text, and the largest number."""


class VegaChart(UserComponent):
    """A chart of Vega-Lite: its specification as a dict or as JSON. A card is a still picture, so `show_controls` shows nothing."""

    REALTIME_UPDATABLE = True

    def __init__(self, spec: dict[str, Any] | str, show_controls: bool = False) -> None:
        self._spec, self._show_controls = _as_spec(spec), show_controls

    @classmethod
    def from_altair_chart(cls, altair_chart: Any) -> VegaChart:
        """A chart of Altair; raises ValueError for anything else."""
        if not _is_altair(altair_chart):
            raise ValueError(f"{type_name(altair_chart)} is not an altair chart")
        return cls(altair_chart.to_dict())

    def update(self, spec: Any = None, **named: Any) -> None:
        """Show another specification, or another chart of Altair."""
        if spec is not None:
            self._spec = _as_spec(spec.to_dict() if _is_altair(spec) else spec)

    def render(self) -> dict[str, Any]:
        spec = native(self._spec)
        return {"type": "vegaChart", "spec": spec, **({} if self._show_controls else {"options": {"actions": False}})}


def _as_spec(spec: Any) -> Any:
    """A specification as a dict; one that is no JSON stays a text, and is shown as one."""
    if isinstance(spec, str):
        try:
            return documents.load(spec)
        except ValueError:
            return spec
    return spec


def _is_altair(chart: object) -> bool:
    name = type_name(chart)
    return all(part in name for part in ("altair", "vegalite", "Chart"))


class ProgressBar(UserComponent):
    """A bar for `value` of `max`, with a label, a unit behind the numbers, and further words, `metadata`."""

    type = "progressBar"
    REALTIME_UPDATABLE = True

    def __init__(
        self, max: int = 100, label: str | None = None, value: int = 0, unit: str | None = None, metadata: str | None = None
    ) -> None:
        self._max, self._label, self._value, self._unit, self._metadata = max, label, value, unit, metadata

    def update(self, new_value: int, metadata: str | None = None) -> None:
        """Show another value."""
        self._value = new_value
        self._metadata = self._metadata if metadata is None else metadata

    def render(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"type": self.type, "max": native(self._max), "value": native(self._value)}
        words = {"label": self._label, "unit": self._unit, "details": self._metadata}
        return {**shown, **{name: str(text) for name, text in words.items() if text}}


class ValueBox(UserComponent):
    """A value below its title, with a subtitle, a theme and a line about how it changed. Raises TypeError and ValueError as Metaflow does.

    Themes are `default`, `success`, `warning`, `danger` and `bg-gradient-indigo-purple`; any other looks like `default`.
    """

    type = "valueBox"
    REALTIME_UPDATABLE = True

    def __init__(
        self,
        title: str | None = None,
        value: str | int | float = "",
        subtitle: str | None = None,
        theme: str | None = None,
        change_indicator: str | None = None,
    ) -> None:
        check_value(value)
        self._value = value
        self._words: dict[str, str] = {}
        self._set(title=title, subtitle=subtitle, theme=theme, change_indicator=change_indicator)

    def update(
        self,
        title: str | None = None,
        value: str | int | float | None = None,
        subtitle: str | None = None,
        theme: str | None = None,
        change_indicator: str | None = None,
    ) -> None:
        """Change whatever is given."""
        if value is not None:
            check_value(value)
            self._value = value
        self._set(title=title, subtitle=subtitle, theme=theme, change_indicator=change_indicator)

    def _set(self, **words: str | None) -> None:
        for name, text in words.items():
            if text is not None:
                check_text(name, text)
                self._words[name] = text

    def render(self) -> dict[str, Any]:
        return {"type": self.type, "value": self._value, **self._words}


def check_value(value: Any) -> None:
    """Raise TypeError or ValueError for a value that a box does not take."""
    if value is None:
        raise ValueError("Value is required and cannot be None")
    if not isinstance(value, (str, int, float)):
        raise TypeError(f"Value must be str, int, or float, got {type(value).__name__}")
    if isinstance(value, str):
        _check_length("String value", value, VALUE_LENGTH)
    elif not -VALUE_SIZE <= value <= VALUE_SIZE:
        raise ValueError(f"Numeric value must be between -1e15 and 1e15, got {value}")


def check_text(name: str, text: Any) -> None:
    """Raise TypeError or ValueError for a text that a box does not take under this name."""
    called = name.replace("_", " ").capitalize()
    if not isinstance(text, str):
        raise TypeError(f"{called} must be a string, got {type(text).__name__}")
    if name == "theme":
        check_theme(text)
    else:
        _check_length(called, text, LENGTHS[name])


def check_theme(text: str) -> None:
    """Raise ValueError for what cannot be the name of a CSS class."""
    if not (text[:1].isalpha() and text.isascii() and text.replace("-", "a").replace("_", "a").isalnum()):
        raise ValueError(f"Theme must be a valid CSS class name, got '{text}'")


def _check_length(called: str, text: str, most: int) -> None:
    if len(text) > most:
        raise ValueError(f"{called} must be {most} characters or less, got {len(text)} characters")
    if not text.strip():
        raise ValueError(f"{called} cannot be empty or whitespace only")
