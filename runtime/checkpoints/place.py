"""The item that checkpoints belong to: in the process of the step, and through a variable in processes that the step starts."""

from __future__ import annotations

import os

from flowport.runtime.protocol import variable
from flowport.runtime.store import documents
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Any

    from flowport.runtime.store.interface import Store

VARIABLE = variable("checkpoint")
"""The variable that says to processes of a step with `@checkpoint` where `Checkpoint().save` stores."""


class Place:
    """One item of a step in a run, and the attempt that runs, from 0."""

    __slots__ = ("address", "attempt", "keys", "lock", "step", "store")

    def __init__(self, store: Store, keys: Keys, step: str, address: str, attempt: int) -> None:
        self.store, self.keys, self.step, self.address, self.attempt = store, keys, step, address, attempt
        self.lock = ""
        """The file that what saves for the item locks, one after the other; "" where nothing is announced."""

    @property
    def folder(self) -> str:
        """The folder of the item's checkpoints."""
        return self.keys.checkpoints(self.step, self.address)

    @property
    def pathspec(self) -> str:
        """`Flow/run/step/item`."""
        return f"{self.keys.flow}/{self.keys.id}/{self.step}/{self.address}"

    def of_run(self, run: str) -> Place:
        """The same item in another run of the flow."""
        return Place(self.store, Keys(self.keys.flow, run), self.step, self.address, self.attempt)

    def turn(self) -> AbstractContextManager[None]:
        """Wait until no other thread or process of the step saves."""
        from flowport.runtime.checkpoints.turns import turn

        return turn(self.lock)

    def announce(self, reads: dict[str, Any], lock: str) -> None:
        """Tell the processes that the step starts; `reads` are the marks of what they certainly read, `lock` a file that they lock."""
        self.lock = lock
        given = [self.store.url, self.keys.flow, self.keys.id, self.step, self.address, self.attempt, reads, lock]
        os.environ[VARIABLE] = documents.dump(given).decode("utf-8", "surrogatepass")


def announced() -> tuple[Place, dict[str, Any]] | None:
    """The place that the step around this process announced, with its marks; None where there is none."""
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    url, flow, run, step, address, attempt, reads, lock = documents.load(text)
    place = Place(open_store(url), Keys(flow, run), step, address, attempt)
    place.lock = lock
    return place, reads


def withdraw() -> None:
    """Forget what was announced: the step is over, or another task begins."""
    os.environ.pop(VARIABLE, None)
