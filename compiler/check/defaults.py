"""Do the parameters of a flow fit together: their names, defaults and choices?

Parameter("rate", type=int, default="3")      the default is 3: text is read as the command line would read it
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowport.compiler.diagnostics import Diagnostic
from flowport.compiler.ir import JSON, Computed, Flow, NoDefault, Parameter

OPTIONS = frozenset(
    ("help", "store", "profile", "run-id", "tag", "max-workers", "with", "origin-run", "from", "target", "no-fork", "quiet", "logs")
)
"""Options of `run` and `dry-run`: a parameter of that name is given after `--`."""
NAMES = frozenset({"next", "input", "index", "foreach_stack", "merge_artifacts"})
"""What every flow has already."""
TITLES = frozenset({"name", "script_name"})
"""What every flow has unless a step sets another: the names of the flow and of its file."""
WORDS = {**dict.fromkeys(("true", "t", "yes", "y", "1", "on"), True), **dict.fromkeys(("false", "f", "no", "n", "0", "off"), False)}


class Misfit(Exception):
    """A value that is not of the kind it should be."""


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
                help=("give each its own: the first argument of `Parameter`",),
            )
        if not name or name.startswith("-") or any(c.isspace() or c == "=" or not c.isprintable() for c in name):
            yield Diagnostic(
                "FP239",
                f"a parameter cannot be called `{name}`",
                parameter.span,
                help=(f'use letters, digits, `-` and `_`: `Parameter("{parameter.attribute}")`',),
            )
        elif name.replace("_", "-") in OPTIONS:
            yield Diagnostic(
                "FP238",
                f"the parameter `{name}` has the name of an option of `flowport run`",
                parameter.span,
                help=(f"give it after `--`: `flowport run {flow.file} -- --{name} value`", "or give the parameter another name"),
                severity="warning",
            )
        if parameter.attribute in NAMES:
            yield Diagnostic(
                "FP234",
                f"a parameter cannot be called `{parameter.attribute}`",
                parameter.span,
                ("every flow has that name already",),
                (f'give the attribute another name: `the_{parameter.attribute} = Parameter("{parameter.name}")`',),
            )
        yield from _values(parameter)


def _values(parameter: Parameter) -> Iterator[Diagnostic]:
    """The default and the choices against the kind, and the default against the choices."""
    if parameter.kind == "file":
        return
    for choice in parameter.choices:
        if (why := misfit(choice, parameter.kind)) is not None:
            yield Diagnostic(
                "FP237",
                f"the choice `{choice!r}` of `{parameter.attribute}` {why}",
                parameter.span,
                help=("write choices of the parameter's type",),
            )
    if isinstance(parameter.default, NoDefault | Computed):
        return
    why = misfit(parameter.default, parameter.kind)
    if why is not None:
        yield Diagnostic(
            "FP236",
            f"the default `{parameter.default!r}` of `{parameter.attribute}` {why}",
            parameter.span,
            help=("change the default, or `type=`",),
        )
    elif parameter.choices and parameter.default not in parameter.choices:
        listed = ", ".join(f"`{choice!r}`" for choice in parameter.choices)
        yield Diagnostic(
            "FP237",
            f"the default `{parameter.default!r}` of `{parameter.attribute}` is not one of its choices",
            parameter.span,
            help=(f"the choices are {listed}",),
        )


def misfit(value: object, kind: str) -> str | None:
    """Why a value is not of a kind, or None when it is."""
    try:
        as_kind(value, kind)
    except Misfit as error:
        return str(error)
    return None


def as_kind(value: Any, kind: str) -> Any:
    """The value as its kind, read from text where it is text; raises Misfit."""
    match kind:
        case "int" | "float":
            return _number(value, kind)
        case "bool":
            known = (
                WORDS.get(value.strip().lower())
                if isinstance(value, str)
                else bool(value)
                if isinstance(value, bool) or value in (0, 1)
                else None
            )
            if known is None:
                raise Misfit("is not true or false")
            return known
        case "json" | "list" | "dict":
            return _json(value, kind)
        case _:
            if not isinstance(value, str | bool | int | float):
                raise Misfit("is not a text")
            return str(value)


def _number(value: Any, kind: str) -> int | float:
    wanted = "a whole number" if kind == "int" else "a number"
    if isinstance(value, float) and kind == "int" and not value.is_integer():
        raise Misfit(f"is not {wanted}")
    if not isinstance(value, str | int | float):
        raise Misfit(f"is not {wanted}")
    try:
        return int(value) if kind == "int" else float(value)
    except (ValueError, OverflowError):
        raise Misfit(f"is not {wanted}") from None


def _json(value: Any, kind: str) -> JSON:
    import json

    try:
        found: Any = json.loads(value) if isinstance(value, str) else value
        json.dumps(found)
    except (ValueError, TypeError):
        raise Misfit("is not JSON") from None
    found = list(found) if isinstance(found, tuple) else found
    for name, needed in (("list", list), ("dict", dict)):
        if kind == name and not isinstance(found, needed):
            raise Misfit(f"is not a {name}")
    read: JSON = found
    return read
