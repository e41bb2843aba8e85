"""The item that this process runs, for the `Task` that a card of the user's gets: its artifacts are those of `self`."""

from __future__ import annotations

import time

from flowport.runtime.names.flow import CONTEXT
from flowport.runtime.run.items import ItemReader
from flowport.runtime.store import codec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class RunningItem(ItemReader):
    """One item, as its step has left `self`."""

    runs_here = True

    def __init__(self, found: ItemReader, cards: Any) -> None:
        super().__init__(found.run, found.step, found.slice, found.row)
        self._cards = cards

    @property
    def shelf(self) -> None:
        return None

    @property
    def is_done(self) -> bool:
        return bool(self._cards.over)

    def times(self) -> tuple[float, float | None]:
        return self._cards.context.started, time.time() if self._cards.over else None

    def names(self) -> list[str]:
        cards = self._cards
        own = [name for name in vars(cards.flow) if name != CONTEXT]
        inherited = [] if cards.context.joins else cards.context.artifacts.names(self.row)
        return sorted({*super().names(), *own, *inherited, *cards.item.merged})

    def entry(self, name: str) -> bytes | None:
        if name in super().names():
            return None
        return codec.digest(getattr(self._cards.flow, name))

    def value(self, name: str) -> Any:
        return getattr(self._cards.flow, name) if name in self.names() else super().value(name)
