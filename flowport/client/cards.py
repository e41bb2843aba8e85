"""`get_cards`: the cards of a task, and each card as a page of HTML. Nothing of a card is read before it is asked for."""

from __future__ import annotations

from flowport.client.run import Run
from flowport.client.source import reads_store
from flowport.client.task import Task
from flowport.runtime.cards.read import cards_of
from flowport.runtime.names.exceptions import MetaflowInvalidPathspec
from flowport.runtime.store import digests

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from flowport.runtime.cards.read import CardReader


@reads_store
class Card:
    """One card of a task."""

    def __init__(self, task: Task, found: CardReader) -> None:
        self._task, self._found = task, found
        self._html: str | None = None

    @property
    def type(self) -> str:
        """The type, as `@card(type=...)` gives it."""
        return self._found.type

    @property
    def id(self) -> str | None:
        """The id, as `@card(id=...)` gives it."""
        return self._found.id

    @property
    def path(self) -> str:
        """The pathspec of the task, and which of its cards this is."""
        return f"{self._task.pathspec}/{self._found.name}"

    @property
    def hash(self) -> str:
        """The SHA-256 of the page."""
        return digests.of(self.get().encode("utf-8", "surrogatepass"))

    @property
    def from_resumed(self) -> bool:
        """Whether the task was taken over from another run."""
        return self._task.origin_pathspec is not None

    @property
    def origin_pathspec(self) -> str | None:
        """The task that it was taken over from."""
        return self._task.origin_pathspec

    @property
    def data(self) -> dict[str, Any]:
        """What the task stored of the card: its `type`, `id` and `options`, and `components`, `html` or `error`."""
        return {"type": self.type, "id": self.id, "options": self._found.options, **self._found.content}

    def get_data(self) -> dict[str, Any]:
        """The same, as Metaflow calls it."""
        return self.data

    def get(self) -> str:
        """The page as HTML. The default card is made of the store each time that this object is new."""
        if self._html is None:
            from flowport.card_pages.render import card_html

            self._html = card_html(self._found)
        return self._html

    def view(self) -> None:
        """Open the page in a browser, from a temporary file that stays."""
        from flowport.card_pages.browser import open_page

        open_page(self.get())

    def __str__(self) -> str:
        return f"<Card at '{self.path}'>"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from flowport.card_pages.browser import frame

        return frame(self.get())


class CardContainer:
    """The cards of a task, or of several: a list that cannot be changed."""

    def __init__(self, cards: tuple[Card, ...] = ()) -> None:
        self._cards = cards

    @property
    def from_resumed(self) -> bool:
        """Whether the task was taken over from another run."""
        return bool(self._cards) and self._cards[0].from_resumed

    @property
    def origin_pathspec(self) -> str | None:
        """The task that it was taken over from."""
        return self._cards[0].origin_pathspec if self._cards else None

    def __len__(self) -> int:
        return len(self._cards)

    def __iter__(self) -> Iterator[Card]:
        return iter(self._cards)

    def __getitem__(self, index: int) -> Card:
        return self._cards[index]

    def _repr_html_(self) -> str:
        return "\n".join(card._repr_html_() for card in self._cards)


def get_cards(task: str | Task | Run, id: str | None = None, type: str | None = None, follow_resumed: bool = True) -> CardContainer:
    """The cards of a task, or of the one with a pathspec: all of them, or those with an id or of a type. Of a run, those of all its tasks.

    A step without `@card` has none here; `flowport card view` shows its default card all the same. A task that was taken over has the
    cards of the one that it was taken from, so `follow_resumed` changes nothing. Raises as `Task` does, and MetaflowInvalidPathspec.
    """
    if isinstance(task, str):
        task = Task(task, _namespace_check=False)
    if isinstance(task, Run):
        return CardContainer(tuple(card for step in task for one in step for card in _cards(one, id, type)))
    if not isinstance(task, Task):
        raise MetaflowInvalidPathspec("expected a Task, or its pathspec: 'FlowName/RunID/StepName/TaskID'")
    return CardContainer(tuple(_cards(task, id, type)))


def _cards(task: Task, id: str | None, type: str | None) -> Iterator[Card]:
    for found in cards_of(task._now()):
        if not found.implied and id in (None, found.id) and type in (None, found.type):
            yield Card(task, found)
