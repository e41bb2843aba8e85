"""A dry run: the emitted files on the emulator, and what came of them in the local store.

The emulator has a bucket of its own, in which tasks also find what is in the local store. What the run has left there is copied back at
the end, whether it succeeded or not, so that `flowport runs`, `logs` and `artifacts` show it like any other.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flowport.compiler.ir import JSON, Flow
from flowport.compiler.target import DryRun, DryRunResult, File, TaskEnded
from flowport.runtime.hooks.constants import COMMAND_WORD
from flowport.runtime.local.preload import leading
from flowport.runtime.protocol import ARRAY_INDEX, Invocation
from flowport.runtime.run.form import is_json
from flowport.runtime.store.keys import FLOWS
from flowport.targets.dry_run import Recorder
from flowport.targets.run_input import in_store
from flowport.targets.stepfunctions.emulator.bucket import Bucket
from flowport.targets.stepfunctions.emulator.emulator import Emulator, NotStarted
from flowport.targets.stepfunctions.settings import Settings
from flowport.targets.stepfunctions.states import NOT_RETRYABLE, TASK_FAILED
from flowport.targets.verify import Task

if TYPE_CHECKING:
    from flowport.targets.stepfunctions.emulator.account import Execution

WORKERS = 4


def dry_run(request: DryRun[Settings], files: tuple[File, ...], report: Callable[[TaskEnded], None]) -> DryRunResult:
    """Run the emitted files of a flow on the emulator."""
    recorder = Recorder(request, report)
    if (refused := recorder.refused()) is not None:
        return refused
    try:
        ended = _emulated(request, files, recorder)
    except NotStarted as error:
        return DryRunResult("unavailable", f"{error}\ninstall what it needs: pip install 'flowport[sfn-dry-run]'")
    except KeyboardInterrupt:
        return recorder.stopped()
    return recorder.result(None if ended.status == "SUCCEEDED" else _failure(ended))


def _emulated(request: DryRun[Settings], files: tuple[File, ...], recorder: Recorder) -> Execution:
    """Run it, and copy what it left, also when it is interrupted."""
    store = recorder.store

    def hear(event: dict[str, Any]) -> None:
        if event["event"] == "ended" and not is_hooks(event):
            recorder.ended(task(event), event["exit"], event["output"])

    with Emulator(request.max_workers or WORKERS, hear, store.url, libraries(request.plan.flow)) as account:
        deployed = account.deploy(files, request.settings.store)
        bucket = recorder.documents = Bucket(account, deployed)
        try:
            ended = account.run(deployed.machine, request.engine_run_id, _input(request, recorder))
            if deployed.exit_machine:  # here nothing sends the event that starts it
                account.run(deployed.exit_machine, request.engine_run_id, {"run": request.run_id, "status": ended.status})
            return ended
        finally:
            bucket.download(store, FLOWS)


def libraries(flow: Flow) -> list[tuple[str, list[str]]] | None:
    """The libraries that the flow's file imports before anything else; None where a process cannot be forked once it has imported any."""
    if sys.platform == "darwin":
        return None
    files = dict(flow.files)
    own = {part.removesuffix(".py") for path in files for part in path.split("/")}
    return list(leading(ast.parse(files[flow.file]).body, own))


def _input(request: DryRun[Settings], recorder: Recorder) -> dict[str, JSON]:
    """The input of the execution, as on AWS."""
    if reference := in_store(request, recorder.store, _says, shows_defaults=False):
        return {"input": reference}
    more: dict[str, JSON] = {"origin_run": request.origin_run, "from": request.from_step, "tags": list(request.tags)}
    more["scheduled_time"] = request.scheduled_time
    return {"parameters": request.parameters, **{name: value for name, value in more.items() if value}}


def _says(spec: dict[str, Any], value: JSON) -> bool:
    return is_json(value)


OF_TASKS = ("States.TaskFailed", TASK_FAILED, NOT_RETRYABLE)
"""The errors of tasks."""


def _failure(ended: Execution) -> str:
    """The message of the engine, without the cause if that is a task, whose own message is shown."""
    if ended.status == "TIMED_OUT":
        return "the run took longer than `TimeoutSeconds`, the setting `run_timeout`"
    return (ended.error or ended.status) + ("" if ended.error in OF_TASKS else f": {ended.cause}")


def is_hooks(event: Mapping[str, Any]) -> bool:
    """Whether a job's command is that of the exit hooks."""
    command = list(event["command"])
    return bool(command[command.index("flowport.runtime") + 1] == COMMAND_WORD)


def task(event: Mapping[str, Any]) -> Task:
    """The task that a job's command stands for; `event` says how the job began or ended."""
    command, index = event["command"], event["index"]
    environment = {} if index is None else {ARRAY_INDEX: str(index)}
    invocation = Invocation.parse(list(command[list(command).index("flowport.runtime") + 1 :]), environment)
    return Task(invocation.step, invocation.slice, invocation.block)
