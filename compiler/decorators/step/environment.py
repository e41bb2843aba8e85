"""`@environment(vars={"NAME": "value"})`: environment variables of a step.

A value may be read from the environment, as in `os.environ["TOKEN"]`. The task does this, and never the compiler.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowport.compiler.decorators.arguments import Arguments, is_text
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.evaluate.environment import Forwarded
from flowport.compiler.ir import JSON, Settings
from flowport.compiler.ir.features import Feature
from flowport.compiler.ir.secrets import Read, Template
from flowport.compiler.record import replace

VARIABLES = Feature("@environment")
FORWARDED = Feature("@environment with variables that the task reads")
OWN = "FLOWPORT_"
"""The prefix of the variables that flowport sets for a task."""


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    node, names = arguments.named.get("vars", (arguments.use.node, {}))
    if not isinstance(names, dict):
        arguments.say(node, "`vars` of `@environment` must be a dict of strings", 'write `vars={"NAME": "value"}`')
        return so_far
    environment: dict[str, str] = {}
    forwarded: dict[str, Template] = {}
    for name, value in names.items():
        if not isinstance(name, str) or not name or {"=", "\0"} & set(name) or not is_text(name):
            arguments.say(node, f"`{name!r}` cannot be the name of an environment variable", 'write `vars={"NAME": "value"}`')
        elif name.startswith(OWN):
            arguments.say(
                node, f"the environment variable `{name}` is reserved for flowport", f"use a name that does not begin with `{OWN}`"
            )
        elif isinstance(value, Forwarded):
            forwarded[name] = value.template
        elif (text := _text(value)) is None:
            arguments.say(node, f"the environment variable `{name}` must be a string, not `{value!r}`", f'write `"{name}": "{value}"`')
        else:
            environment[name] = text
    return replace(so_far, environment=tuple(sorted(environment.items())), forwarded=tuple(sorted(forwarded.items())))


def _text(value: Any) -> str | None:
    """The text of a variable, as in Metaflow also that of a number; None if it cannot have this value."""
    text = str(value) if isinstance(value, int | float) else value
    return text if isinstance(text, str) and "\0" not in text and is_text(text) else None


def _merge(group: Sequence[Settings], so_far: Settings) -> Settings:
    """The variables that all steps have; the runtime sets those that differ for each step."""
    shared = tuple(pair for pair in group[0].environment if all(pair in settings.environment for settings in group))
    every = dict(pair for settings in group for pair in settings.forwarded)
    return replace(so_far, environment=shared, forwarded=tuple(sorted(every.items())))


def _to_plan(settings: Settings) -> dict[str, JSON]:
    environment: dict[str, JSON] = {"environment": dict(settings.environment)}
    return (
        {**environment, "forwarded": {name: _parts(template) for name, template in settings.forwarded}}
        if settings.forwarded
        else environment
    )


def _parts(template: Template) -> list[JSON]:
    """A template as the task reads it: texts, and for each read a table."""
    return [part if isinstance(part, str) else _document(part) for part in template]


def _document(read: Read) -> dict[str, JSON]:
    document: dict[str, JSON] = {"read": read.name}
    if read.default is not None:
        document["default"] = _parts(read.default)
    return {**document, "or_empty": True} if read.or_empty else document


def _instead_of_variable(argument: str | None) -> tuple[str, ...]:
    return ('the task itself reads `os.environ["NAME"]`, `os.getenv("NAME", "default")`, and an f-string or a sum of such texts',)


ENVIRONMENT = Decorator(
    "environment",
    ("vars",),
    _read,
    {VARIABLES: lambda settings: bool(settings.environment), FORWARDED: lambda settings: bool(settings.forwarded)},
    _merge,
    _to_plan,
    forwards=frozenset({"vars"}),
    instead_of_variable=_instead_of_variable,
)
