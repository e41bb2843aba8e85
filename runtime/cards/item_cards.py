"""The cards of one item: what its step adds, what is rendered when the step is over, and what is stored of both.

Nothing here fails a step: whatever goes wrong with a card is a line on the log, and is shown on the card.
"""

from __future__ import annotations

from flowport.runtime.cards.classes import BUILT_IN, STORED
from flowport.runtime.cards.collector import Collector, StepCard
from flowport.runtime.cards.component import warn
from flowport.runtime.cards.payload import names_of, pack, pack_all
from flowport.runtime.names.current import current
from flowport.runtime.names.exceptions import TimeoutException
from flowport.runtime.process.lifecycle import Ended, Limited
from flowport.runtime.store import codec
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.text import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from flowport.runtime.cards.classes import MetaflowCard
    from flowport.runtime.names.flow import FlowSpec
    from flowport.runtime.protocol import Invocation
    from flowport.runtime.replay.artifact_view import ArtifactView
    from flowport.runtime.replay.lineage import Lineage
    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys

    class Context(Protocol):
        """The task of the item (`task/context.py`)."""

        invocation: Invocation
        store: Store
        keys: Keys
        step: str
        slice: str
        started: float
        plan: dict[str, Any]
        lineage: Lineage
        artifacts: ArtifactView

        @property
        def joins(self) -> bool: ...

    class Item(Protocol):
        """The item (`task/item.py`)."""

        row: int
        merged: dict[str, bytes]


TIMEOUT = 45
"""Seconds that a card may take to be rendered, unless its decorator says otherwise."""


class ItemCards:
    """The cards of the step for one item; `collector` is `current.card`."""

    def __init__(self, context: Context, item: Item, flow: FlowSpec, tried: int) -> None:
        self.context, self.item, self.flow, self.tried = context, item, flow, tried
        self.over = False
        specs = context.plan["cards"]
        self.collector = Collector([StepCard(spec, name, self.publish) for spec, name in zip(specs, names_of(specs))])

    def finished(self) -> dict[str, bytes]:
        """The entries of the cards of an item whose step is over: those to which something was added, and those that the task renders."""
        self.over = True
        found = {card.name: self._data(card) for card in self.collector.cards if card.type not in STORED or not card.is_empty}
        return self._entries({name: data for name, data in found.items() if data is not None})

    def failed(self) -> dict[str, bytes]:
        """The same of an item whose step failed: nothing is rendered. What was added is also put beside the attempt."""
        found = self._added()
        self._put(found)
        return self._entries(found)

    def publish(self, card: StepCard) -> None:
        """Put the cards of the item, one of which has changed, where they can be seen while the step runs."""
        kind = card.kind
        if card.type not in STORED and kind is not None and kind.RUNTIME_UPDATABLE:
            card.shown = self._rendered(card, kind)
        self._put(self._added())

    def _added(self) -> dict[str, bytes]:
        """What was added to each card so far."""
        shown = {card.name: card.shown for card in self.collector.cards if card.shown is not None}
        added = {card.name: self._components(card) for card in self.collector.cards if card.shown is None and not card.is_empty}
        return {**shown, **{name: data for name, data in added.items() if data is not None}}

    def _put(self, found: dict[str, bytes]) -> None:
        if not found:
            return
        context, row = self.context, self.item.row
        folder = context.keys.live_cards(context.step, context.slice, row)
        try:
            context.store.replace(f"{folder}{context.invocation.epoch}-{self.tried}", pack_all(found))
        except (StoreError, Missing, Corrupt) as error:
            warn(f"the store does not take the cards of {context.step}/{context.lineage.address(row)} now: {error}")

    def _entries(self, found: dict[str, bytes]) -> dict[str, bytes]:
        """The entries of a pack; a card that is large becomes a blob of its own."""
        return {name: codec.encode(data, self.context.store) for name, data in found.items()}

    def _data(self, card: StepCard) -> bytes | None:
        """The stored form of a card; None where nothing can be shown and its decorator does not want errors."""
        if card.type in STORED:
            return self._components(card)
        kind = card.kind
        if kind is None:
            listed = ", ".join(f"`{name}`" for name in BUILT_IN)
            return self._broken(card, f"there is no type of cards `{card.type}` in the flow's files or in an installed extension", listed)
        return self._rendered(card, kind)

    def _components(self, card: StepCard) -> bytes | None:
        """What was added to a card."""
        return self._limited(card, lambda: _packed(card, components=card.contents()))

    def _rendered(self, card: StepCard, kind: type[MetaflowCard]) -> bytes | None:
        """A card that its class renders."""

        def page() -> bytes | None:
            html = self._html(card, kind)
            if not isinstance(html, str):
                return self._broken(card, f"its `render` returned {'nothing' if html is None else f'a `{type_name(html)}`'}", "")
            return _packed(card, html=html.replace(kind.RELOAD_POLICY_TOKEN, "final" if self.over else str(card.refreshes)))

        return self._limited(card, page)

    def _limited(self, card: StepCard, make: Callable[[], bytes | None]) -> bytes | None:
        """What `make` returns within the timeout of the card: it calls code of the user's."""
        seconds = card.spec.get("timeout", TIMEOUT)
        late = f"it took longer than its timeout of {seconds} seconds"
        try:
            with Limited(late, seconds):
                return make()
        except TimeoutException as error:
            if str(error) != late:
                raise  # of the step itself, which was told to refresh the card
            return self._broken(card, late, "give it more time: `@card(timeout=...)`")
        except Ended:
            raise
        except BaseException as error:  # whatever a card of the user's raises, such as a SystemExit
            from traceback import format_exc

            return self._broken(card, f"{type(error).__name__}: {error}", format_exc())

    def _html(self, card: StepCard, kind: type[MetaflowCard]) -> Any:
        components = card.contents() if kind.ALLOW_USER_COMPONENTS else []
        made = kind(**_accepted(kind, options=card.options, components=components, graph=current.graph["steps"], flow=self.flow))
        if self.over:
            return made.render(self._task())
        named = {one.component_id: shown for one, shown in zip(card.components, components) if one.REALTIME_UPDATABLE}
        data = {
            "user": card.data,
            "components": named,
            "render_seq": card.refreshes,
            "component_update_ts": card.components.changed,
            "mode": "render_runtime",
        }
        return made.render_runtime(self._task(), data)

    def _broken(self, card: StepCard, why: str, more: str) -> bytes | None:
        """What is stored of a card that cannot be rendered, which is said on the log."""
        place = f"{self.context.step}/{self.context.lineage.address(self.item.row)}"
        warn(f"the card `{card.name}` of {place} is not rendered: {why}".replace("\n", " "))
        return _packed(card, error={"message": why, "text": more}) if card.spec.get("save_errors", True) else None

    def _task(self) -> Any:
        """The running task as the client's `Task`, with the artifacts that it has now."""
        task = current.task
        from flowport.runtime.cards.running_item import RunningItem

        task._item = RunningItem(task._item, self)
        return task


def _packed(card: StepCard, **content: Any) -> bytes:
    return pack({"type": card.type, "id": card.id, "options": card.options, **content})


def _accepted(kind: type[MetaflowCard], **arguments: Any) -> dict[str, Any]:
    """Those of the arguments that the class takes: Metaflow gave fewer of them once."""
    from inspect import Parameter, signature

    known = signature(kind).parameters
    takes_all = any(parameter.kind is Parameter.VAR_KEYWORD for parameter in known.values())
    return {name: value for name, value in arguments.items() if takes_all or name in known}
