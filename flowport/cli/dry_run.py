"""`flowport dry-run FLOW --target T`: the emitted files, run on this machine against an emulator of their engine."""

from __future__ import annotations

import sys

from flowport.cli.config import Config
from flowport.cli.engine import emit, fits, target
from flowport.cli.flow_file import FLOW, FlowFile, has_errors, open_flow, say
from flowport.cli.given import WrongParameters, explain, section
from flowport.cli.options import Command, Option, Values, WrongUse, page
from flowport.cli.place import run_id, store_url
from flowport.cli.run import NOTES, OPTIONS, Origin, equipped, known_step, run_input
from flowport.compiler.contract import flow_document
from flowport.compiler.diagnostics import Refused
from flowport.compiler.target import DryRun, Target


def dry_run(values: Values) -> int:
    """Compile for one target and run what came of it; the exit status."""
    flow = open_flow(values)
    specs = flow_document(flow.plan)["parameters"]
    if values["help"]:
        print(page(COMMAND, [section(specs)]))  # type: ignore[arg-type]
        return 0
    if values["target"] is None:
        raise WrongUse("`--target` is missing: on which engine?", "--target stepfunctions")
    if values["from"] and not values["origin_run"]:
        raise WrongUse("`--from` goes with `--origin-run`: it says which results of that run are not taken over")
    if values["from"]:
        known_step(flow.plan, values["from"])
    try:
        request = _request(flow, target(values["target"]), values, specs)
    except WrongParameters as error:
        explain(error, f"flowport dry-run {values['flow']}", specs)  # type: ignore[arg-type]
        return 2
    return target(values["target"]).dry_run(request)


def _request(flow: FlowFile, one: Target, values: Values, specs: object) -> DryRun:
    origin = Origin(values["origin_run"], values["from"]) if values["origin_run"] else None
    document = run_input(specs, values, origin)
    flow = flow._replace(
        plan=equipped(flow.plan, values["with"]), config=flow.config._replace(settings={**one.stand_ins, **_settings(flow, one)})
    )
    lowered, found = fits(flow.plan, one, flow.config)
    if has_errors(found):
        raise Refused(found)
    say(found)
    package = flow.package()
    store = _store(flow, values)
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
    )


def _store(flow: FlowFile, values: Values) -> str:
    """The folder that keeps the run; a profile's store is often that of the real engine, and not meant then."""
    here = store_url(values, flow.config)
    if _is_folder(here):
        return here
    if here == flow.config.store:
        return store_url(values, Config())
    raise WrongUse(f"a dry run keeps its runs on this machine, and `{here}` is not a folder", "--store FOLDER")


def _is_folder(url: str) -> bool:
    return "://" not in url or url.startswith("file:")


def _settings(flow: FlowFile, one: Target) -> dict[str, object]:
    """The profile's settings, the target's own merged in."""
    return {
        **{key: value for key, value in flow.config.settings.items() if key in ("roots", "include")},
        **flow.config.for_target(one.name),
    }


def _echo(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


COMMAND = Command(
    "dry-run", "run the compiled files on this machine, on an emulator of their engine", dry_run, (FLOW,),
    (
        Option("target", "the engine", "NAME", short="t"),
        *OPTIONS,
        Option("origin-run", "take over what this run finished and what did not change since", "RUN"),
        Option("from", "with --origin-run: this step and what comes after it run again in any case", "STEP"),
    ),
    parameters=True,
    notes=NOTES,
)  # fmt: skip
