"""`flowport dry-run FLOW --target T`: the emitted files, run on this machine against an emulator of their engine."""

from __future__ import annotations

import signal
import sys
from typing import Any

from flowport.cli.config import Config
from flowport.cli.engine import options, prepare, target
from flowport.cli.flow_file import FLOW, FlowFile, has_errors, open_flow, say
from flowport.cli.given import section
from flowport.cli.options import Command, Option, Values, WrongUse, page
from flowport.cli.place import is_folder, local_store_url, run_id
from flowport.cli.run import NOTES, OPTIONS, equipped, named_origin, need_origin, run_input, specs
from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.compiler.target import DryRun, DryRunner, DryRunResult, TaskEnded
from flowport.runtime.store.open import open_store
from flowport.runtime.text import shown
from flowport.targets.registry import AnyTarget, targets


def dry_run(values: Values) -> int:
    """Compile for one target and run what came of it; the exit status."""
    flow = open_flow(values)
    if values["help"]:
        print(page(COMMAND, [section(specs(flow.plan))]))
        return 0
    if values["target"] is None:
        known = {name: one for name, one in targets().items() if one.dry_runner is not None}
        raise WrongUse("`--target` is missing: on which engine?", options(known))
    one = target(values["target"])
    runner: DryRunner[Any] | None = one.dry_runner
    if runner is None:
        raise WrongUse(
            f"flowport cannot run the files of {one.name} on this machine", f"flowport compile {values['flow']} --target {one.name}"
        )
    for number in (signal.SIGTERM, signal.SIGHUP):
        # They end a run as Ctrl-C does, so that none of its tasks goes on; `nohup` is left its way.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    request = _request(flow, one, values)
    return _ended(request, runner.run(request, _print))


def _request(flow: FlowFile, one: AnyTarget, values: Values) -> DryRun[Any]:
    document = run_input(flow.plan, values, named_origin(values))
    # That of the target's own table is where deployed flows keep theirs.
    store = _store(flow, values)
    flow = flow._replace(plan=equipped(flow.plan, values["with"]))
    prepared = prepare(flow.plan, one, flow.config, one.dry_run_defaults)
    if has_errors(prepared.diagnostics):
        raise CompileError(prepared.diagnostics)
    # What the defaults of a dry run make the target say is not about what the user wrote.
    own = prepare(flow.plan, one, flow.config).diagnostics
    say(tuple(found for found in prepared.diagnostics if found in own))
    package = flow.package()
    need_origin(open_store(store), flow, document)
    return DryRun(
        flow.plan,
        prepared.settings,
        package,
        document["parameters"],
        run_id(values["run_id"]),
        store,
        document.get("origin_run"),
        document.get("from"),
        tuple(document.get("tags", ())),
        values["max_workers"],
        values["logs"],
    )


def _store(flow: FlowFile, values: Values) -> str:
    """The folder that keeps the run; a profile's store is often that of the real engine, and not meant then."""
    here = local_store_url(values, flow.config)
    if is_folder(here):
        return here
    if here == flow.config.shared_store:
        return local_store_url(values, Config())
    raise WrongUse(f"a dry run keeps its runs on this machine, and `{here}` is not a folder", "--store FOLDER")


def _print(task: TaskEnded) -> None:
    """What tasks print goes to standard output, and what becomes of them to standard error."""
    name = f"{task.step}/{task.slice}"
    for line in task.log:
        print(shown(f"{name} | {line}"), flush=True)
    how = f"failed with exit status {task.exit_code}" if task.exit_code else task.taken_over or "done"
    _say(f"{name}{' (the rest of its loop)' if task.rest else ''} {how}")


def _ended(request: DryRun[Any], result: DryRunResult) -> int:
    """Say how a run ended; the exit status."""
    run = request.run_id
    resume = f"go on from what is done with --origin-run {run}" if result.resumable else ""
    match result.status:
        case "done":
            _say(f"run {run} is done")
        case "stopped":
            _say(f"run {run} was stopped" + (f"; {resume}" if resume else ""))
        case "unavailable" | "refused":
            _say(result.reason)
        case "failed":
            _failed(run, result, resume)
    return STATUS[result.status]


def _failed(run: str, result: DryRunResult, resume: str) -> None:
    for loss in result.lost:
        _say(f"the engine says that the run succeeded, but {loss}")
    if result.lost:
        return
    for item in result.failed:
        _say(f"\n{item.step}/{item.item}\n{item.story}")
    if result.more_failed:
        _say(f"\n{result.more_failed} more items failed")
    if result.last_output:
        _say(f"\n{result.last_output}")
    _say(f"\nrun {run} failed" + (f": {result.reason}" if result.reason else ""))
    if resume:
        _say(f"mend it, and {resume}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


STATUS = {"done": 0, "failed": 1, "unavailable": 1, "refused": 2, "stopped": 130}
"""The exit status of each end."""

COMMAND = Command(
    "dry-run", "run the compiled files on this machine: in Airflow, or on an emulator", dry_run, (FLOW,),
    (
        Option("target", "the engine", "NAME", short="t"),
        Option("logs", "show what tasks print, when each of them ends"),
        *OPTIONS,
        Option("origin-run", "take over what this run finished and what did not change since", "RUN"),
        Option("from", "with --origin-run: this step and what comes after it run again in any case", "STEP"),
    ),
    parameters=True,
    notes=NOTES,
)  # fmt: skip
