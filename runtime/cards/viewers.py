"""`JSONViewer` and `YAMLViewer`: data as JSON or YAML, which can be folded."""

from __future__ import annotations

from flowport.runtime.cards.component import UserComponent
from flowport.runtime.cards.plain import cut, native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Viewer(UserComponent):
    """What both have. A card has no script, so there is nothing to copy with: `show_copy_button` is accepted."""

    REALTIME_UPDATABLE = True

    def __init__(
        self,
        data: Any,
        collapsible: bool = True,
        max_height: str | None = None,
        show_copy_button: bool = True,
        title: str | None = None,
    ) -> None:
        self._data, self._title = data, title
        self._look = {"collapsible": bool(collapsible), "show_copy_button": bool(show_copy_button)}
        self._max_height = max_height

    def update(self, data: Any) -> None:
        """Show other data."""
        self._data = data

    def _shown(self, kind: str, field: str, text: str, title: str) -> dict[str, Any]:
        high = {"max_height": str(self._max_height)} if self._max_height else {}
        return {"type": kind, field: cut(text), "title": str(self._title or title), **self._look, **high}


def _parsed(data: Any) -> Any:
    """Data, and of a text with JSON what it says."""
    if not isinstance(data, str):
        return data
    from flowport.runtime.store import documents

    try:
        return documents.load(data)
    except ValueError:
        return data


class JSONViewer(_Viewer):
    """Data as JSON; a text is read as JSON first."""

    def render(self) -> dict[str, Any]:
        import json

        text = json.dumps(native(_parsed(self._data)), indent=2, ensure_ascii=False)
        return self._shown("jsonViewer", "json_string", text, "JSON")


class YAMLViewer(_Viewer):
    """Data as YAML; a text is taken as it is, or made of the JSON that it is."""

    def render(self) -> dict[str, Any]:
        data = _parsed(self._data)
        if isinstance(data, str):
            return self._shown("yamlViewer", "yaml_string", data, "YAML")
        import yaml

        text = yaml.safe_dump(native(data), default_flow_style=False, sort_keys=False, allow_unicode=True)
        return self._shown("yamlViewer", "yaml_string", text, "YAML")
