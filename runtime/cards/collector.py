"""`current.card`: what a step adds to its cards.

    current.card.append(Markdown("# Done"))              to the card without an id, or with `customize=True`, or the only one
    current.card["loss"].append(chart, id="chart")       to the card `@card(id="loss")`
    current.card["loss"].components["chart"].update(...)

The rules are those of Metaflow's `CardComponentCollector`. What cannot be done is said on the log, once, and never fails the step.
"""

from __future__ import annotations

import time

from flowport.runtime.cards.component import MetaflowCardComponent, Missing, rendered, warn
from flowport.runtime.cards.find_class import card_class
from flowport.runtime.names.exceptions import ComponentOverwriteNotSupportedException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from flowport.runtime.cards.classes import MetaflowCard

PERIOD = 1.0
"""Seconds between two refreshes of an item at least: those in between are left out."""


class Components:
    """The components of a card in their order, each under an id."""

    def __init__(self, owner: StepCard) -> None:
        self._owner = owner
        self._held: dict[str, MetaflowCardComponent] = {}
        self._count = 0
        self.changed = 0
        """How often components were added or removed."""

    def append(self, component: Any, id: str | None = None) -> None:
        """Add a component."""
        if not isinstance(component, MetaflowCardComponent):
            warn(f"a `{type(component).__name__}` is no component, and is left out: use one of `metaflow.cards`, such as `Markdown`")
            return
        if id is not None:
            component.component_id = id
        elif component.component_id is None:
            self._count += 1
            component.component_id = f"{type(component).__name__.lower()}_{self._count}"
        self._held[str(component.component_id)] = component
        self.changed += 1

    def extend(self, components: Iterable[Any]) -> None:
        """Add several components."""
        for one in components:
            self.append(one)

    def clear(self) -> None:
        """Remove all components."""
        self._held.clear()
        self.changed += 1

    def keys(self) -> list[str]:
        """The ids of the components."""
        return [*self._held]

    def values(self) -> list[MetaflowCardComponent]:
        """The components."""
        return [*self._held.values()]

    def __getitem__(self, id: str) -> MetaflowCardComponent:
        """The component with an id. One that does not exist takes `update`, and says on the log that it does nothing."""
        if id not in self._held:
            self.append(Missing(id), id)
        return self._held[id]

    def __setitem__(self, id: str, component: Any) -> None:
        if id in self._held:
            raise ComponentOverwriteNotSupportedException(id, self._owner.id, self._owner.type)
        self.append(component, id)

    def __delitem__(self, id: str) -> None:
        if id not in self._held:
            listed = ", ".join(self._held)
            raise KeyError(f"MetaflowCardComponent with id `{id}` not found. Available components for the cards include : {listed}")
        del self._held[id]
        self.changed += 1

    def __contains__(self, id: object) -> bool:
        return id in self._held

    def __iter__(self) -> Iterator[MetaflowCardComponent]:
        return iter(self.values())

    def __len__(self) -> int:
        return len(self._held)


class StepCard:
    """One card of the step, as its decorator asks for it; `publish` stores what the item's cards have now."""

    def __init__(self, spec: dict[str, Any], name: str, publish: Callable[[StepCard], None]) -> None:
        self.spec, self.name, self._publish = spec, name, publish
        self.type: str = spec["type"]
        self.id: str | None = spec.get("id")
        self.options: dict[str, Any] = spec.get("options", {})
        self.components = Components(self)
        self.data: Any = None
        """What the step gave to `refresh`."""
        self.refreshes = 0
        self.shown: bytes | None = None
        """The stored form of a page that was rendered in the task while it ran."""
        self._refreshed = float("-inf")

    @property
    def kind(self) -> type[MetaflowCard] | None:
        """The class of the card, None where there is none."""
        return card_class(self.type)

    @property
    def is_editable(self) -> bool:
        """Whether the card shows what the step adds."""
        return self.kind is not None and self.kind.ALLOW_USER_COMPONENTS

    @property
    def is_empty(self) -> bool:
        """Whether the step added nothing."""
        return not len(self.components)

    def append(self, component: Any, id: str | None = None) -> None:
        """Add a component; `id` is its name in `components`."""
        self.components.append(component, id)

    def extend(self, components: Iterable[Any]) -> None:
        """Add several components."""
        self.components.extend(components)

    def clear(self) -> None:
        """Remove all components."""
        self.components.clear()

    def refresh(self, data: Any = None, force: bool = False) -> None:
        """Let the card be seen as it is now, while the step runs. It does so at most once a second, or in `refresh_interval` seconds."""
        self.data = data
        now = time.monotonic()
        if now - self._refreshed < max(PERIOD, self.spec.get("refresh_interval", PERIOD)):
            return
        self._refreshed = now
        self.refreshes += 1
        self._publish(self)

    def contents(self) -> list[Any]:
        """What the components show now."""
        return [rendered(one) for one in self.components if not isinstance(one, Missing)]

    def __iter__(self) -> Iterator[MetaflowCardComponent]:
        return iter(self.components)

    def __len__(self) -> int:
        return len(self.components)

    def __bool__(self) -> bool:
        return True


class Collector:
    """The cards of the item that runs."""

    def __init__(self, cards: list[StepCard]) -> None:
        self.cards = cards
        self._said: set[str] = set()

    def _chosen(self) -> StepCard | None:
        """The card that `append` without an id goes to."""
        editable = [card for card in self.cards if card.is_editable]
        customized = [card for card in editable if card.spec.get("customize")]
        if len(editable) == 1:
            return editable[0]
        if len(customized) == 1:
            return customized[0]
        unnamed = [card for card in editable if card.id is None]
        return unnamed[0] if len(unnamed) == 1 else None

    def _card(self, what: str) -> StepCard | None:
        found = self._chosen()
        if found is None:
            self._say(f"`current.card.{what}` does nothing: {self._why()}")
        return found

    def _why(self) -> str:
        if len(self.cards) > 1:
            return "the step has several cards: give each an id, `@card(id=...)`, and name one, `current.card[id]`"
        kind = self.cards[0].type
        if self.cards[0].kind is None:
            return f"there is no type of cards `{kind}`: write `@card(type='blank')` for a card with only what the step adds"
        return f"a card of the type `{kind}` shows nothing that the step adds: write `@card(type='blank')`"

    def _say(self, message: str) -> None:
        if message not in self._said:
            self._said.add(message)
            warn(message)

    def append(self, component: Any, id: str | None = None) -> None:
        """Add a component; `id` is its name in `components`."""
        if (card := self._card("append")) is not None:
            card.append(component, id)

    def extend(self, components: Iterable[Any]) -> None:
        """Add several components."""
        if (card := self._card("extend")) is not None:
            card.extend(components)

    def clear(self) -> None:
        """Remove all components."""
        if (card := self._card("clear")) is not None:
            card.clear()

    def refresh(self, data: Any = None, force: bool = False) -> None:
        """Let the card be seen as it is now, while the step runs."""
        if (card := self._card("refresh")) is not None:
            card.refresh(data, force)

    @property
    def components(self) -> Components | None:
        """The components of the card, by their ids; None where no card can be chosen."""
        card = self._card("components")
        return None if card is None else card.components

    @components.setter
    def components(self, values: Iterable[Any]) -> None:
        if (card := self._card("components")) is not None:
            card.clear()
            card.extend(values)

    def get(self, type: str | None = None) -> list[StepCard]:
        """The cards of a type."""
        return [card for card in self.cards if card.type == type]

    def _named(self, id: str) -> StepCard | None:
        found = [card for card in self.cards if card.id == id]
        if len(found) == 1:
            return found[0]
        why = f"several cards have the id `{id}`" if found else f"no card has this id: write `@card(id={id!r})` above the step"
        self._say(f"`current.card[{id!r}]` does nothing: {why}")
        return None

    def __getitem__(self, id: str) -> Any:
        """The card with an id; where there is none, a card that nobody sees."""
        found = self._named(id)
        return StepCard({"type": "blank", "id": id}, id, lambda card: None) if found is None else found

    def __setitem__(self, id: str, components: Any) -> None:
        card = self._named(id)
        if card is None:
            return
        if not isinstance(components, list):
            self._say(f"`current.card[{id!r}] = ...` takes a list of components, not a `{type(components).__name__}`")
            return
        card.clear()
        card.extend(components)

    def __iter__(self) -> Iterator[MetaflowCardComponent]:
        card = self._chosen()
        return iter(() if card is None else card.components)

    def __len__(self) -> int:
        card = self._chosen()
        return 0 if card is None else len(card)

    def __bool__(self) -> bool:
        return True
