"""Checks the names, defaults and choices of parameters.

Parameter("rate", type=int, default="3")      the default is 3: a string is read as the command line would read it
"""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Computed, Flow, NoDefault, Parameter
from flowport.compiler.ir.parameter_kinds import misfit

OPTIONS = frozenset(
    (
        "help",
        "store",
        "profile",
        "run-id",
        "run-id-file",
        "run-mutators",
        "tag",
        "max-workers",
        "with",
        "origin-run",
        "from",
        "target",
        "no-fork",
        "quiet",
        "logs",
        "force",
        "scheduled-time",
    )
)
"""Options of `run` and `dry-run`: a parameter with such a name must be given after `--`."""
OF_CONFIGS = frozenset(("config", "config-value", "run-config-parsers"))
"""Options that are a parameter's own where the flow has no configs."""
OF_TRIGGERS = frozenset(("trigger-from", "event"))
"""Options that are a parameter's own where nothing triggers the flow."""
OF_A_PROJECT = frozenset(("branch", "production"))
"""Options that only flows with `@project` have."""
NAMES = frozenset({"next", "input", "index", "foreach_stack", "merge_artifacts"})
"""Attributes that every flow already has."""
TITLES = frozenset({"name", "script_name", "_current_step", "_foreach_stack", "_graph", "_datastore"})
"""Attributes that every flow has unless a step sets them: names of the flow, its file and the step, the foreaches, the graph, the store."""


def check_parameters(flow: Flow) -> Iterator[Diagnostic]:
    """What is wrong with the parameters of a flow."""
    seen: dict[str, Parameter] = {}
    for parameter in flow.parameters:
        name = parameter.name
        other = seen.setdefault(name.replace("_", "-").lower() if isinstance(name, str) else "", parameter)
        if other is not parameter:
            yield Diagnostic(
                "FP235",
                f"the parameters `{other.attribute}` and `{parameter.attribute}` have the same name, `{name}`",
                parameter.span,
                help=("rename one of them: the name is the first argument of `Parameter`",),
            )
        if not name or name.startswith("-") or any(c.isspace() or c == "=" or not c.isprintable() for c in name):
            yield Diagnostic(
                "FP239",
                f"a parameter cannot be called `{name}`",
                parameter.span,
                help=(f'use letters, digits, `-` and `_`: `Parameter("{parameter.attribute}")`',),
            )
        elif name.replace("_", "-") in _options(flow):
            yield Diagnostic(
                "FP238",
                f"the parameter `{name}` has the same name as an option of `flowport run`",
                parameter.span,
                help=(f"give it after `--`: `flowport run {flow.file} -- --{name} value`", "or rename the parameter"),
                severity="warning",
            )
        if parameter.attribute in NAMES:
            yield Diagnostic(
                "FP234",
                f"a parameter cannot be called `{parameter.attribute}`",
                parameter.span,
                ("every flow already has this name",),
                (f'rename the attribute: `the_{parameter.attribute} = Parameter("{parameter.name}")`',),
            )
        yield from _values(parameter)


def _options(flow: Flow) -> frozenset[str]:
    """The options of the commands that run a flow."""
    further = ((OF_CONFIGS, flow.configs), (OF_TRIGGERS, flow.is_triggered), (OF_A_PROJECT, flow.project))
    return OPTIONS.union(*(names for names, is_theirs in further if is_theirs))


def _values(parameter: Parameter) -> Iterator[Diagnostic]:
    """Checks the default and the choices against the type, and the default against the choices."""
    if parameter.kind == "file":
        return
    for choice in parameter.choices:
        if (why := misfit(choice, parameter.element or parameter.kind)) is not None:
            yield Diagnostic(
                "FP237",
                f"the choice `{choice!r}` of `{parameter.attribute}` {why}",
                parameter.span,
                help=("use choices of the same type as the parameter",),
            )
    if isinstance(parameter.default, NoDefault | Computed):
        return
    values = parameter.default if parameter.element and isinstance(parameter.default, list) else [parameter.default]
    kinds = [(parameter.default, parameter.kind), *((value, parameter.element) for value in values if parameter.element)]
    why = next(filter(None, (misfit(value, kind) for value, kind in kinds)), None)
    if why is not None:
        yield Diagnostic(
            "FP236",
            f"the default `{parameter.default!r}` of `{parameter.attribute}` {why}",
            parameter.span,
            help=("change the default, or `type=`",),
        )
    elif parameter.choices and any(value not in parameter.choices for value in values):
        listed = ", ".join(f"`{choice!r}`" for choice in parameter.choices)
        yield Diagnostic(
            "FP237",
            f"the default `{parameter.default!r}` of `{parameter.attribute}` is not one of its choices",
            parameter.span,
            help=(f"the choices are {listed}",),
        )
