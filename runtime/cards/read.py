"""The cards of an item, as its task left them: from its manifest, or, while it runs and when it failed, from beside its attempt."""

from __future__ import annotations

from flowport.runtime.cards.payload import names_of, unpack, unpack_all
from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.records.attempts import NO_ATTEMPT, written
from flowport.runtime.store import codec, row_ranges
from flowport.runtime.store.errors import Corrupt, Missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from flowport.runtime.run.items import ItemReader


class CardReader:
    """One card of an item. What the task stored of it is read when `content` is first asked for.

    `implied` says that the step has no `@card`: the default card is there all the same. `live` says that the task has not committed
    the card: it runs, or it failed.
    """

    def __init__(self, item: ItemReader, name: str, spec: dict[str, Any], load: Callable[[], bytes] | None, live: bool = False) -> None:
        self.item, self.name, self.spec, self.live = item, name, spec, live
        self.type: str = spec["type"]
        self.id: str | None = spec.get("id")
        self.implied: bool = spec.get("implied", False)
        self._load = load
        self._content: dict[str, Any] | None = None

    @property
    def has_content(self) -> bool:
        """Whether the task stored anything of the card."""
        return self._load is not None

    @property
    def content(self) -> dict[str, Any]:
        """What the task stored: `components`, and of a card that it rendered `html` or `error`. Raises Missing and Corrupt."""
        if self._content is None:
            self._content = {"components": []} if self._load is None else unpack(self._load())
        return self._content

    @property
    def options(self) -> dict[str, Any]:
        """The options that the decorator gives to the card."""
        options: dict[str, Any] = self.spec.get("options", {})
        return options


def cards_of(item: ItemReader) -> list[CardReader]:
    """The cards of an item in the order of their decorators; without any the default card. Raises Missing and Corrupt."""
    specs = _specs(item)
    loaders = _committed(item) if item.shelf is not None else _live(item)
    found = dict(zip(names_of(specs), specs))
    for name in loaders:  # of an item that was taken over from a run whose step had other cards
        kind, _, id = name.partition("#")[0].partition("/")
        found.setdefault(name, {"type": kind, "id": id or None})
    return [CardReader(item, name, spec, loaders.get(name), item.shelf is None) for name, spec in found.items()]


def _specs(item: ItemReader) -> list[dict[str, Any]]:
    """What the decorators of the step say, in the code that ran."""
    shelf, run = item.shelf, item.run
    code = shelf[0].doc["code"] if shelf else run.code_of(item.step, item.slice)
    specs: list[dict[str, Any]] = CodePackage.fetched(run.store, code).step(item.step).get("cards", [])
    return specs or [{"type": "default", "implied": True}]


def _committed(item: ItemReader) -> dict[str, Callable[[], bytes]]:
    """How to read the cards in the manifest of an item's task, by name."""
    assert item.shelf is not None
    columns: dict[str, Any] = item.shelf[0].doc.get("cards", {})
    having = {name: column for name, column in columns.items() if row_ranges.contains(column["items"], item.row)}

    def loader(column: dict[str, Any]) -> Callable[[], bytes]:
        def load() -> bytes:
            data = codec.decode(item.run.columns.entry(column, item.row), item.run.store)
            if not isinstance(data, bytes):
                raise Corrupt(f"a card of {item.step}/{item.address} is not what flowport stores")
            return data

        return load

    return {name: loader(having[name]) for name in sorted(having)}


def _live(item: ItemReader) -> dict[str, Callable[[], bytes]]:
    """How to read what the latest attempt of an item, or the one that was chosen, has shown so far, by name."""
    store, keys = item.run.store, item.run.keys
    places = {written(key): key for key in store.names(keys.live_cards(item.step, item.slice, item.row))}
    numbers = [place for place in sorted(places) if place != NO_ATTEMPT and item.attempt in (None, place[1])]
    if not numbers:
        return {}
    try:
        found = unpack_all(store.read(places[numbers[-1]]))
    except Missing:  # removed meanwhile
        return {}
    return {name: lambda data=data: data for name, data in found.items()}  # type: ignore[misc]
