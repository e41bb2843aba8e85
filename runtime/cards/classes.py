"""The classes of cards, `MetaflowCard` and those that every flow has, and the components that only whole pages have."""

from __future__ import annotations

from flowport.runtime.cards.component import MetaflowCardComponent, rendered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class MetaflowCard:
    """A kind of card. A subclass of the flow's own sets `type`, which `@card(type=...)` names, and has a `render(task)` that returns HTML.

    With ALLOW_USER_COMPONENTS it gets what the step adds to the card, as dictionaries and texts; with RUNTIME_UPDATABLE its
    `render_runtime(task, data)` is called when the step calls `refresh(data)`.
    """

    RELOAD_POLICY_NEVER = "never"
    RELOAD_POLICY_ALWAYS = "always"
    RELOAD_POLICY_ONCHANGE = "onchange"
    RELOAD_POLICY_TOKEN = "[METAFLOW_RELOAD_TOKEN]"

    type: str | None = None
    ALLOW_USER_COMPONENTS = False
    RUNTIME_UPDATABLE = False
    RELOAD_POLICY = RELOAD_POLICY_NEVER
    scope = "task"
    runtime_data: Any = None

    def __init__(self, options: Any = None, components: Any = None, graph: Any = None, flow: Any = None) -> None: ...

    def _get_mustache(self) -> Any:
        """The templates of `chevron`; None where that is not installed."""
        try:
            import chevron
        except ImportError:
            return None
        return chevron

    def render(self, task: Any) -> Any:
        """The HTML of the card of a task, which is over."""
        raise NotImplementedError

    def render_runtime(self, task: Any, data: Any) -> Any:
        """The HTML of the card while the task runs."""
        raise NotImplementedError

    def refresh(self, task: Any, data: Any) -> Any:
        """Metaflow's way to change a page that is open; a page of flowport does not ask for it."""
        raise NotImplementedError

    def reload_content_token(self, task: Any, data: Any) -> str:
        """Metaflow's way to say that an open page is out of date."""
        return "content-token"


class _Stored(MetaflowCard):
    """A card whose page is made when somebody views it, of what the step added."""

    ALLOW_USER_COMPONENTS = True
    RUNTIME_UPDATABLE = True


class DefaultCard(_Stored):
    """What is known of the task, and what the step added."""

    type = "default"


class BlankCard(_Stored):
    """Only what the step added, below `options={"title": ...}`."""

    type = "blank"


class HTMLCard(MetaflowCard):
    """An artifact with a whole page: `self.html`, or the one that `options={"attribute": ...}` names."""

    type = "html"

    def __init__(self, options: Any = None, **named: Any) -> None:
        self._attribute = (options or {}).get("attribute", "html")

    def render(self, task: Any) -> Any:
        if self._attribute not in task:
            raise AttributeError(f"the step did not set `self.{self._attribute}`, which a card of the type `html` shows")
        return str(task[self._attribute].data)


class TaskSpecCard(MetaflowCard):
    """The pathspec of the task."""

    type = "taskspec_card"

    def render(self, task: Any) -> Any:
        return str(task.pathspec)


class ErrorCard(_Stored):
    """What is shown of a card that could not be rendered."""

    type = "error"


STORED = ("default", "blank")
"""The types whose page is made when it is viewed."""

BUILT_IN: dict[str, type[MetaflowCard]] = {str(kind.type): kind for kind in (DefaultCard, BlankCard, HTMLCard, TaskSpecCard, ErrorCard)}


class PageComponent(MetaflowCardComponent):
    """Components below a title."""

    def __init__(self, title: str | None = None, subtitle: str | None = None, contents: Any = ()) -> None:
        self._title, self._subtitle, self._contents = title, subtitle, contents

    def render(self) -> dict[str, Any]:
        contents = [one if isinstance(one, (str, dict)) else rendered(one) for one in self._contents]
        words = {"title": self._title, "subtitle": self._subtitle}
        return {"type": "page", **{name: str(text) for name, text in words.items() if text is not None}, "contents": contents}
