"""The store of a spin, and behind it that of the run whose item runs again: it is read there, and written to nowhere.

What the spin reads is copied, so that it can be read again where the other store is not at hand.
"""

from __future__ import annotations

from flowport.runtime.store.errors import Missing, StoreError
from flowport.runtime.store.keys import blob_key
from flowport.runtime.store.open import open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeVar

    from typing_extensions import Buffer

    from flowport.runtime.store.interface import Store

    Answer = TypeVar("Answer")


LARGEST = 1 << 23
"""Bytes up to which the pack is copied in which a small value is."""


def past_store(store: Store, spin: Mapping[str, Any]) -> Store:
    """The store of the run that a spin is about."""
    return store if spin["store"] == store.url else open_store(spin["store"])


def with_past(store: Store, spin: Mapping[str, Any] | None) -> Store:
    """A store in which the blobs of the run are found too."""
    if not spin or spin["store"] == store.url:
        return store
    found: Any = _WithPast(store, spin["store"])
    return found  # type: ignore[no-any-return]


class _WithPast:
    """The store `own`, and for blobs that it has not the store `past`, which is opened when one is asked for."""

    def __init__(self, own: Store, past: str) -> None:
        self._own, self._past = own, past
        self._opened: Store | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)

    def blob(self, sha: str, size: int) -> Buffer:
        try:
            return self._own.blob(sha, size)
        except Missing:
            found = self._ask(lambda past: past.blob(sha, size))
            self._own.put_blob([found])
            return found

    def blob_part(self, sha: str, start: int, size: int) -> bytes:
        try:
            return self._own.blob_part(sha, start, size)
        except Missing:
            whole = self._ask(lambda past: past.size(blob_key(sha)))
            if whole > LARGEST:
                return self._ask(lambda past: past.blob_part(sha, start, size))
            return bytes(memoryview(self.blob(sha, whole))[start : start + size])

    def refresh(self, sha: str, size: int) -> None:
        try:
            self._own.refresh(sha, size)
        except Missing:
            self.blob(sha, size)

    def _ask(self, question: Callable[[Store], Answer]) -> Answer:
        """What the other store answers; raises Missing also if it cannot be read, because the own store is sound."""
        try:
            self._opened = self._opened or open_store(self._past)
            return question(self._opened)
        except StoreError as error:
            raise Missing(f"it is not in {self._own.url}, and {self._past} cannot be read: {error}") from None
