"""The start of a run: the first task creates `run.json`, with the parameters that every task reads.

The document names the engine's run, so that two runs with one id cannot mix. Creating it also tests that the store supports create-only
puts.
"""

from __future__ import annotations

import time

from flowport.runtime.protocol import RECORDS, NonRetryable
from flowport.runtime.records import validation
from flowport.runtime.records.index import enter_start
from flowport.runtime.records.run_record import RunRecord, origins, read
from flowport.runtime.run.initial_values import held_configs, initial_values
from flowport.runtime.run.past_store import past_store
from flowport.runtime.run.run_input import STORED_INPUT, read_input
from flowport.runtime.run.system_tags import system_tags
from flowport.runtime.store import digests, documents
from flowport.runtime.store.keys import Keys, is_spin, part
from flowport.runtime.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.protocol import Invocation
    from flowport.runtime.store.interface import Store


def begin(store: Store, keys: Keys, invocation: Invocation, program: CodePackage, came: list[dict[str, Any]] | None = None) -> RunRecord:
    """Make the run's document, or find it made by an earlier attempt of the same engine run. Raises NonRetryable.

    `came` is what started the run, where more than its input says did.
    """
    if invocation.last == 0 and part(invocation.run) != invocation.run:
        raise NonRetryable(
            f"the run id `{invocation.run}` has characters beyond letters, digits and `-_.+=@!'()`, "
            "so its documents cannot be addressed: choose another"
        )
    if len(invocation.run) > validation.NAME:
        raise NonRetryable(f"the run id `{shown(invocation.run[:60])}...` is longer than {validation.NAME} characters: choose another")
    try:
        record = read(store, keys)
    except NonRetryable:
        record = None
    if record is not None:
        return _resumable(_claimed(record, store, keys, invocation, program), store, invocation.flow)
    doc = _document(store, read_input(store, keys, invocation, program), invocation, program, came)
    data = documents.dump(doc)
    enter_start(store, keys, doc["started"], doc["tags"], doc["system_tags"])  # first, so that no run is missing in the index
    # The same bytes would be taken for this task's own, whose answer was lost: what must fail is a document of other bytes.
    if store.create(keys.run(), data) and store.create(keys.run(), data + b"\n"):
        raise NonRetryable(
            f"{store.url} does not honour create-only puts (it let `{keys.run()}` be created twice): runs would overwrite each other"
        )
    return _resumable(_claimed(read(store, keys), store, keys, invocation, program), store, invocation.flow)


def _resumable(record: RunRecord, store: Store, flow: str) -> RunRecord:
    """The record, when nothing deletes the runs that it needs. Raises NonRetryable.

    This looks after the record is written, and `flowport gc` looks for such records after it has said what it deletes: one sees the other.
    """
    spin = record.doc.get("spin") or {"store": "", "run": ""}
    needed = [Keys(flow, spin["run"])] if spin["store"] == store.url else []
    needed += [Keys(flow, run) for run in origins(store, flow, record.origin)]
    needed += [Keys(each["flow"], each["run"]) for each in record.doc["triggers"] or () if each["type"] == "run"]
    for keys in needed:
        if store.exists(keys.deleting()):
            raise NonRetryable(f"`flowport gc` is deleting run `{keys.id}` of {keys.flow}, which this run needs: start a run without it")
    return record


def _claimed(record: RunRecord, store: Store, keys: Keys, invocation: Invocation, program: CodePackage) -> RunRecord:
    """The document when it is that of this engine run: one that was cleared began at another time, but was started with the same."""
    if record.doc["engine"] == invocation.engine or not invocation.engine:
        return record  # the task before the first one, which began the run, knows whose it is
    if invocation.epoch > 0 and record.doc["input"] == _mark(read_input(store, keys, invocation, program)):
        return record
    raise NonRetryable(
        f"run `{invocation.run}` of {invocation.flow} belongs to {record.doc['engine'] or 'another engine run'}: "
        "start this one under another id"
    )


def _mark(given: dict[str, Any]) -> str:
    return digests.of(documents.dump({name: given[name] for name in given if name != STORED_INPUT}, in_order=True))[:32]


def _document(
    store: Store, given: dict[str, Any], invocation: Invocation, program: CodePackage, came: list[dict[str, Any]] | None
) -> dict[str, Any]:
    origin, first = given.get("origin_run") or None, given.get("from") or None
    if first is not None and first not in program.plan["steps"]:
        raise NonRetryable(f"the run begins anew from `{shown(first[: validation.NAME])}`, which is no step of {invocation.flow}")
    if given.get("spin") and not is_spin(invocation.run):
        raise NonRetryable(f"run `{invocation.run}` is to run one item again, which a run cannot do: use `flowport spin`")
    if origin is not None and is_spin(origin):
        raise NonRetryable(f"the run resumes `{origin}`, which is a spin and no run")
    if origin is not None and not store.exists(Keys(invocation.flow, origin).run()):
        raise NonRetryable(f"the run resumes run `{origin}` of {invocation.flow}, which is not in {store.url}")
    past: dict[str, Any] = read(store, Keys(invocation.flow, origin)).doc if origin else {}
    if spin := given.get("spin"):
        past = read(past_store(store, spin), Keys(invocation.flow, spin["run"])).doc
    scheduled_time = past["scheduled_time"] if past else _scheduled_time(given.get("scheduled_time") or invocation.scheduled)
    parameters, triggers = _triggers(given, invocation, program, came)
    if past:
        triggers = past["triggers"]
    started, target = round(time.time(), 3), target_of(invocation.engine)
    return {
        "v": RECORDS,
        "flow": invocation.flow,
        "run": invocation.run,
        "code": invocation.code,
        "engine": invocation.engine,
        "target": target,
        "steps": list(program.plan["steps"]),
        "input": _mark(given),
        "started": started,
        "origin": origin,
        "from": first,
        "tags": given.get("tags") or [],
        "system_tags": system_tags(program.flow, target, started),
        "parameters": initial_values(store, program, parameters, past.get("parameters", {}), form=bool(given.get("form"))),
        **({"configs": held_configs(store, program)} if program.has_configs else {}),
        **({"scheduled_time": scheduled_time} if scheduled_time else {}),
        **({"triggers": triggers} if triggers else {}),
        **({"spin": spin} if spin else {}),
        **({STORED_INPUT: given[STORED_INPUT]} if STORED_INPUT in given else {}),
    }


def _triggers(
    given: dict[str, Any], invocation: Invocation, program: CodePackage, came: list[dict[str, Any]] | None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The given parameters with those that events set, and the runs and events that started the run, as its record holds them."""
    parameters = given.get("parameters") or {}
    if not (came or given.get("trigger") or invocation.trigger or given.get("triggers")):
        return parameters, []
    from flowport.runtime.run import triggers

    found = came or triggers.given_triggers(given, invocation)
    return {**parameters, **triggers.event_parameters(found, program.flow.get("events", {}))}, triggers.recorded(found)


def _scheduled_time(text: str) -> str | None:
    """The time for which a schedule started a run, in UTC; None for a run that no schedule started."""
    if not text:
        return None
    from flowport.runtime.run.scheduled_time import in_utc

    try:
        return in_utc(text)
    except ValueError as error:
        raise NonRetryable(f"the scheduled time of the run: {shown(str(error))}") from None


def target_of(engine: str) -> str:
    """What runs a run: `argo` of `argo/<uid>`; "" where the engine's name for the run does not say it."""
    target, slash, _ = engine.partition("/")
    return target if slash and target.isidentifier() else ""
