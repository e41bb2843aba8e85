"""What became of the exit hooks of a run and of the messages about its end: a document each time that the run ended."""

from __future__ import annotations

import os
import time
from typing import NamedTuple

from flowport.runtime.protocol import RECORDS
from flowport.runtime.store import documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys


class HookOutcome(NamedTuple):
    """A hook, as a message calls it, and what went wrong, "" if nothing did."""

    name: str
    error: str


def write_outcomes(store: Store, keys: Keys, outcomes: Iterable[HookOutcome]) -> None:
    """Keep what became of the hooks of a run that has ended now."""
    document = {"v": RECORDS, "hooks": [{"name": one.name, "error": one.error} for one in outcomes]}
    store.create(f"{keys.hooks()}{round(time.time() * 1000):015}-{os.urandom(4).hex()}.json", documents.dump(document))


def read_outcomes(store: Store, keys: Keys) -> list[HookOutcome]:
    """What became of the hooks when the run ended for the last time; nothing of a document that flowport did not write."""
    found = sorted(store.names(keys.hooks()))
    if not found:
        return []
    try:
        hooks = documents.load(store.read(found[-1]))["hooks"]
        return [HookOutcome(str(one["name"]), str(one["error"])) for one in hooks]
    except (ValueError, LookupError, TypeError):
        return []
