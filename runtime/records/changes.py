"""The list of what changed in the table of a flow's runs, the latest first: the row of a run that has ended, or its new tags.

Entries are created and never removed. Readers (`table/table.py`) collect them into few documents.
"""

from __future__ import annotations

import time

from flowport.runtime.protocol import RECORDS
from flowport.runtime.store import documents
from flowport.runtime.store.keys import is_spin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys


def enter_change(store: Store, keys: Keys, fields: dict[str, Any]) -> None:
    """Say that these fields of a run's row have new values; a spin has no row."""
    if is_spin(keys.id):
        return
    at, data = time.time(), documents.dump({"v": RECORDS, **fields})
    while not store.create(keys.changed(at), data):  # another change of the run in the same millisecond
        at += 0.001
