"""The attempts of an item: when each began, how it ended, and what `@catch` replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from flowport.runtime.live.documents import Documents
from flowport.runtime.live.life import Life
from flowport.runtime.records.signs import places
from flowport.runtime.run.status import STOPPED
from flowport.runtime.store import codec, row_ranges
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.workspace.why.plain import loads

if TYPE_CHECKING:
    from flowport.runtime.records.signs import Sign
    from flowport.runtime.run.items import ItemReader

AttemptEnd: TypeAlias = Literal["done", "failed", "stopped", "others", "killed", "lost", "running", "unknown"]
"""How an attempt ended for an item:

done     the item was finished
failed   the step raised an exception
stopped  the task was told to end
others   other items of the task failed
killed   its process ended while the item ran, and nothing says why
lost     it began, and there has been no sign of it for too long
running  it is running
unknown  it left nothing but a log
"""


class AttemptReport(NamedTuple):
    """One attempt. `number` counts from 0, as `current.retry_count` does; `epoch` counts how often somebody started the task again."""

    number: int
    epoch: int
    end: AttemptEnd
    error: str = ""
    started: float | None = None
    seconds: float | None = None
    code: int | None = None


def attempts(item: ItemReader) -> list[AttemptReport]:
    """The attempts of an item's task that left anything, in order; none of an item that was taken over."""
    if item.taken_from():
        return []
    run, documents = item.run, Documents(item.run.store, item.run.keys)
    signs = [documents.sign(place) for place in places(run.store, run.keys.signs(item.step, item.slice))]
    by_log = {sign.log: sign for sign in signs if sign.log and not sign.node}
    records = dict(zip(item.places, [None] * len(item.places), strict=True)) | item.records
    found = []
    for number, place in enumerate(item.places):
        sign = by_log.get(f"{place[0]}-{place[1]}")
        found.append(_with_sign(_report(item, number, place, records[place]), sign))
    for sign in signs:
        if not sign.log and not sign.node and sign.ended is None:
            end: AttemptEnd = "running" if Life(run).runs(sign.place) else "lost"
            if found and found[-1].end in ("killed", "unknown"):
                found[-1] = found[-1]._replace(end=end)
            elif item.shelf is None:
                found.append(AttemptReport(len(found), sign.epoch, end, started=sign.place.started))
    return _with_manifest(item, found)


def _report(item: ItemReader, number: int, place: tuple[int, int], record: dict[str, Any] | None) -> AttemptReport:
    """What the record of an attempt says of an item; None if it left none, or one that cannot be read."""
    if record is None:
        return AttemptReport(number, place[0], "unknown")
    end: AttemptEnd = "killed"
    error = record["errors"].get(str(item.row))
    if error is not None:
        end = "stopped" if error["type"] in STOPPED else "failed"
    elif row_ranges.contains(record["done"], item.row):
        end = "done"
    elif record["errors"]:
        end = "others"
    started, updated = record.get("started"), record.get("updated")
    seconds = round(updated - started, 3) if started and updated and record["errors"] else None
    return AttemptReport(number, place[0], end, error_text(error) if error else "", started, seconds)


def _with_sign(report: AttemptReport, sign: Sign | None) -> AttemptReport:
    if sign is None:
        return report
    started = report.started or sign.place.started
    seconds = report.seconds if sign.ended is None else round(sign.ended - sign.place.started, 3)
    return report._replace(started=started, seconds=seconds, code=sign.code)


def _with_manifest(item: ItemReader, found: list[AttemptReport]) -> list[AttemptReport]:
    """The attempts with the one that committed the results: it may have left nothing else, or the last one is it."""
    if item.shelf is None or any(one.end == "done" for one in found):
        return found
    document = item.shelf[0].doc
    done = AttemptReport(
        len(found), document["epoch"], "done", started=document["started"], seconds=round(document["ended"] - document["started"], 3)
    )
    if found and found[-1].end in ("killed", "unknown"):
        return [*found[:-1], done._replace(number=found[-1].number, code=found[-1].code)]
    return [*found, done]


def error_text(error: dict[str, Any]) -> str:
    """An error in a line; one of flowport itself without the name of a class."""
    message = str(error["message"]).strip().split("\n")[0]
    if error["type"] == "Misuse":
        return message
    return f"{error['type']}: {message}" if message else str(error["type"])


def caught_error(item: ItemReader) -> str:
    """What `@catch` replaced, in a line; "" if only the log says it. The artifact is read without running any code of the flow."""
    variable = (item.run.program.step(item.step).get("catch") or {}).get("var")
    if variable and item.shelf is not None:
        try:
            entry = item.entry(variable)
            if entry is not None and not codec.is_reference(entry):
                return str(codec.decode(entry, item.run.store, loads))
        except (Corrupt, Missing):  # the step has set something else since
            pass
    errors = [record["errors"][str(item.row)] for record in item.attempts if str(item.row) in record["errors"]]
    return error_text(errors[-1]) if errors else ""
