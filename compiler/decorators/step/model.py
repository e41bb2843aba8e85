"""`@model(load=None, best_effort_load=False, temp_dir_root=None)`: a step that saves models, and loads those that artifacts refer to."""

from __future__ import annotations

from typing import Any

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.ir import JSON, Models, Settings
from flowport.compiler.ir.features import Feature
from flowport.compiler.record import replace

MODELS = Feature("@model")


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    node, value = arguments.named.get("load", (arguments.use.node, None))
    given = [] if value is None else value if isinstance(value, list | tuple) and not _is_pair(value) else [value]
    pairs = [pair for one in given if (pair := _pair(one)) is not None]
    if len(pairs) < len(given):
        message = f"`load` of `@model` must be a list of names of artifacts, or of pairs of a name and a folder, not `{value!r}`"
        arguments.say(node, message, 'write `load=["my_model"]` or `load=[("my_model", "models/mine")]`')
        return so_far
    best_effort = arguments.flag("best_effort_load")
    return replace(so_far, models=Models(tuple(pairs), best_effort, arguments.text("temp_dir_root", "/tmp")))


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and value[1] is None


def _pair(one: Any) -> tuple[str, str] | None:
    """The name of an artifact and its folder; None if it is neither a name nor a pair."""
    name, path = one if isinstance(one, list | tuple) and len(one) == 2 else (one, None)
    is_name = isinstance(name, str) and name.isidentifier()
    return (name, path or "") if is_name and isinstance(path, str | None) else None


def _to_plan(settings: Settings) -> dict[str, JSON]:
    asked = settings.models
    if asked is None:
        return {}
    load: list[JSON] = [[name, path or None] for name, path in asked.load]
    return {"model": {"load": load, "best_effort_load": asked.best_effort, "temp_dir_root": asked.temp_dir_root or None}}


MODEL = Decorator(
    "model",
    ("load", "best_effort_load", "temp_dir_root"),
    _read,
    {MODELS: lambda settings: settings.models is not None},
    to_plan=_to_plan,
)
