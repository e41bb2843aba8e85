"""Removes deleted runs from the lists of runs and from the table of runs, also those that an earlier collection or a user deleted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flowport.runtime.protocol import RECORDS
from flowport.runtime.store import documents
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.keys import END_OF_TIME, index_folder, names, old_index_folder, runs_folder, table_folder
from flowport.runtime.store.writes import DAY
from flowport.runtime.table.table import read_chunk

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowport.runtime.store.interface import Store


def forget_deleted(store: Store, flow: str, report: Callable[[str], None]) -> None:
    """Remove what the lists and the table of a flow have of runs that are not there."""
    there = set(names(store.folders(runs_folder(flow)))[0])
    changes = f"{table_folder(flow)}changes/"
    store.delete_all([key for folder in (index_folder(flow), old_index_folder(flow), changes) for key in _dead(store, folder, there)])
    for key in store.names(f"{table_folder(flow)}chunks/"):
        try:
            chunk = read_chunk(store, key)
        except Missing:
            continue
        except Corrupt as error:
            report(str(error))
            continue
        rows = [row for row in chunk["rows"] if row["run"] in there]
        if len(rows) < len(chunk["rows"]):
            store.replace(key, documents.dump({"v": RECORDS, **chunk, "rows": rows}))


def _dead(store: Store, folder: str, there: set[str]) -> list[str]:
    """The entries of a folder for runs that are not there. A new entry may come before its run."""
    latest = END_OF_TIME - int((time.time() - DAY) * 1000)
    found = []
    for entry in store.entries(folder):
        number, run = entry.key.split("/")[-2:]
        name = next(iter(names([run])[0]), "")
        if name and number.isdecimal() and len(number) == 15 and int(number) > latest and name not in there:
            found.append(entry.key)
    return found
