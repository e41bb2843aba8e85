"""A command about a flow whose parameters are options too: it opens the flow first, and then reads its command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from shlex import quote
from typing import Any, NamedTuple

import click

from flowport.cli.changes import changes
from flowport.cli.command import Command, Request, takes_one_value
from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.workspace.branch import BranchChoice, require_project
from flowport.workspace.errors import WorkspaceError
from flowport.workspace.flow_configs.choice import NO_CONFIGS, ConfigChoice
from flowport.workspace.flow_file import UNCHANGED, Changes, FlowFile, check_flow
from flowport.workspace.parameters import ParameterText, Spec, as_text, spellings
from flowport.workspace.spins.choose import Past

ALONE = "\0"
"""The value of a parameter that stands alone: no argument of a process can hold this character."""

OPTIONS = "flowport.parameters"
"""The name of the options of a flow's parameters in a context of click's."""

FREE = "flowport.free"
"""The names of options, in a context of click's, that are free for the parameters of the flow."""

OF_CONFIGS = {"config": "config_files", "config-value": "config_values", "run-config-parsers": "run_config_parsers"}
"""The options of configs: how they are written, and their names in a context of click's."""

OF_A_SCHEDULE = {"scheduled-time": "scheduled_time"}
"""That with the time for which a schedule would start a run."""

OF_TRIGGERS = {"trigger-from": "trigger_from", "event": "events"}
"""Those with what a trigger would start a run for."""

OF_A_PROJECT = {"branch": "branch", "production": "production"}
"""Those that choose the branch of a project."""

TYPES = {
    "str": "TEXT",
    "int": "NUMBER",
    "float": "NUMBER",
    "bool": "[true|false]",
    "json": "JSON",
    "list": "JSON",
    "dict": "JSON",
    "file": "PATH",
}


class FlowChoice(NamedTuple):
    """The options that decide which flow a command is about, as they were given."""

    flow: str | None
    profile: str | None
    run: str | None = None
    store: str | None = None
    target: str | None = None
    force: bool | None = None
    step: str | None = None
    item: str | None = None
    changes: Changes = UNCHANGED


class FlowSelection(NamedTuple):
    """The flow of a command. A command that finds the run to reuse, and the store with it, names them here, or the `past` of a spin."""

    flow: FlowFile
    origin_run: str | None = None
    store: str | None = None
    past: Past | None = None


class ParameterOption(click.Option):
    """An option for a parameter of a flow, or without `metavar` for an unknown one, which is reported with the other mistakes."""

    def __init__(
        self, parameter: str, names: Sequence[str], number: int, description: str = "", metavar: str = "", spec: Spec | None = None
    ) -> None:
        spec = spec or {}
        super().__init__(
            [*(f"--{name}" for name in names), f"parameter_{number}"],
            help=description,
            metavar=metavar,
            hidden=not metavar or "hidden" in spec,
            multiple="element" in spec,
            type=click.UNPROCESSED,
        )
        self.parameter = parameter

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        return None if self.hidden else (f"{self.opts[0]} {self.metavar}", self.help or "")


class FlowCommand(Command[Request]):
    """A command that takes the parameters of a flow. `open` opens the flow; for a page of help it returns None when none is named."""

    def __init__(
        self,
        name: str,
        summary: str,
        request: Callable[..., Request],
        run: Callable[[Request], int],
        params: Sequence[click.Parameter],
        open: Callable[[FlowChoice, bool], FlowSelection | None],
        help: str = "",
        examples: Sequence[str] = (),
    ) -> None:
        super().__init__(name, summary, request, run, params, help, examples)
        self.open = open

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return [*_own(super().get_params(ctx), ctx), *ctx.meta.get(OPTIONS, ())]

    def usage(self, ctx: click.Context) -> str:
        return f"{super().usage(ctx)} [--PARAMETER VALUE]..."

    def sections(self, ctx: click.Context) -> list[tuple[str, list[click.Parameter]]]:
        own = [(title, _own(params, ctx)) for title, params in super().sections(ctx)]
        return [*own, ("Parameters of the flow", ctx.meta.get(OPTIONS, []))]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = args.index("--") if "--" in args else len(args)
        words, rest = _joined(args[:at], self.params), _joined(args[at + 1 :], ())
        selection = self._select_flow(words) if not ctx.resilient_parsing else self._select_flow_if_possible(words)
        specs = selection.flow.parameters if selection else []
        ctx.meta[FREE] = _free(selection.flow) if selection else frozenset()
        params = _own(self.params, ctx)
        words = _joined(args[:at], params)
        own = {name for param in params if isinstance(param, click.Option) for name in param.opts}
        ctx.meta[OPTIONS] = parameter_options(specs, words, own)
        left = super().parse_args(ctx, words)
        texts = _texts(ctx.meta[OPTIONS], ctx)
        if rest:
            texts += self._after_dashes(ctx, specs, rest)
        if selection is not None:
            ctx.params.update({name: value for name, value in selection._asdict().items() if value is not None})
        ctx.params["parameters"] = tuple(texts)
        return left

    def _select_flow(self, words: list[str]) -> FlowSelection | None:
        """The flow that the words name: those of its parameters, which are not known yet, are passed over."""
        names = [param for param in self.params if isinstance(param, click.Option)]
        first = click.Command(self.name, params=[*names], add_help_option=False)
        settings: dict[str, Any] = {"ignore_unknown_options": True, "allow_extra_args": True, "resilient_parsing": True}
        seen = first.make_context(self.name, [word for word in words if word not in ("-h", "--help")], **settings)
        positional = [word for word in seen.args if not word.startswith("--")]
        named = zip([param.name for param in self.params if isinstance(param, click.Argument)], positional, strict=False)
        values = {**seen.params, **dict(named)}
        named_so = {name: values.get(name) for name in FlowChoice._fields if name != "changes"}
        choice = _without_free_options(FlowChoice(**named_so, changes=changes(values)))
        selection = self.open(choice, "-h" in words or "--help" in words)
        if selection is not None:
            _check_project(selection.flow, choice.changes.branch)
        return selection

    def _select_flow_if_possible(self, words: list[str]) -> FlowSelection | None:
        try:
            return self._select_flow(words)
        except (CompileError, WorkspaceError, StoreError, Missing, Corrupt, OSError):
            return None

    def _after_dashes(self, ctx: click.Context, specs: list[Spec], words: list[str]) -> list[ParameterText]:
        """The parameters behind `--`, which may be named like an option."""
        plain = [word for word in words if not word.startswith("--")]
        if plain:
            raise click.UsageError(f"`{plain[0]}` stands behind `--` without the name of a parameter", ctx)
        options = parameter_options(specs, words, set())
        inner = click.Command(self.name, params=[*options], add_help_option=False)
        with inner.make_context(self.name, list(words), parent=ctx) as found:
            return _texts(options, found)


def _own(params: Sequence[click.Parameter], ctx: click.Context) -> list[click.Parameter]:
    """Parameters of a command without the options that are free for parameters of the flow."""
    return [param for param in params if param.name not in ctx.meta.get(FREE, ())]


def _free(flow: FlowFile) -> frozenset[str]:
    """The options that a flow has parameters for and no use: of configs where it has no configs, of branches where it has no project."""
    unused = {
        **({} if flow.plan.flow.schedules else OF_A_SCHEDULE),
        **({} if flow.plan.flow.is_triggered else OF_TRIGGERS),
        **({} if flow.plan.flow.configs else OF_CONFIGS),
        **({} if flow.plan.flow.project else OF_A_PROJECT),
    }
    named = {one for spec in flow.parameters for one in spellings(spec["name"])}
    return frozenset(option for name, option in unused.items() if name in named)


def _check_project(flow: FlowFile, choice: BranchChoice) -> None:
    """Raise NoProject when a branch is chosen for a flow without a project, by options that are not its parameters."""
    free = _free(flow)
    branch = None if OF_A_PROJECT["branch"] in free else choice.branch
    require_project(flow.plan.flow, BranchChoice(branch, choice.production and OF_A_PROJECT["production"] not in free))


def _without_free_options(choice: FlowChoice) -> FlowChoice:
    """A choice in which `--config` gives no configs where it is the flow's parameter of this name."""
    given = choice.changes.configs
    if choice.flow is None or not (given.files or given.values):
        return choice
    looked = check_flow(choice.flow, choice.profile, Changes(configs=ConfigChoice(missing="ignore"))).flow
    is_free = looked is not None and not _free(looked).isdisjoint(OF_CONFIGS.values())
    return choice._replace(changes=choice.changes._replace(configs=NO_CONFIGS)) if is_free else choice


def parameter_options(specs: Sequence[Spec], words: Sequence[str], taken: set[str]) -> list[ParameterOption]:
    """The options for the parameters of a flow, but for the names that are `taken`; and for the names among the words that it lacks."""
    exact = {spec["name"] for spec in specs}
    used, options = set(taken), list[ParameterOption]()
    for spec in specs:
        names = [name for name in spellings(spec["name"]) if f"--{name}" not in used and (name == spec["name"] or name not in exact)]
        used.update(f"--{name}" for name in names)
        if names:
            metavar = spec.get("metavar") or TYPES[str(spec.get("element") or spec["kind"])]
            options.append(ParameterOption(spec["name"], names, len(options), describe(spec), metavar, spec))
    unknown = dict.fromkeys(name for word in words if word.startswith("--") and (name := word.partition("=")[0]) not in used)
    return [*options, *(ParameterOption(name[2:], [name[2:]], number) for number, name in enumerate(unknown, len(options)))]


def describe(spec: Spec) -> str:
    """What a page of help says of a parameter."""
    parts = [spec["help"].strip()] if spec["help"].strip() else []
    if spec["choices"]:
        parts.append("one of " + ", ".join(quote(as_text(choice)) for choice in spec["choices"]))
    if spec["computed"]:
        parts.append("default: computed when the run starts")
    elif spec.get("default") is not None and "hides_default" not in spec:
        parts.append(f"default: {quote(as_text(spec['default']))}")
    elif spec["required"]:
        parts.append("required")
    if "element" in spec:
        parts.append("may be given several times")
    if "separator" in spec:
        parts.append(f"several values are separated by {quote(spec['separator'])}")
    if "variables" in spec:
        parts.append("also read from " + ", ".join(spec["variables"]))
    return "; ".join(parts)


def _joined(words: Sequence[str], params: Sequence[click.Parameter]) -> list[str]:
    """`--alpha 3` -> `--alpha=3` for each name that is no option: so `--alpha -3` has a value, and a true one can do without."""
    options = {name: param for param in params if isinstance(param, click.Option) for name in param.opts}
    left, found = list(reversed(words)), list[str]()
    while left:
        found.append(left.pop())
        option = options.get(found[-1])
        if option is not None:
            wanted = option.nargs if takes_one_value(option) or option.multiple else 0
            found += [left.pop() for _ in range(min(wanted, len(left)))]
        elif found[-1].startswith("--") and "=" not in found[-1]:
            found[-1] += f"={left.pop() if left and not left[-1].startswith('--') else ALONE}"
    return found


def _texts(options: Sequence[ParameterOption], ctx: click.Context) -> list[ParameterText]:
    """The parameters that were given."""
    values = {option.parameter: ctx.params.pop(option.name or "", None) for option in options}
    texts = [(name, text) for name, value in values.items() for text in (value if isinstance(value, tuple) else [value])]
    return [ParameterText(name, None if text == ALONE else text) for name, text in texts if text is not None]
