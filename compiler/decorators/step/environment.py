"""`@environment(vars={"NAME": "value"})`: environment variables of a step."""

from __future__ import annotations

from collections.abc import Sequence

from flowport.compiler.decorators.arguments import Arguments, is_text
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.ir import JSON, Settings
from flowport.compiler.ir.features import Feature
from flowport.compiler.record import replace

VARIABLES = Feature("@environment")
OWN = "FLOWPORT_"
"""The prefix of the variables that flowport sets for a task."""


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    node, names = arguments.named.get("vars", (arguments.use.node, {}))
    if not isinstance(names, dict):
        arguments.say(node, "`vars` of `@environment` must be a dict of strings", 'write `vars={"NAME": "value"}`')
        return so_far
    for name, value in names.items():
        if not isinstance(name, str) or not name or {"=", "\0"} & set(name) or not is_text(name):
            arguments.say(node, f"`{name!r}` cannot be the name of an environment variable", 'write `vars={"NAME": "value"}`')
        elif name.startswith(OWN):
            arguments.say(
                node, f"the environment variable `{name}` is reserved for flowport", f"use a name that does not begin with `{OWN}`"
            )
        elif not isinstance(value, str) or "\0" in value or not is_text(value):
            arguments.say(node, f"the environment variable `{name}` must be a string, not `{value!r}`", f'write `"{name}": "{value}"`')
    good = {name: value for name, value in names.items() if isinstance(name, str) and isinstance(value, str)}
    return replace(so_far, environment=tuple(sorted(good.items())))


def _merge(group: Sequence[Settings], so_far: Settings) -> Settings:
    """The variables that are equal in all steps; the runtime sets the others for each step."""
    shared = tuple(pair for pair in group[0].environment if all(pair in settings.environment for settings in group))
    return replace(so_far, environment=shared)


def _to_plan(settings: Settings) -> dict[str, JSON]:
    return {"environment": dict(settings.environment)}


def _instead_of_variable(argument: str | None) -> tuple[str, ...]:
    return ("remove the variable from `vars`", 'on Argo, `@kubernetes(secrets=["NAME"])` sets the variables of a secret')


ENVIRONMENT = Decorator(
    "environment",
    ("vars",),
    _read,
    {VARIABLES: lambda settings: bool(settings.environment)},
    _merge,
    _to_plan,
    instead_of_variable=_instead_of_variable,
)
