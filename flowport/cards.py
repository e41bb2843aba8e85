"""What a card is made of, and the cards of a task, under the name that flows import them by."""

from __future__ import annotations

from flowport.runtime.cards.public import *  # noqa: F403

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def __getattr__(name: str) -> Any:
    if name != "get_cards":
        raise AttributeError(f"module 'flowport.cards' has no attribute {name!r}")
    from flowport.client.cards import get_cards

    return get_cards
