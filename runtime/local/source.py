"""The path of a flow's file on this machine, stored beside its run for `flowport resume`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flowport.runtime.store.errors import Missing, StoreError
from flowport.runtime.store.keys import Keys

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store


def note(store: Store, flow: str, run: str, argument: str) -> None:
    """Note the flow argument, `/folder/FILE.py:ClassName`, of a run."""
    store.create(_key(flow, run), json.dumps({"flow": argument}).encode())


def where(store: Store, flow: str, run: str) -> str | None:
    """The flow argument of a run; None if it was not started on this machine, or if this is not known."""
    try:
        noted = json.loads(store.read(_key(flow, run)))
    except (Missing, StoreError, ValueError, RecursionError):
        return None
    argument = noted.get("flow") if isinstance(noted, dict) else None
    return argument if isinstance(argument, str) and argument.isprintable() else None


def _key(flow: str, run: str) -> str:
    return Keys(flow, run).local()
