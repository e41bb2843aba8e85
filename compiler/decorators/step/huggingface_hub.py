"""`@huggingface_hub(temp_dir_root=None, load=None, cache_scope="checkpoint")`: repositories of the Hugging Face Hub, kept in the store."""

from __future__ import annotations

import json
from typing import Any

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.ir import JSON, Hub, Repository, Settings
from flowport.compiler.ir.features import Feature
from flowport.compiler.record import replace

HUB = Feature("@huggingface_hub")
SCOPES = ("checkpoint", "flow", "global")
EXAMPLE = 'write `load=["org/name"]`, `load=[("org/name", "folder")]` or `load=[{"repo_id": "org/name", "revision": "main"}]`'


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    scope = arguments.text("cache_scope", "checkpoint") or "checkpoint"
    if scope not in SCOPES:
        listed = ", ".join(f"`{one}`" for one in SCOPES)
        message = f"`cache_scope` of `@huggingface_hub` is `{scope}`, and there are {listed}"
        arguments.say(arguments.named["cache_scope"][0], message, *did_you_mean(scope, SCOPES), 'write `cache_scope="flow"`')
        return so_far
    node, value = arguments.named.get("load", (arguments.use.node, None))
    given = [] if value is None else value if isinstance(value, list) else [None]
    found = [one for each in given if (one := _repository(each)) is not None]
    if len(found) < len(given):
        message = f"`load` of `@huggingface_hub` must be a list of ids, of dicts with `repo_id`, or of pairs, not `{value!r}`"
        arguments.say(node, message, EXAMPLE)
        return so_far
    return replace(so_far, hub=Hub(tuple(found), scope, arguments.text("temp_dir_root", "/tmp")))


def _repository(one: Any) -> Repository | None:
    """A repository; None if it is in no form that there is."""
    what, path = one if isinstance(one, tuple) and len(one) == 2 else (one, None)
    options = {"repo_id": what} if isinstance(what, str) else what
    if not isinstance(options, dict) or not isinstance(options.get("repo_id"), str) or not isinstance(path, str | None):
        return None
    try:
        text = json.dumps({name: value for name, value in options.items() if name != "repo_id"}, sort_keys=True)
    except TypeError:
        return None
    return Repository(options["repo_id"], text, path or "")


def _to_plan(settings: Settings) -> dict[str, JSON]:
    asked = settings.hub
    if asked is None:
        return {}
    load: list[JSON] = [[one.id, json.loads(one.options), one.path or None] for one in asked.load]
    return {"huggingface_hub": {"load": load, "cache_scope": asked.scope, "temp_dir_root": asked.temp_dir_root or None}}


HUGGINGFACE_HUB = Decorator(
    "huggingface_hub",
    ("temp_dir_root", "load", "cache_scope"),
    _read,
    {HUB: lambda settings: settings.hub is not None},
    to_plan=_to_plan,
)
