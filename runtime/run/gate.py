"""The task before the first one of a run: whether the run begins, and if so, its record.

A document of the flow's branch says what has come and which run began last. It changes in one step, by a conditional put. Of several events
or flows each is kept, the latest of a kind, until all have come; the run that the last one starts then has all of them. During a cool-down
what comes is dropped. A run that somebody or a schedule starts begins at once. It counts for the cool-down, unless it failed.
"""

from __future__ import annotations

import time

from flowport.runtime.protocol import DONE, GATE, RECORDS, NonRetryable
from flowport.runtime.records import run_record
from flowport.runtime.run import triggers
from flowport.runtime.run.run_input import read_input
from flowport.runtime.run.start import begin
from flowport.runtime.run.status import run_status
from flowport.runtime.store import documents
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.keys import Keys, gate
from flowport.runtime.store.writes import ensure

KEPT = 100
"""How many runs the document remembers, of those that have begun and those that have not."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.protocol import Invocation
    from flowport.runtime.store.interface import Store


def run_gate(store: Store, invocation: Invocation, program: CodePackage) -> int:
    """Decide, begin the run if it begins, and tell the engine; the exit code. Every attempt of a task decides the same."""
    keys = Keys(invocation.flow, invocation.run)
    given = read_input(store, keys, invocation, program)
    sent = triggers.given_triggers(given, invocation)
    came = _admitted(store, invocation, program, sent, forced=bool(given.get("forced")) or not sent)
    if came is not None:
        begin(store, keys, invocation, program, came)
    to = {program.flow["start"]: came is not None}
    ensure(store, keys.route(GATE, invocation.slice, 0), documents.dump({"to": to, "again": False}))
    if invocation.route:
        with open(invocation.route, "wb") as file:
            file.write(documents.dump([step for step, goes in to.items() if goes]))
    return DONE


def did_not_begin(store: Store, keys: Keys) -> bool:
    """Whether it was decided that a run does not begin, so that there is nothing of it."""
    return not store.exists(keys.run()) and store.exists(keys.route(GATE, "s", 0))


def _admitted(
    store: Store, invocation: Invocation, program: CodePackage, came: list[dict[str, Any]], forced: bool
) -> list[dict[str, Any]] | None:
    """What started the run; None when it does not begin. One that somebody or a schedule starts is `forced`: it begins at once."""
    key, run = gate(invocation.flow, _branch(program)), invocation.run
    needed = [*(f"run/{flow}" for flow in program.flow.get("upstream", [])), *(f"event/{name}" for name in program.flow.get("events", {}))]
    while True:
        version, state = _state(store, key)
        decided = state["decided"]
        if run in decided:
            return decided[run]  # type: ignore[no-any-return]
        if not forced and (why := _refused(store, invocation, state, came)):
            print(f"this run does not begin: {why}", flush=True)
            return None
        waiting = {**state["waiting"], **{_name(each): each for each in came}}
        missing = [] if forced else [name for name in needed if name not in waiting]
        started = None if missing else came if forced else [*waiting.values()]
        after = {
            **state,
            "waiting": state["waiting"] if forced else waiting if missing else {},
            "decided": {**dict([*decided.items()][1 - KEPT :]), run: started},
        }
        if not missing:
            after |= {"run": run, "began": round(time.time(), 3)}
        data = documents.dump(after)
        if store.create(key, data) if version is None else store.replace_if(key, data, version):
            if missing:
                print(f"this run does not begin: it waits for {', '.join(name.partition('/')[2] for name in missing)}", flush=True)
            return started


def _refused(store: Store, invocation: Invocation, state: dict[str, Any], came: list[dict[str, Any]]) -> str:
    """Why what came starts nothing: another run begins too soon, or this has started a run before. An engine may send an event twice."""
    before = [_identity(each) for started in state["decided"].values() for each in started or ()]
    if all(_identity(each) in before for each in came if _identity(each)) and any(map(_identity, came)):
        return "a run has begun for the same"
    if _is_cooling(store, invocation, state):
        return f"run {state['run']} began less than {invocation.cooldown} seconds ago"
    return ""


def _identity(trigger: dict[str, Any]) -> tuple[str, ...]:
    """What two triggers share when they are one; () where nothing tells."""
    if trigger["type"] == "run":
        return trigger["flow"], trigger["run"]
    return (trigger["name"], trigger["id"]) if "id" in trigger else ()


def _branch(program: CodePackage) -> str:
    """What tells the branches of a project apart, "" without one."""
    name: str = program.flow.get("project", {}).get("project_flow_name", "")
    return name


def _name(trigger: dict[str, Any]) -> str:
    return f"{trigger['type']}/{trigger['flow'] if trigger['type'] == 'run' else trigger['name']}"


def _is_cooling(store: Store, invocation: Invocation, state: dict[str, Any]) -> bool:
    """Whether a run that did not fail has begun so recently that no other one may."""
    if not (invocation.cooldown and state["run"]) or time.time() - state["began"] >= invocation.cooldown:
        return False
    keys = Keys(invocation.flow, state["run"])
    try:
        record = run_record.document(store, keys)
    except (Missing, Corrupt):
        return True  # it has not begun yet, or cannot be asked
    return run_status(store, keys, record).status in ("running", "done")


def _state(store: Store, key: str) -> tuple[str | None, dict[str, Any]]:
    """The document with its version, which is asked for first; None where there is none."""
    try:
        version, found = store.entry(key).version, documents.load(store.read(key))
    except Missing:
        return None, {"v": RECORDS, "waiting": {}, "decided": {}, "run": "", "began": 0}
    except ValueError:
        raise NonRetryable(f"`{key}` in {store.url} is damaged: delete it, and start the run again") from None
    return version, found
