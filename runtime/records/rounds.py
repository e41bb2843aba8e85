"""What the nodes of a gang say to each other where each has a container of its own: they share nothing but the store.

The nodes of one attempt meet in a round. Each has a document there that only itself writes. Node 0 says which gang runs and with which
variables, that the nodes shall end, and how the round ended; the others say that they are here, and what became of their node. Every
document has a count that grows at least every `BEAT` seconds, so that a node which says nothing any more is known to be lost, whatever
the clocks of the machines say.
"""

from __future__ import annotations

import os
import time

from flowport.runtime.protocol import RECORDS
from flowport.runtime.store import documents
from flowport.runtime.store.errors import Missing, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from flowport.runtime.store.interface import Store

POLL = 0.5
"""Seconds between two looks at the documents of others."""

BEAT = 10.0
"""Seconds after which a node says again what it said."""

LOST = 60.0
"""Seconds without a word after which a node is lost."""

ARRIVAL = 1800.0
"""Seconds in which all nodes must have come: their machines may have to be started, and their images to be fetched."""

HERE, DONE, FAILED = "here", "done", "failed"
"""The states of a document: the node takes part; its part is over, and the manifest exists; its part is over, and the round has failed."""


class Meeting:
    """Where the nodes of an attempt meet: a folder of the store, with a round in it.

    `repeats` says that the folder may have rounds of earlier attempts. They are numbered then: node 0 opens the next one, and the others
    join the newest one, unless they were in it already. A node that begins another attempt ends the round in which its last one was, where
    the others may still wait for it. `number` is that of the round, -1 before there is one. `first` is what this node says from the
    beginning.
    """

    def __init__(self, store: Store, folder: str, repeats: bool, first: Mapping[str, Any] | None = None) -> None:
        self._store, self._folder, self._repeats, self._first = store, folder, repeats, first or {}
        self.number = -1

    def key(self, index: int) -> str:
        """The key of the document of a node in this round."""
        return f"{self._folder}{self.number}-{index}" if self._repeats else f"{self._folder}{index}"

    def open(self) -> Voice:
        """Begin the round, as node 0."""
        while True:
            self.number += 1
            voice = Voice(self._store, self.key(0), self._first)
            if not self._repeats or voice.begin():
                return voice
            self._leave(voice, Ear(self._store, self.key(0)).hear())

    def join(self, index: int) -> Voice | None:
        """Take part in the round, as another node; None if node 0 has not opened it yet."""
        if self._repeats:
            newest = self._newest()
            if newest == self.number:
                return None
            self.number = newest
        voice = Voice(self._store, self.key(index), self._first)
        if not self._repeats or voice.begin():
            return voice
        self._leave(voice, Ear(self._store, self.key(index)).hear())
        return None

    def _leave(self, voice: Voice, last: dict[str, Any]) -> None:
        """End a round in which this node took part before, in a container that could not say so."""
        if last.get("state") == HERE:
            voice.fail("its container was started again")

    def find(self, index: int) -> Ear:
        """The document of node 0 in the newest round in which the node `index` has been."""
        self.number = self._newest() if self._repeats else 0
        while self._repeats and self.number > 0 and not self._store.exists(self.key(index)):
            self.number -= 1
        return Ear(self._store, self.key(0))

    def _newest(self) -> int:
        return self._store.count(self._folder, "-0") - 1


class Voice:
    """The document of this node. It has a nonce, as containers of two attempts may want to be the same node."""

    def __init__(self, store: Store, key: str, first: Mapping[str, Any]) -> None:
        self._store, self._key = store, key
        self._doc: dict[str, Any] = {"v": RECORDS, "nonce": os.urandom(8).hex(), "count": 0, "state": HERE, **first}
        self._last = 0.0

    def begin(self) -> bool:
        """Say that the node is here; False if the document is another container's."""
        self._last = time.monotonic()
        return self._store.create(self._key, documents.dump(self._doc))

    def say(self, **news: Any) -> None:
        """Add to what the node has said."""
        self._doc.update(news, count=self._doc["count"] + 1)
        self._store.replace(self._key, documents.dump(self._doc))
        self._last = time.monotonic()

    def beat(self) -> None:
        """Say again what was said, if that was a while ago."""
        if time.monotonic() - self._last >= BEAT:
            self.say()

    def fail(self, reason: str, is_final: bool = False) -> None:
        """Say that the round has failed, as far as the store takes it; `is_final` says that there will be no other one."""
        try:
            self.say(state=FAILED, reason=reason, final=is_final)
        except StoreError:
            return


class Ear:
    """The document of another node, as it was when it was read last; empty before that node came."""

    def __init__(self, store: Store, key: str) -> None:
        self._store, self._key = store, key
        self.doc: dict[str, Any] = {}
        self._heard = time.monotonic()

    def hear(self) -> dict[str, Any]:
        """What the node says now."""
        try:
            doc: dict[str, Any] = documents.load(self._store.read(self._key))
        except (Missing, ValueError):
            return self.doc
        if doc != self.doc:
            self.doc, self._heard = doc, time.monotonic()
        return self.doc

    @property
    def is_lost(self) -> bool:
        """Whether the node came, and has said nothing for too long."""
        return bool(self.doc) and time.monotonic() - self._heard > LOST

    @property
    def is_late(self) -> bool:
        """Whether the node should have come long ago."""
        return not self.doc and time.monotonic() - self._heard > ARRIVAL
