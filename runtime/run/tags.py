"""The tags of a run: those that it was started with, and `tags.json` once they were changed.

The document is replaced only in the version that was read, so that the changes of two writers both count.
"""

from __future__ import annotations

from flowport.runtime.protocol import OLDEST_RECORDS, RECORDS, version_problem
from flowport.runtime.records.changes import enter_change
from flowport.runtime.records.index import enter_tag
from flowport.runtime.run.run_input import tags as checked
from flowport.runtime.store import documents
from flowport.runtime.store.errors import Corrupt, Missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys


def read_tags(store: Store, keys: Keys, record: dict[str, Any]) -> list[str]:
    """The tags of the run with the document `record`, sorted; without system tags. Raises Corrupt."""
    try:
        return _tags(store.read(keys.tags()), store, keys)
    except Missing:
        found: list[str] = record["tags"]
        return found


def change_tags(store: Store, keys: Keys, record: dict[str, Any], remove: Collection[str], add: Collection[str]) -> list[str]:
    """Remove tags from a run, then add others; the tags that it has then. Raises ParameterError for those that no run can have.

    A system tag cannot be removed, which raises ParameterError; to add one changes nothing.
    """
    from flowport.runtime.run.parameters import ParameterError

    system = record["system_tags"] or []
    if kept := [tag for tag in remove if tag in system]:
        raise ParameterError(f"{', '.join(f'`{tag}`' for tag in kept)} is a system tag, which cannot be removed")
    if not all(add):
        raise ParameterError("a tag is a text that is not empty")
    wanted = [tag for tag in checked(list(add)) if tag not in system]
    for tag in wanted:  # first, so that no run is missing in the list of a tag
        enter_tag(store, keys, record["started"], tag)
    while True:
        version, before = _version(store, keys), read_tags(store, keys, record)
        after = checked([*(tag for tag in before if tag not in remove), *wanted])
        data = documents.dump({"v": RECORDS, "tags": after})
        if after == before or (store.create(keys.tags(), data) if version is None else store.replace_if(keys.tags(), data, version)):
            if after != before:
                enter_change(store, keys, {"tags": after})
            return after


def _version(store: Store, keys: Keys) -> str | None:
    """The version of `tags.json`, asked for before it is read; None where there is none."""
    try:
        return store.entry(keys.tags()).version
    except Missing:
        return None


def _tags(data: bytes, store: Store, keys: Keys) -> list[str]:
    try:
        found = documents.load(data)
        tags, version = found["tags"], found.get("v")
    except (ValueError, LookupError, TypeError, AttributeError):
        tags, version = None, RECORDS
    wrong = version_problem(version, RECORDS, OLDEST_RECORDS)
    if not wrong and not (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
        wrong = "it does not say which tags the run has"
    if wrong:
        raise Corrupt(f"`{keys.tags()}` in {store.url} cannot be read: {wrong}")
    return list(tags)
