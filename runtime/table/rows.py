"""A row of the table: what there is to say of a run in a line. Written when the run ends, and made of its documents where it was not.

run status started ended   `ended` is null while the run goes on, and until which second it was seen where it was lost
target origin user         what ran it, the run that it resumes, and who started it, each "" where that is not known
tags                       those that users gave it
parameters metrics artifacts   {name: value}: numbers, bools and short texts; artifacts are those of the last step
"""

from __future__ import annotations

import sys
import time

from flowport.runtime.metrics.latest import latest_values
from flowport.runtime.metrics.log import is_number
from flowport.runtime.records import run_record
from flowport.runtime.records.changes import enter_change
from flowport.runtime.records.validation import LAST_SECOND
from flowport.runtime.replay.artifact_view import ArtifactView
from flowport.runtime.run.status import run_status
from flowport.runtime.run.tags import read_tags
from flowport.runtime.store import documents
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.store.keys import is_spin
from flowport.runtime.table.scalars import LONGEST, plain, scalar, scalars

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from flowport.runtime.records.manifest import Manifest
    from flowport.runtime.replay.lineage import Lineage
    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys

    Row = dict[str, Any]

METRICS = 500
"""The most metrics of a row."""


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_time(value: object) -> bool:
    return isinstance(value, (int, float)) and 0 <= value <= LAST_SECOND


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_scalars(value: object) -> bool:
    return isinstance(value, dict) and all(is_number(one) or isinstance(one, (str, bool)) for one in value.values())


FIELDS: dict[str, Callable[[object], bool]] = {
    "run": _is_text,
    "status": _is_text,
    "started": _is_time,
    "ended": lambda value: value is None or _is_time(value),
    "target": _is_text,
    "origin": _is_text,
    "user": _is_text,
    "tags": _are_texts,
    "parameters": _are_scalars,
    "metrics": _are_scalars,
    "artifacts": _are_scalars,
}
"""What a row has, and what each of it must be."""


def enter_done(store: Store, keys: Keys, record: dict[str, Any], manifest: Manifest, lineage: Lineage) -> None:
    """Write the row of a run whose last task has this manifest. Nothing of it is in the way of the task."""
    from flowport.runtime.replay.artifact_view import ColumnCache

    def artifacts() -> dict[str, Any]:
        view = ArtifactView(ColumnCache(store), lineage, manifest.step, manifest.doc["own"], manifest.doc["classes"])
        return scalars(view, store)

    _enter(store, keys, record, {"status": "done", "ended": manifest.doc["ended"]}, artifacts)


def enter_unfinished(store: Store, keys: Keys, status: str) -> None:
    """Write the row of a run that ended before its last step."""
    try:
        record = run_record.document(store, keys)
    except (Missing, Corrupt, StoreError):
        return  # the run never began, or its document is damaged, which readers say
    _enter(store, keys, record, {"status": status, "ended": round(time.time(), 3)}, dict)


def _enter(store: Store, keys: Keys, record: dict[str, Any], end: dict[str, Any], artifacts: Callable[[], dict[str, Any]]) -> None:
    if is_spin(keys.id):  # it is in no table, and what it inherits is in the store of its run
        return
    try:
        now = {"tags": read_tags(store, keys, record), "metrics": _metrics(store, keys), "artifacts": artifacts()}
        enter_change(store, keys, {**_begun(record), **end, **now})
    except (StoreError, Missing, Corrupt) as error:
        sys.stderr.write(f"flowport: this run has no row in the table of runs yet: {error}\n")


def _begun(record: dict[str, Any]) -> Row:
    """What is known of a run from its start on, and never changes."""
    user = next((tag.partition(":")[2] for tag in record["system_tags"] or () if tag.startswith("user:")), "")
    return {
        "run": record["run"],
        "started": record["started"],
        "target": record["target"],
        "origin": record["origin"] or "",
        "user": user,
        "parameters": {name: value for name, held in record["parameters"].items() if (value := _parameter(held)) is not None},
    }


def _parameter(held: dict[str, Any]) -> Any:
    """A parameter as the table has it: a list or a dictionary as JSON; None where it is null or too large."""
    if "entry" in held:
        return scalar(bytes.fromhex(held["entry"]))
    value = held["json"]
    if isinstance(value, (list, dict)):
        text = documents.dump(value)
        return text.decode("utf-8", "surrogatepass") if len(text) <= LONGEST else None
    return plain(value)


def _metrics(store: Store, keys: Keys) -> dict[str, float]:
    found = latest_values(store, keys)
    return {name: found[name].value for name in list(found)[:METRICS]}


def live_row(store: Store, keys: Keys, report: Callable[[str], None]) -> Row:
    """The row of a run as its documents have it now; raises Missing and Corrupt."""
    record = run_record.document(store, keys)
    status = run_status(store, keys, record)
    try:
        metrics = _metrics(store, keys)
    except Corrupt as error:
        report(str(error))
        metrics = {}
    return {
        **_begun(record),
        "tags": read_tags(store, keys, record),
        "status": status.status,
        "ended": status.seen if status.is_over else None,
        "metrics": metrics,
        "artifacts": {},
    }


def damaged_row(keys: Keys, started: float) -> Row:
    """What is listed of a run whose documents cannot be read."""
    empty: Row = {"target": "", "origin": "", "user": "", "tags": [], "parameters": {}, "metrics": {}, "artifacts": {}}
    return {"run": keys.id, "status": "damaged", "started": started, "ended": started, **empty}


def whole_row(found: Row) -> Row | None:
    """The row of these fields; None if they are not all there, or not what they must be."""
    return {name: found[name] for name in FIELDS} if FIELDS.keys() <= found.keys() and not wrong_field(found) else None


def wrong_field(found: Row) -> str:
    """The first of these fields that is not what it must be; "" if all are."""
    return next((name for name, is_right in FIELDS.items() if name in found and not is_right(found[name])), "")
