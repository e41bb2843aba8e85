"""The base of all components of cards. A component renders itself as a dictionary with a `type`, or as a text.

    Markdown("# Done").render()    {"type": "markdown", "source": "# Done"}

The dictionaries have Metaflow's form (`metaflow/plugins/cards/ui/src/types.ts`), so that classes of cards that read them work.
"""

from __future__ import annotations

import sys

from flowport.runtime.names.exceptions import TimeoutException
from flowport.runtime.store import documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Rendered = dict[str, Any]


def warn(message: str) -> None:
    """One line on the log about a card. A card never fails its step."""
    sys.stderr.write(f"flowport: card: {message}\n")


class MetaflowCardComponent:
    """A component of a card; a subclass of the flow's own has a `render` that returns a text, or a dictionary of another component."""

    REALTIME_UPDATABLE = False
    _component_id: str | None = None
    _warned = False

    @property
    def component_id(self) -> str | None:
        """The name under which `current.card.components` has it."""
        return self._component_id

    @component_id.setter
    def component_id(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError("Component ID must be a string")
        self._component_id = value

    def update(self, *values: Any, **named: Any) -> Any:
        """Change what is shown, where the component can do that."""
        raise NotImplementedError

    def render(self) -> Any:
        """What is shown: a text, or a dictionary with a `type`."""
        raise NotImplementedError

    def _warn(self, message: str) -> None:
        """Say something once for a component."""
        if not self._warned:
            self._warned = True
            warn(message)


class UserComponent(MetaflowCardComponent):
    """A component that flows make. One without `update` says so on the log."""

    def update(self, *values: Any, **named: Any) -> Any:
        self._warn(f"`{type(self).__name__}` has no `update`: append another one")


class Missing(UserComponent):
    """Stands in `current.card.components` for one that was never added; it shows nothing."""

    def __init__(self, name: str) -> None:
        self._name = name

    def update(self, *values: Any, **named: Any) -> None:
        self._warn(f"there is no component `{self._name}`: add it with `current.card.append(component, id={self._name!r})`")

    def render(self) -> str:
        return ""


def with_default_component_id(render: Callable[..., Any]) -> Callable[..., Any]:
    """Metaflow's decorator of `render`, which gives a component an id. Here a card gives one to each component that it gets."""
    return render


def error(headline: str, text: str) -> Rendered:
    """What is shown in the place of something that cannot be shown."""
    return {"type": "section", "title": headline, "isError": True, "contents": [{"type": "log", "data": text}]}


def rendered(component: object) -> Any:
    """What a component shows: a dictionary or a text, both of which JSON can hold; an error in the place of what it raises."""
    name = type(component).__name__
    if not isinstance(component, MetaflowCardComponent):
        return error(f"`{name}` is no component of a card", "It must inherit from `MetaflowCardComponent`.")
    try:
        shown = component.render()
    except TimeoutException:
        raise  # of the step, or of the card
    except (Exception, SystemExit):  # whatever a component of the user's raises
        from traceback import format_exc

        return error(f"`{name}` cannot be rendered", format_exc())
    if type(shown) not in (str, dict):
        return error(f"`{name}` cannot be rendered", f"`render` returned a value of type `{type(shown).__name__}`, not a text or a dict")
    try:
        documents.dump(shown)
    except (TypeError, ValueError, RecursionError) as wrong:
        return error(f"`{name}` cannot be rendered", f"what `render` returned has no JSON form: {wrong}")
    return shown
