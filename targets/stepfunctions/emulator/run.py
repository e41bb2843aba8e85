"""A dry run: the emitted files on the emulator, and what came of them in the local store.

The emulator has a bucket of its own. Runs that results may be taken over from are copied there first, and the run is copied
back at the end, whether it succeeded or not, so that `flowport runs`, `logs` and `artifacts` show it like any other.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flowport.compiler.ir import JSON
from flowport.compiler.target import DryRun
from flowport.runtime.address import Keys
from flowport.runtime.contract import Invocation
from flowport.runtime.store import open_store
from flowport.runtime.tries import failures
from flowport.targets.stepfunctions.emulator.client import Emulator, Ended, NotStarted
from flowport.targets.stepfunctions.emulator.copies import Bucket, runs_before
from flowport.targets.stepfunctions.settings import settings
from flowport.targets.verify import Task, losses

if TYPE_CHECKING:
    from flowport.runtime.store import Store

DONE, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130
WORKERS = 4
SHOWN = 5


def dry_run(request: DryRun) -> int:
    """Run a flow on the emulator; the exit status: 0 done, 1 failed, 2 when the run id is taken, 130 interrupted."""
    store, keys = open_store(request.store), Keys(request.plan.flow.name, request.run_id)
    if store.exists(keys.run()) or store.exists(keys.input()):
        request.echo(f"there is a run `{request.run_id}` of {request.plan.flow.name} already; two runs with the same id cannot mix")
        return WRONG_USE
    progress = Progress(request)
    try:
        ended = _emulated(request, progress, store, keys)
    except NotStarted as error:
        request.echo(f"{error}\ninstall what it needs: pip install 'flowport[sfn-dry-run]'")
        return FAILED
    except KeyboardInterrupt:
        request.echo(f"run {request.run_id} was stopped; go on from what is done with --origin-run {request.run_id}")
        return INTERRUPTED
    return _outcome(request, ended, progress.done, store, keys)


def _emulated(request: DryRun, progress: Progress, store: Store, keys: Keys) -> Ended:
    """Run it, and copy what it left, also when it is interrupted."""
    flow = request.plan.flow.name
    with Emulator(request.max_workers or WORKERS, progress.hear, blobs=store.url) as account:
        deployed = account.deploy(request.files, settings(request.profile, flow).store)
        bucket = Bucket(account, deployed)
        if request.origin_run:
            bucket.fill(store, [Keys(flow, run).root for run in runs_before(store, flow, request.origin_run)])
        try:
            return account.run(deployed.machine, request.run_id, _input(request))
        finally:
            bucket.empty_into(store, keys.root)


def _input(request: DryRun) -> dict[str, JSON]:
    """What the execution is given, as somebody would give it on AWS."""
    more: dict[str, JSON] = {"origin_run": request.origin_run, "from": request.from_step, "tags": list(request.tags)}
    return {"parameters": request.parameters, **{name: value for name, value in more.items() if value}}


def _outcome(request: DryRun, ended: Ended, done: Iterable[Task], store: Store, keys: Keys) -> int:
    """Say how it ended; the engine's own word is not enough."""
    if ended.status != "SUCCEEDED":
        for failure in failures(store, keys.root)[:SHOWN]:
            request.echo(f"\n{failure['step']}/{failure['item']}\n{_story(failure)}")
        request.echo(f"\nrun {request.run_id} failed: {ended.error or ended.status}" + ("" if _told(ended) else f": {ended.cause}"))
        request.echo(f"mend it, and go on from what is done with --origin-run {request.run_id}")
        return FAILED
    lost = list(losses(request.plan, keys, store, set(done)))
    for loss in lost:
        request.echo(f"the machine succeeded, but {loss}")
    if not lost:
        request.echo(f"run {request.run_id} is done")
    return FAILED if lost else DONE


def _story(failure: Mapping[str, Any]) -> str:
    """The traceback of an item, with the user's files as they are called in the flow's folder."""
    text = str(failure.get("traceback") or failure.get("message"))
    return re.sub(r'File ".*/code/[0-9a-f]{64}/', 'File "', text).rstrip()


def _told(ended: Ended) -> bool:
    """Whether the failure is that of a task, which has told its story itself."""
    return ended.error in ("States.TaskFailed", "States.ExceedToleratedFailureThreshold")


def task(command: Sequence[str]) -> Task:
    """The task that a job's command stands for."""
    invocation = Invocation.parse(list(command[list(command).index("flowport.runtime") + 1 :]))
    return Task(invocation.step, invocation.slice, invocation.block)


class Progress:
    """Says a line for every task that ends, and keeps those that are done."""

    def __init__(self, request: DryRun) -> None:
        self._echo, self._lock = request.echo, threading.Lock()
        self.done: list[Task] = []

    def hear(self, event: dict[str, Any]) -> None:
        if event["event"] != "ended":
            return
        found = task(event["command"])
        with self._lock:
            if event["exit"] == 0:
                self.done.append(found)
            how = "done" if event["exit"] == 0 else f"failed with exit status {event['exit']}"
            self._echo(f"{found.step}/{found.slice}{' (the rest of its loop)' if found.rest else ''} {how}")
