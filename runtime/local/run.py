"""One run on this machine, from the unpacked code package to the exit status. Compiling and packaging happen before."""

from __future__ import annotations

import json
import os
import tempfile
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.runtime.live.local_signs import LocalSigns
from flowport.runtime.local.console import Console
from flowport.runtime.local.coordinator import Coordinator
from flowport.runtime.local.routes import Routes
from flowport.runtime.local.run_spec import RunSpec
from flowport.runtime.local.servers import Servers
from flowport.runtime.local.source import note
from flowport.runtime.local.summary import explain
from flowport.runtime.local.worker_channel import ServerLost
from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.protocol import LIVE, VersionError, interval
from flowport.runtime.records.life import LOCAL_PERIOD, write_end, write_heartbeat
from flowport.runtime.records.reuse import share
from flowport.runtime.run.labels import FirstManifests, Labels
from flowport.runtime.store.errors import StoreError
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store
from flowport.runtime.table.rows import enter_unfinished

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flowport.runtime.local.attempt import Attempt
    from flowport.runtime.local.worker_channel import WorkerChannel
    from flowport.runtime.records.life import End
    from flowport.runtime.store.interface import Store

DONE, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130
"""The exit statuses of a run."""


class Request(NamedTuple):
    """What shall run, and how.

    `folder` is the unpacked code package, `code` its digest, `source` the folder of the user's own files ("" for none).
    `document` is the run's input: its parameters and, when it takes over results, `origin_run` and `from`.
    `argument` names the flow on a command line; `again` is what the commands about this run, which are suggested, have to repeat.
    `secrets` says where tasks find secrets (`runtime/secrets/sources.py`). `pythons` are the Pythons of environments, by name: the steps
    of these run there, and all others in this one.
    """

    folder: str
    code: str
    source: str
    store: str
    run: str
    document: dict[str, Any]
    argument: str
    workers: int
    fork: bool = True
    quiet: bool = False
    again: str = ""
    secrets: str = ""
    pythons: Mapping[str, str] = MappingProxyType({})


ELSEWHERE = "import a module that not all environments have inside of the steps that use it, or add its package to the other steps"
"""What to do about a module that is not in all environments of a flow, which is imported in each of them."""


def run(request: Request) -> int:
    """Run a flow; the exit status: 0 done, 1 failed, 2 when the run id is taken, 130 when it was interrupted."""
    with tempfile.TemporaryDirectory(prefix="flowport-") as scratch:
        return _run(request, CodePackage.unpacked(request.folder), scratch)


def _run(request: Request, program: CodePackage, scratch: str) -> int:
    # The servers are started first: they import the flow while this process opens the store.
    plan = program.plan
    folder = _folder(request.store)
    spec = RunSpec(
        flow=plan["flow"],
        run=request.run,
        store=request.store,
        code=request.code,
        folder=request.folder,
        source=request.source,
        engine=f"local/{os.urandom(16).hex()}",
        logs=folder or scratch,
        workers=request.workers,
        fork=request.fork,
        again=request.again,
        secrets=request.secrets,
    )
    servers = Servers(spec, plan, request.pythons)
    try:
        store = open_store(request.store)
        keys = Keys(spec.flow, spec.run)
        labels = Labels(plan["body"], FirstManifests(store, keys))
        console = Console(spec, labels, None if folder else store, plan["body"], request.quiet)
        if store.exists(keys.input()) or store.exists(keys.run()) or store.folders(keys.steps):
            return _taken(console, spec)
        if not _imported(spec, servers, console):
            return FAILED
        # Two runs that begin at once with the same id differ in their engine.
        if not store.create(keys.input(), json.dumps({**request.document, "engine": spec.engine}).encode()):
            return _taken(console, spec)
        note(store, spec.flow, spec.run, request.argument)
        routes = Routes(program, store, keys, resumed=bool(request.document.get("origin_run")))
        pulse = Pulse(store, spec, console)
        try:
            status = _conduct(Coordinator(spec, plan, servers, routes, console, pulse), store)
        finally:
            pulse.close()
    finally:
        servers.close()
    if program.flow.get("hooks", {}).get("success" if status == DONE else "error"):
        from flowport.runtime.local.hooks import call_hooks

        call_hooks(console, store, request.pythons, {DONE: "done", INTERRUPTED: "stopped"}.get(status, "failed"))
    return status


def _folder(store: str) -> str | None:
    """Where a folder store is; None for any other store, which is not even opened to tell."""
    return None if "://" in store and not store.startswith("file:") else open_store(store).url


def _taken(console: Console, spec: RunSpec) -> int:
    console.error(f"there is a run `{spec.run}` of {spec.flow} already; two runs with the same id cannot mix: choose another `--run-id`")
    return WRONG_USE


def _imported(spec: RunSpec, servers: Servers, console: Console) -> bool:
    """Wait until every server has imported the flow, and show what the flow prints."""
    broken = [channel for channel in servers.channels if not _ready(channel)]
    for channel in broken:
        printed = channel.printed() or "its process ended while it was imported"
        where = servers.where(channel)
        hint = f"\n{ELSEWHERE}" if where and "ModuleNotFoundError" in printed else ""
        console.error(f"{spec.flow} cannot be imported{where}\n{printed.rstrip()}{hint}")
    if broken:
        return False
    if printed := servers.printed():
        console.say(printed)
    return True


def _ready(channel: WorkerChannel) -> bool:
    """Wait until a server has imported the flow; False if it cannot."""
    try:
        return next(channel.receive())[0] != "broken"
    except ServerLost:
        return False


class Pulse:
    """Says from time to time that the run lives, and which tasks do; a store that refuses it does not stop the run."""

    def __init__(self, store: Store, spec: RunSpec, console: Console) -> None:
        self._store, self._keys, self._console = store, Keys(spec.flow, spec.run), console
        every = interval(spec.store, os.environ.get(LIVE))
        self._signs = LocalSigns(store, self._keys, every, lambda task: spec.log(task.step, task.slice, task.attempt), console)
        self._next_at = 0.0
        self(())

    def close(self) -> None:
        """At the end of the run."""
        self._signs.close()

    def __call__(self, running: Iterable[Attempt]) -> None:
        self._signs.look(running)
        if time.monotonic() < self._next_at:
            return
        self._next_at = time.monotonic() + LOCAL_PERIOD
        try:
            write_heartbeat(self._store, self._keys, is_local=True)
        except StoreError as error:
            self._console.error(f"the heartbeat of this run is not kept: {error}")


def _conduct(coordinator: Coordinator, store: Store) -> int:
    spec, console = coordinator.spec, coordinator.console
    console.say(f"run {spec.run} of {spec.flow}")
    began = time.monotonic()
    try:
        coordinator.run()
    except VersionError as error:
        coordinator.abandon()
        console.close()
        console.error(f"{error}\n{coordinator.servers.printed()}".rstrip())
        _keep_end(store, console, spec, FAILED)
        return _unfinished(console, spec, FAILED)
    except ServerLost as lost:
        coordinator.abandon(lost.channel)
        console.close()
        where = coordinator.servers.where(lost.channel)
        console.error(f"the process that starts tasks{where} is gone, and every task with it\n{coordinator.servers.printed()}".rstrip())
        _keep_end(store, console, spec, FAILED)
        return _unfinished(console, spec, FAILED)
    console.close()
    if coordinator.scheduler.finished:
        reuse = share(store, Keys(spec.flow, spec.run)) if coordinator.routes.resumed else None
        reused = f", {reuse.items} of {reuse.of}{'+' if reuse.more else ''} items taken over from {', '.join(reuse.runs)}" if reuse else ""
        console.say(f"run {spec.run} is done: {_count(coordinator.done)} in {time.monotonic() - began:.1f} s{reused}")
        return DONE
    status = INTERRUPTED if coordinator.interrupted else FAILED
    _keep_end(store, console, spec, status)
    for text in (*explain(store, console, coordinator.failed), coordinator.servers.printed()):
        if text:
            console.error(text)
    return _unfinished(console, spec, status)


def _keep_end(store: Store, console: Console, spec: RunSpec, status: int) -> None:
    """Say in the store how the run has ended; the task of the last step has done so where it came so far."""
    try:
        end: End = "stopped" if status == INTERRUPTED else "failed"
        write_end(store, Keys(spec.flow, spec.run), end)
        enter_unfinished(store, Keys(spec.flow, spec.run), end)
    except StoreError as error:
        console.error(f"the end of this run is not kept: {error}")


def _count(tasks: int) -> str:
    return f"{tasks} task" + "s" * (tasks != 1)


def _unfinished(console: Console, spec: RunSpec, status: int) -> int:
    what = "was stopped" if status == INTERRUPTED else "failed"
    console.error(f"run {spec.run} {what}; resume it: flowport resume {spec.flow}/{spec.run}{spec.again}")
    return status
