"""The components of cards, for flows that import `metaflow.cards`. They accept Metaflow's arguments and show nothing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class MetaflowCardComponent:
    """A component of a card. Every attribute is a function that does nothing."""

    def __init__(self, *values: object, **named: object) -> None: ...

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)
        return _nothing

    def render(self, *values: object, **named: object) -> Any:
        """What is shown: nothing."""
        return ""

    @classmethod
    def _made(cls, *values: object, **named: object) -> Any:
        return cls()

    from_dataframe = from_matplotlib = from_pil_image = from_altair_chart = _made


def _nothing(*values: object, **named: object) -> None:
    """Nothing is shown."""


class UserComponent(MetaflowCardComponent):
    """A component of the flow's own."""


def with_default_component_id(render: Callable[..., Any]) -> Callable[..., Any]:
    """Metaflow's decorator of `render`, which gives a component an id. No card asks for one."""
    return render


class MetaflowCard(MetaflowCardComponent):
    """A card of the flow's own."""


class Artifact(MetaflowCardComponent): ...


class Error(MetaflowCardComponent): ...


class EventsTimeline(MetaflowCardComponent): ...


class Image(MetaflowCardComponent): ...


class JSONViewer(MetaflowCardComponent): ...


class Markdown(MetaflowCardComponent): ...


class PageComponent(MetaflowCardComponent): ...


class ProgressBar(MetaflowCardComponent): ...


class PythonCode(MetaflowCardComponent): ...


class Table(MetaflowCardComponent): ...


class ValueBox(MetaflowCardComponent): ...


class VegaChart(MetaflowCardComponent): ...


class YAMLViewer(MetaflowCardComponent): ...


class BlankCard(MetaflowCard): ...


class DefaultCard(MetaflowCard): ...


class ErrorCard(MetaflowCard): ...
