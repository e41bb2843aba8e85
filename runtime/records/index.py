"""Writes the index of a flow's runs: lists of all runs, of those that are done, and of those with a tag, the latest run first.

An entry is written before what it announces, and never removed. So no run is missing in a list, and readers (`run/history.py`) check
what may have changed since. The entry of a system tag has the content SYSTEM: such a tag cannot change.
"""

from __future__ import annotations

from flowport.runtime.records.run_record import NAMESPACES
from flowport.runtime.store.keys import DONE, STARTED, is_spin, tagged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys

SYSTEM = b"system"

UNLISTED = ("runtime:", "python_version:", "flowport_version:", "date:")
"""What the tags without a list begin with: most runs have them."""


def enter_start(store: Store, keys: Keys, started: float, tags: Iterable[str], system_tags: Iterable[str]) -> None:
    """List a run that is about to begin; a spin is in no list."""
    if is_spin(keys.id):
        return
    store.create(keys.started(started), b"")
    for tag in tags:
        enter_tag(store, keys, started, tag)
    for tag in system_tags:
        if not tag.startswith(UNLISTED):
            store.create(keys.started(started, tagged(STARTED, tag)), SYSTEM)


def enter_tag(store: Store, keys: Keys, started: float, tag: str) -> None:
    """List a run that is about to get a tag from a user; where that is a namespace, also with the runs that are done."""
    if tag.startswith(UNLISTED) or is_spin(keys.id):
        return
    for listed in (STARTED, DONE) if tag.startswith(NAMESPACES) else (STARTED,):
        store.create(keys.started(started, tagged(listed, tag)), b"")


def enter_done(store: Store, keys: Keys, started: float, system_tags: Iterable[str]) -> None:
    """List a run that is about to be done; a spin is in no list."""
    if is_spin(keys.id):
        return
    store.create(keys.started(started, DONE), b"")
    for tag in system_tags:
        if tag.startswith(NAMESPACES):
            store.create(keys.started(started, tagged(DONE, tag)), SYSTEM)
