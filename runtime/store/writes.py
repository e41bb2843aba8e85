"""Rules for writing: creating a document so that a lost response changes nothing, the age at which a blob is written again, and how one is
read that was removed at the moment when it was written again.
"""

from __future__ import annotations

from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.store.keys import REMOVED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from flowport.runtime.store.interface import Store

    Answer = TypeVar("Answer")

DAY = 86_400
"""Seconds after which a blob that is used again is refreshed: its age is right to a day."""

ATTEMPTS = 5
"""How often an unanswered create is tried before its error is believed."""


def settled(put: Callable[[], bool], read: Callable[[], bytes], data: bytes) -> bool:
    """Whether a create-only put stored `data`. After an error, or the answer that the document exists, the stored document decides.

    If a response is lost, the client repeats its request and gets the error that the document exists (S3's `If-None-Match`).
    """
    failure: StoreError | None = None
    for _ in range(ATTEMPTS):
        try:
            if put():
                return True
            failure = None
        except StoreError as error:
            failure = error
        try:
            return read() == data
        except Missing:
            continue
        except StoreError as error:
            raise failure or error from None
    raise failure or StoreError("the store says that a document exists, but does not return it")


def wherever(store: Store, key: str, read: Callable[[str], Answer]) -> Answer:
    """What is read of a blob, also if `flowport gc` has removed it while somebody wrote it again; only for a missing one it asks more.

    A collection puts such a blob back before it deletes the copy, so the blob's own key is tried once more at the end.
    """
    try:
        return read(key)
    except Missing:
        sha = key.rpartition("/")[2]
        for collection in store.folders(REMOVED):
            try:
                return read(f"{REMOVED}{collection}/{sha}")
            except Missing:
                continue
        return read(key)


def ensure(store: Store, key: str, data: bytes) -> None:
    """Have a document that every attempt writes alike; raises Corrupt when another stands in its place, which an engine would follow."""
    if not store.create(key, data):
        raise Corrupt(f"`{key}` in the store `{store.url}` is not what this task writes there: remove it")
