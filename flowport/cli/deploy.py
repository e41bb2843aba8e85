"""`flowport deploy FLOW --target T`: the emitted files on their way to the scheduler that runs them."""

from __future__ import annotations

from flowport.cli.engine import options, prepare, target
from flowport.cli.flow_file import FLOW, PROFILE, has_errors, open_flow, say
from flowport.cli.options import Command, Option, Values, WrongUse
from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.compiler.target import Changes, Deployment
from flowport.targets.registry import targets


def deploy(values: Values) -> int:
    """Compile for one target and put what came of it where the profile says; the exit status."""
    if values["target"] is None:
        known = {name: one for name, one in targets().items() if one.deployer is not None}
        raise WrongUse("`--target` is missing: to which engine?", options(known))
    one = target(values["target"])
    deployer = one.deployer
    if deployer is None:
        raise WrongUse(f"flowport does not deploy to {one.name}", f"flowport compile {values['flow']} --target {one.name}")
    flow = open_flow(values)
    prepared = prepare(flow.plan, one, flow.config)
    if has_errors(prepared.diagnostics):
        raise CompileError(prepared.diagnostics)
    say(prepared.diagnostics)
    package = flow.package()
    files = one.compiler.emit(prepared.plan, prepared.settings, package)
    changes = deployer.plan(Deployment(files, flow.plan, package, prepared.settings))
    for note in changes.notes:
        print(note)
    if values["diff"]:
        return _show(changes)
    for change in deployer.apply(changes):
        print(f"{change.name} is {change.becomes}", flush=True)
    return 0


def _show(changes: Changes) -> int:
    """Say what would change; 1 when anything would."""
    for change in changes.changes:
        print(f"{change.name} {'is up to date' if change.becomes == 'unchanged' else f'would be {change.becomes}'}")
        if change.difference:
            print(change.difference)
    return int(any(change.becomes != "unchanged" for change in changes.changes))


COMMAND = Command(
    "deploy", "put the compiled files where the scheduler finds them", deploy, (FLOW,),
    (
        Option("target", "the engine", "NAME", short="t"),
        Option("diff", "change nothing; say what would change, and exit with 1 when anything would, with 2 when that is not known"),
        PROFILE,
    ),
    notes=("Where that is, the settings of the target say; docs/ has a page for each engine.",),
)  # fmt: skip
