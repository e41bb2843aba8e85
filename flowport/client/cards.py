"""`get_cards`: the cards of a task. There are none yet."""

from __future__ import annotations

from flowport.client.task import Task
from flowport.runtime.names.exceptions import MetaflowInvalidPathspec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class CardContainer:
    """A list of cards that cannot be changed."""

    from_resumed = False
    origin_pathspec: str | None = None

    def __init__(self, cards: tuple[Any, ...] = ()) -> None:
        self._cards = cards

    def __len__(self) -> int:
        return len(self._cards)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cards)

    def __getitem__(self, index: int) -> Any:
        return self._cards[index]

    def _repr_html_(self) -> str:
        return ""


def get_cards(task: str | Task, id: str | None = None, type: str | None = None, follow_resumed: bool = True) -> CardContainer:
    """The cards of a task, or of the one with a pathspec: an empty list. Raises as `Task` does."""
    if isinstance(task, str):
        task = Task(task)
    if not isinstance(task, Task):
        raise MetaflowInvalidPathspec("expected a Task, or its pathspec: 'FlowName/RunID/StepName/TaskID'")
    return CardContainer()
