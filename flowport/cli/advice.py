"""What is wrong with a command line or with what it asks for, in our words, and what to type instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from shlex import quote
from typing import TYPE_CHECKING

import click

from flowport.cli.command import Command
from flowport.compiler.ir.project import name_like
from flowport.workspace import errors

if TYPE_CHECKING:
    from flowport.targets.registry import AnyTarget


class WrongUse(errors.WorkspaceError):
    """A command line that a command cannot make sense of; `hint` is what to type."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def missing_target(question: str, able: Callable[[AnyTarget], bool]) -> WrongUse:
    """That `--target` is missing, with the targets that support the command."""
    from flowport.targets.registry import targets

    *first, last = (f"--target {name}" for name, target in targets().items() if able(target))
    return WrongUse(f"`--target` is missing: {question}?", f"{', '.join(first)} or {last}" if first else last)


def message_and_hint(error: click.UsageError | errors.WorkspaceError, program: str) -> tuple[str, str]:
    """The message about a mistake, and a hint, "" where there is none. `program` is the command so far: `flowport run`."""
    if isinstance(error, errors.WorkspaceError):
        return str(error), advice(error)
    return _of_click(error, program)


def advice(error: errors.WorkspaceError) -> str:
    """What to type instead."""
    match error:
        case errors.UnknownTarget(name=name, known=known):
            near = closest(name, [*known, *(alias for aliases in known.values() for alias in aliases)])
            listed = "the targets are " + ", ".join((*aliases, own)[0] for own, aliases in known.items())
            return f"{near} {listed}".strip()
        case errors.UnknownFlow(flow=flow, known=known):
            if flow.partition(":")[0].endswith(".py"):
                return "name the flow, and not its file: " + (", ".join(known) or "flowport runs")
            return closest(flow, known) or "flowport runs"
        case errors.UnknownRun(flow=flow) | errors.UnreadableRuns(flow=flow):
            return f"flowport runs {flow}".rstrip()
        case errors.NoRuns():
            return "flowport run FILE.py"
        case errors.EveryRunDone():
            return "name a run to reuse its results: flowport resume FILE.py RUN"
        case errors.StillRunning(flow=flow, run=run):
            return f"wait for it (flowport status {flow}/{run}), stop it, or add --force: what it finishes later is not reused"
        case errors.UnknownFlowFile(run=run):
            return f"flowport resume FILE.py {run}"
        case errors.UnknownStep(step=step, steps=steps):
            return closest(step, steps) or "its steps are " + ", ".join(steps)
        case errors.UnknownForeach(step=step, splits=splits):
            return closest(step, splits) or ("foreaches start from " + ", ".join(splits) if splits else "leave `--items` out")
        case errors.StepNeverRan(ran=ran):
            return f"the steps that ran in it are {', '.join(ran)}" if ran else "flowport run FILE.py"
        case errors.StepMoved(step=step):
            return f"run the flow, and then this step of the new run: flowport spin FILE.py {step}"
        case errors.OtherFlow(flow=flow):
            return f"name a run of {flow}, or the file of the other flow"
        case errors.IsSpin(origin=origin):
            return f"name run `{origin}`" if origin else "name the run that it is about"
        case errors.UnknownItem(step=step, flow=flow, run=run):
            return f"`flowport logs {flow}/{run}/{step}` shows its items: they are called `r.0`, `r.1`, ..., and `r` outside a foreach"
        case errors.UnknownCard(known=known):
            return "it has " + ", ".join(known)
        case errors.SeveralCards(fitting=fitting):
            names = [f"--id {id}" if id else f"--type {kind}" for id, kind in fitting]
            places = [f"--number {place}" if names.count(name) > 1 else name for place, name in enumerate(names, start=1)]
            return f"choose one of them: {', '.join(places)}"
        case errors.UnknownArtifact(name=name, known=known):
            return closest(name, known) or "it has " + ", ".join(sorted(known))
        case errors.NotAnAddress():
            return "FLOW/RUN/STEP/ITEM, from the left, such as DigitsFlow/20261121-071334-c8996f/train/r.3"
        case errors.NoStoreOfTarget(target=target):
            return f'write `store = "s3://..."` under [{target}], or add --store URL'
        case errors.StoresDiffer(targets=targets):
            return "one of " + ", ".join(f"--target {name}" for name in targets)
        case errors.StoreNotLocal():
            return "--store FOLDER"
        case errors.NoSecretsFile():
            return "create it with a line `NAME=value` for each secret, or remove the setting"
        case errors.NotDeployable(target=target, flow=flow):
            return f"flowport compile {flow} --target {target}"
        case errors.NoRoles():
            return "leave out --roles"
        case errors.NotOperable(target=target):
            return f"use the tools of {target}; `flowport status`, `logs` and `artifacts` read the store"
        case errors.NotAtEngine(flow=flow):
            return f"flowport runs {flow} --target TARGET lists those that have begun; --profile chooses other settings"
        case errors.NoTrigger(decorator=decorator, name=name, known=known, options=options):
            argument = "event" if decorator == "trigger" else "flow"
            put = f'put `@{decorator}({argument}="{name}")` above the class'
            return closest(name, known) or (f"it is started by {options}" if options else put)
        case errors.MissingTrigger(name=name, option=option):
            return f"add {option} {name}"
        case errors.BadRunId():
            return "use up to 255 letters, digits and -_.+=@!'(); it cannot begin with `-`, and cannot be `.` or `..`"
        case errors.BadCondition(hint=hint):
            return hint
        case errors.BadVariable(name=name, example=example):
            return f"export {name}={quote(example)}"
        case errors.BadBranch(branch=branch):
            return f"--branch {name_like(branch)[:60]}"
        case errors.NoBranch():
            return 'add --branch NAME or --production, or write `branch = "..."` or `production = true` in flowport.toml'
        case errors.NoProject():
            return 'write `@project(name="...")` above the class, or leave the option out'
        case errors.BadParameters():
            return _parameters(error)
        case errors.NoOrigin():
            return "--origin-run RUN --from STEP"
        case errors.NotAFolder(folder=folder) if folder.endswith(".py"):
            return f"flowport check {folder}"
        case errors.NoImages():
            return 'write `environments = "image"` and `repository = "registry.example.com/flows"` in flowport.toml'
        case errors.NoBuilder(programs=programs):
            return f"install one of them, or leave --build and --push out and build the folders where {programs[0]} is"
        case errors.FilesCollide():
            return 'give one of them another name: `@flow(name="...")`'
        case _:
            return error.hint if isinstance(error, WrongUse) else ""


def _parameters(error: errors.BadParameters) -> str:
    """The parameters that the flow has."""
    from flowport.cli.parameter_options import parameter_options

    if not error.specs:
        return "the flow has no parameters"
    ctx = click.Context(click.Command("run"), max_content_width=120)
    formatter = ctx.make_formatter()
    with formatter.section("Parameters of the flow"):
        formatter.write_dl([row for option in parameter_options(error.specs, [], set()) if (row := option.get_help_record(ctx))])
    return "\n" + formatter.getvalue().rstrip()


def _of_click(error: click.UsageError, program: str) -> tuple[str, str]:
    match error:
        case click.NoSuchOption(option_name=name, ctx=ctx):
            names = [option for param in ctx.command.params for option in param.opts] if ctx is not None else ()
            return f"there is no option `{name}`", closest(name, names) or f"{program} --help"
        case click.MissingParameter(param=param, ctx=ctx) if param is not None:
            name = f"`{param.opts[0]}`" if isinstance(param, click.Option) else param.human_readable_name
            return f"{name} is missing", _usage(ctx)
        case click.BadParameter(param=param, message=message) if param is not None:
            return f"option `{param.opts[0]}`: {_lower(message)}", ""
        case click.BadOptionUsage(option_name=name, ctx=ctx):
            option = next((one for one in ctx.command.get_params(ctx) if name in one.opts), None) if ctx is not None else None
            if isinstance(option, click.Option) and not option.is_flag and ctx is not None:
                return f"option `{name}` needs a value", f"{name} {option.metavar or option.human_readable_name}"
            return f"option `{name}` takes no value", ""
        case _:
            return _lower(error.message), _usage(error.ctx)


def _lower(message: str) -> str:
    """A message of click's as ours are: it begins small, has no full stop, and names stand in backticks."""
    text = message.rstrip(".").replace("'", "`")
    return text[:1].lower() + text[1:]


def _usage(ctx: click.Context | None) -> str:
    """How a command is written."""
    return ctx.command.usage(ctx) if ctx is not None and isinstance(ctx.command, Command) else ""


def closest(name: str, names: Iterable[str]) -> str:
    """A similar name, as a question; "" if there is none."""
    from flowport.compiler.diagnostics.suggestions import nearest

    near = nearest(name, names)
    return f"did you mean `{near}`?" if near else ""
