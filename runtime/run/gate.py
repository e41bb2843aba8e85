"""The task before the first one of a run: whether the run begins, and if so, its record.

A document of the flow's branch says what has come and which run began last. It changes in one step, by a conditional put. Of several events
or flows each is kept, the latest of a kind, until all have come; the run that the last one starts then has all of them. During a cool-down
what comes is dropped. A run that somebody or a schedule starts begins at once. It counts for the cool-down, unless it failed.
"""

from __future__ import annotations

import time

from flowport.runtime.protocol import DONE, GATE, OLDEST_RECORDS, RECORDS, NonRetryable, version_problem
from flowport.runtime.records import run_record
from flowport.runtime.run import triggers
from flowport.runtime.run.initial_values import check_parameters
from flowport.runtime.run.run_input import read_input
from flowport.runtime.run.start import begin
from flowport.runtime.run.status import SILENCE, run_status
from flowport.runtime.store import documents
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.keys import Keys, gate
from flowport.runtime.store.writes import ensure

KEPT, WHOLE = 100, 3
"""How many runs the document remembers, and of how many of them also what their events carried: until they have begun, that is needed."""

PATIENCE = 300
"""Seconds that the clocks of two machines may differ."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.protocol import Invocation
    from flowport.runtime.store.interface import Store

    Triggers: TypeAlias = list[dict[str, Any]]


def run_gate(store: Store, invocation: Invocation, program: CodePackage) -> int:
    """Decide, begin the run if it begins, and tell the engine; the exit code. Every attempt of a task decides the same."""
    keys = Keys(invocation.flow, invocation.run)
    given = read_input(store, keys, invocation, program)
    sent = triggers.given_triggers(given, invocation)

    def check(started: Triggers) -> None:
        """What could not begin shall neither use up what has come nor count for the cool-down."""
        if not (given.get("origin_run") or given.get("spin")):
            sets = triggers.event_parameters(started, program.flow.get("events", {}))
            check_parameters(program, {**(given.get("parameters") or {}), **sets})

    came, has_begun = None, store.exists(keys.run())
    if not has_begun:  # one that has is begun again by whoever may, however many others have been decided since
        came = _admitted(store, invocation, program, sent, None if given.get("forced") or not sent else check)
    begins = has_begun or came is not None
    if begins:
        begin(store, keys, invocation, program, came)
    to = {program.flow["start"]: begins}
    ensure(store, keys.route(GATE, invocation.slice, 0), documents.dump({"to": to, "again": False}))
    if invocation.route:
        with open(invocation.route, "wb") as file:
            file.write(documents.dump([step for step, goes in to.items() if goes]))
    return DONE


def did_not_begin(store: Store, keys: Keys) -> bool:
    """Whether it was decided that a run does not begin, so that there is nothing of it."""
    return not store.exists(keys.run()) and store.exists(keys.route(GATE, "s", 0))


def _admitted(
    store: Store, invocation: Invocation, program: CodePackage, came: Triggers, check: Callable[[Triggers], None] | None
) -> Triggers | None:
    """What started the run; None when it does not begin. Without a `check` somebody or a schedule starts it, and it begins at once."""
    key, run = gate(invocation.flow, _branch(program)), invocation.run
    needed = [*(f"run/{flow}" for flow in program.flow.get("upstream", [])), *(f"event/{name}" for name in program.flow.get("events", {}))]
    while True:
        version, state = _state(store, key)
        if run in state["decided"]:
            return state["decided"][run]["started"]  # type: ignore[no-any-return]
        if check is not None and (why := _refused(store, invocation, state, came)):
            print(f"this run does not begin: {why}", flush=True)
            return None
        waiting = dict(state["waiting"])
        for each in came:
            waiting[_name(each)] = _later(waiting.get(_name(each)), each)
        missing = [] if check is None else [name for name in needed if name not in waiting]
        started = None if missing else came if check is None else [*waiting.values()]
        if check is not None and started is not None:
            check(started)
        after = {**state, "decided": {**_remembered(state["decided"]), run: {"came": [*map(_identity, came)], "started": started}}}
        if check is not None:
            after["waiting"] = waiting if missing else {}
        if not missing:
            after |= {"run": run, "began": round(time.time(), 3)}
        data = documents.dump(after)
        if store.create(key, data) if version is None else store.replace_if(key, data, version):
            if missing:
                print(f"this run does not begin: it waits for {', '.join(name.partition('/')[2] for name in missing)}", flush=True)
            return started


def _later(before: dict[str, Any] | None, came: dict[str, Any]) -> dict[str, Any]:
    """The later one of two of a kind; the one that came last where nothing says when they were sent."""
    sent = before.get("timestamp", 0) if before is not None else 0
    return before if before is not None and "timestamp" in came and sent > came["timestamp"] else came


def _remembered(decided: dict[str, Any]) -> dict[str, Any]:
    """What was decided of the last runs; without what events carried, but for a few that may have to begin yet."""
    kept = [*decided.items()][1 - KEPT :]
    short = [(run, {**each, "started": each["started"] and triggers.recorded(each["started"])}) for run, each in kept[:-WHOLE]]
    return dict([*short, *kept[-WHOLE:]])


def _refused(store: Store, invocation: Invocation, state: dict[str, Any], came: list[dict[str, Any]]) -> str:
    """Why what came starts nothing: another run begins too soon, or this has come before. An engine may send an event twice."""
    before = [each for decided in state["decided"].values() for each in decided["came"] if each]
    known = [*filter(None, map(_identity, came))]
    if known and all(each in before for each in known):
        return "the same has come before"
    if _is_cooling(store, invocation, state):
        return f"run {state['run']} began less than {invocation.cooldown} seconds ago"
    return ""


def _identity(trigger: dict[str, Any]) -> list[str]:
    """What two triggers share when they are one; nothing where nothing tells."""
    if trigger["type"] == "run":
        return [trigger["flow"], trigger["run"]]
    return [trigger["name"], trigger["id"]] if "id" in trigger else []


def _branch(program: CodePackage) -> str:
    """What tells the branches of a project apart, "" without one."""
    name: str = program.flow.get("project", {}).get("project_flow_name", "")
    return name


def _name(trigger: dict[str, Any]) -> str:
    return f"{trigger['type']}/{trigger['flow'] if trigger['type'] == 'run' else trigger['name']}"


def _is_cooling(store: Store, invocation: Invocation, state: dict[str, Any]) -> bool:
    """Whether a run that did not fail has begun so recently that no other one may."""
    age = time.time() - state["began"]
    if not (invocation.cooldown and state["run"] and -PATIENCE <= age < invocation.cooldown):
        return False
    keys = Keys(invocation.flow, state["run"])
    try:
        return run_status(store, keys, run_record.document(store, keys)).status in ("running", "done")
    except Missing:
        return bool(age < SILENCE)  # its task may be about to write the record, or has failed
    except Corrupt:
        return True


def _state(store: Store, key: str) -> tuple[str | None, dict[str, Any]]:
    """The document with its version, which is asked for first; None where there is none."""
    try:
        version, data = store.entry(key).version, store.read(key)
    except Missing:
        return None, {"v": RECORDS, "waiting": {}, "decided": {}, "run": "", "began": 0}
    try:
        found = documents.load(data)
    except ValueError:
        found = None
    shape = {"v": int, "waiting": dict, "decided": dict, "run": str, "began": int | float}
    if not isinstance(found, dict) or not all(isinstance(found.get(name), kind) for name, kind in shape.items()):
        raise NonRetryable(f"`{key}` in {store.url} is damaged: delete it, and start the run again")
    if wrong := version_problem(found["v"], RECORDS, OLDEST_RECORDS):
        raise NonRetryable(f"`{key}` in {store.url} cannot be read: {wrong}")
    return version, found
