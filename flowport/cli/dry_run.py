"""`flowport dry-run FLOW --target T`: the emitted files, run on this machine against an emulator of their engine."""

from __future__ import annotations

import signal
import sys

from flowport.cli.config import Config
from flowport.cli.engine import emit, fits, target
from flowport.cli.flow_file import FLOW, FlowFile, has_errors, open_flow, say
from flowport.cli.given import section
from flowport.cli.options import Command, Option, Values, WrongUse, page
from flowport.cli.place import is_folder, local_store_url, run_id
from flowport.cli.run import NOTES, OPTIONS, equipped, named_origin, need_origin, run_input, specs
from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.compiler.target import DryRun, Target
from flowport.runtime.store.open import open_store
from flowport.runtime.text import shown


def dry_run(values: Values) -> int:
    """Compile for one target and run what came of it; the exit status."""
    flow = open_flow(values)
    if values["help"]:
        print(page(COMMAND, [section(specs(flow.plan))]))
        return 0
    if values["target"] is None:
        raise WrongUse("`--target` is missing: on which engine?", "--target airflow, --target sfn, or --target argo")
    one = target(values["target"])
    for number in (signal.SIGTERM, signal.SIGHUP):
        # They end a run as Ctrl-C does, so that none of its tasks goes on; `nohup` is left its way.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    return one.dry_run(_request(flow, one, values))


def _request(flow: FlowFile, one: Target, values: Values) -> DryRun:
    document = run_input(flow.plan, values, named_origin(values))
    # That of the target's own table is where deployed flows keep theirs.
    store = _store(flow, values)
    flow = flow._replace(
        plan=equipped(flow.plan, values["with"]), config=flow.config._replace(settings={**one.stand_ins, **_settings(flow, one)})
    )
    lowered, found = fits(flow.plan, one, flow.config)
    if has_errors(found):
        raise CompileError(found)
    say(found)
    package = flow.package()
    need_origin(open_store(store), flow, document)
    return DryRun(
        emit(lowered, one, flow.config, package),
        flow.plan,
        package,
        flow.config.for_target(one.name),
        document["parameters"],
        run_id(values["run_id"]),
        store,
        _echo,
        document.get("origin_run"),
        document.get("from"),
        tuple(document.get("tags", ())),
        values["max_workers"],
        _show if values["logs"] else None,
    )


def _store(flow: FlowFile, values: Values) -> str:
    """The folder that keeps the run; a profile's store is often that of the real engine, and not meant then."""
    here = local_store_url(values, flow.config)
    if is_folder(here):
        return here
    if here == flow.config.shared_store:
        return local_store_url(values, Config())
    raise WrongUse(f"a dry run keeps its runs on this machine, and `{here}` is not a folder", "--store FOLDER")


def _settings(flow: FlowFile, one: Target) -> dict[str, object]:
    """The profile's settings, the target's own merged in."""
    return {
        **{key: value for key, value in flow.config.settings.items() if key in ("roots", "include")},
        **flow.config.for_target(one.name),
    }


def _show(line: str) -> None:
    print(shown(line), flush=True)


def _echo(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


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
