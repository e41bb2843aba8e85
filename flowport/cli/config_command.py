"""`flowport config schema`: the JSON Schema of flowport.toml, for editors."""

from __future__ import annotations

import json

from flowport.cli.console import write_document
from flowport.cli.options import Argument, Command, Values, WrongUse, closest


def config(values: Values) -> int:
    """Print what was asked for."""
    if values["what"] != "schema":
        hint = closest(values["what"], ("schema",)) or "flowport config schema"
        raise WrongUse(f"there is nothing called `{values['what']}` to print", hint)
    from flowport.targets.registry import targets
    from flowport.targets.settings_schema import schema

    write_document(json.dumps(schema(targets()), indent=2, ensure_ascii=False) + "\n")
    return 0


COMMAND = Command("config", "print the JSON Schema of flowport.toml", config, (Argument("WHAT", "schema: the JSON Schema, for editors"),))
