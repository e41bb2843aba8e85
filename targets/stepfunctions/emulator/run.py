"""A dry run: the emitted files on the emulator, and what came of them in the local store.

The emulator has a bucket of its own. Runs that results may be taken over from are copied there first, and the run is copied
back at the end, whether it succeeded or not, so that `flowport runs`, `logs` and `artifacts` show it like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowport.compiler.ir import JSON
from flowport.compiler.target import DryRun
from flowport.runtime.protocol import Invocation
from flowport.runtime.run.form import is_json
from flowport.runtime.store.keys import Keys
from flowport.targets.run_input import in_store
from flowport.targets.stepfunctions.emulator.bucket import Bucket, runs_before
from flowport.targets.stepfunctions.emulator.emulator import Emulator, NotStarted
from flowport.targets.stepfunctions.settings import settings
from flowport.targets.trial import FAILED, WRONG_USE, Trial
from flowport.targets.verify import Task

if TYPE_CHECKING:
    from flowport.targets.stepfunctions.emulator.account import Execution

WORKERS = 4


def dry_run(request: DryRun) -> int:
    """Run a flow on the emulator; the exit status is one of those in `trial`."""
    trial = Trial(request)
    if trial.taken():
        return WRONG_USE
    try:
        ended = _emulated(request, trial)
    except NotStarted as error:
        request.echo(f"{error}\ninstall what it needs: pip install 'flowport[sfn-dry-run]'")
        return FAILED
    except KeyboardInterrupt:
        return trial.stopped()
    return trial.outcome(None if ended.status == "SUCCEEDED" else _failure(ended))


def _emulated(request: DryRun, trial: Trial) -> Execution:
    """Run it, and copy what it left, also when it is interrupted."""
    flow, store = request.plan.flow.name, trial.store

    def hear(event: dict[str, Any]) -> None:
        if event["event"] == "ended":
            trial.ended(task(event["command"]), event["exit"], event["output"])

    with Emulator(request.max_workers or WORKERS, hear, blobs=store.url) as account:
        deployed = account.deploy(request.files, settings(request.profile, flow).store)
        bucket = trial.documents = Bucket(account, deployed)
        if request.origin_run:
            bucket.upload(store, [Keys(flow, run).root for run in runs_before(store, flow, request.origin_run)])
        try:
            return account.run(deployed.machine, request.run_id, _input(request, trial))
        finally:
            bucket.download(store, trial.keys.root)


def _input(request: DryRun, trial: Trial) -> dict[str, JSON]:
    """What the execution is given, as somebody would give it on AWS."""
    if reference := in_store(request, trial.store, _says, shows_defaults=False):
        return {"input": reference}
    more: dict[str, JSON] = {"origin_run": request.origin_run, "from": request.from_step, "tags": list(request.tags)}
    return {"parameters": request.parameters, **{name: value for name, value in more.items() if value}}


def _says(spec: dict[str, Any], value: JSON) -> bool:
    return is_json(value)


def _failure(ended: Execution) -> str:
    """The engine's own words, without the cause where that is a task, which has told its story itself."""
    if ended.status == "TIMED_OUT":
        return "the run took longer than `TimeoutSeconds`, the setting `run_timeout`"
    return (ended.error or ended.status) + ("" if ended.error == "States.TaskFailed" else f": {ended.cause}")


def task(command: Sequence[str]) -> Task:
    """The task that a job's command stands for."""
    invocation = Invocation.parse(list(command[list(command).index("flowport.runtime") + 1 :]))
    return Task(invocation.step, invocation.slice, invocation.block)
