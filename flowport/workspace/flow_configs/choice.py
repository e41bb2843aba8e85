"""Where the values of configs come from: the command line, variables of the shell, the profile, and the run that is resumed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from flowport.compiler.configs.sources import ConfigSources, Given, Missing
from flowport.compiler.configs.texts import FILES, VALUES, read_variable
from flowport.workspace.config import Config
from flowport.workspace.errors import BadVariable
from flowport.workspace.flow_configs.parsers import run_parsers


class ConfigChoice(NamedTuple):
    """What a request says of configs: their files and their values, each with its name, and whether parsers of the user's own may run.

    `earlier` are the values of the run that is resumed. `missing` says what it is when a config has no value.
    """

    files: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    run_parsers: bool = False
    earlier: Mapping[str, Any] = {}
    missing: Missing = "warning"


NO_CONFIGS = ConfigChoice()


def sources(choice: ConfigChoice, config: Config) -> ConfigSources:
    """The same as the compiler takes it; raises WorkspaceError for a variable that cannot be read."""
    profile = config.settings.get("configs", {})
    given = Given(dict(choice.files), dict(choice.values))
    variables = Given(_variable(FILES), _variable(VALUES))
    return ConfigSources(
        given, variables, profile, config.folder, choice.earlier, run_parsers if choice.run_parsers else None, choice.missing
    )


def _variable(name: str) -> Mapping[str, str]:
    try:
        return read_variable(os.environ.get(name, ""))
    except ValueError:
        example = '{"config": "config.json"}' if name == FILES else '{"config": {"rate": 0.1}}'
        raise BadVariable(name, "is not a JSON object", example) from None
