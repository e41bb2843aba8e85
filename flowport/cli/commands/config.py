"""`flowport config schema`: the JSON Schema of flowport.toml, for editors."""

from __future__ import annotations

import json
from typing import NamedTuple

from flowport.cli.advice import WrongUse, closest
from flowport.cli.command import Argument, Command
from flowport.cli.console import write_document


class ConfigRequest(NamedTuple):
    """What to print about flowport.toml."""

    what: str


def config(request: ConfigRequest) -> int:
    """Print the JSON Schema."""
    if request.what != "schema":
        hint = closest(request.what, ("schema",)) or "flowport config schema"
        raise WrongUse(f"there is nothing called `{request.what}` to print", hint)
    from flowport.targets.registry import targets
    from flowport.targets.settings_schema import schema

    write_document(json.dumps(schema(targets()), indent=2, ensure_ascii=False) + "\n")
    return 0


COMMAND = Command(
    "config",
    "Print the JSON Schema of flowport.toml",
    ConfigRequest,
    config,
    (Argument("what", "schema: the JSON Schema, with which editors check and complete flowport.toml."),),
    examples=("flowport config schema > flowport.schema.json",),
)
