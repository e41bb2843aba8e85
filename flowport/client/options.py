"""The arguments of `Runner` and `Deployer` as words of a command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flowport.workspace.branch import BranchChoice
from flowport.workspace.flow_configs.choice import ConfigChoice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

FLOWPORT = {
    "decospecs": "--with",
    "config": "--config",
    "config_value": "--config-value",
    "run_config_parsers": "--run-config-parsers",
    "run_mutators": "--run-mutators",
    "branch": "--branch",
    "production": "--production",
    "datastore_root": "--store",
    "store": "--store",
    "quiet": "--quiet",
}
"""The arguments that stand for options of flowport. Those that take two words are given as pairs."""

WITHOUT_EFFECT = ("datastore", "environment", "event_logger", "metadata", "monitor", "package_suffixes", "pylint")
"""Metaflow's arguments that choose parts of Metaflow."""

OF_A_RUN = {"tags": "--tag", "max_workers": "--max-workers", "run_id_file": "--run-id-file"}
RUN_WITHOUT_EFFECT = ("max_num_splits", "max_log_size", "user_namespace")

OF_A_SPIN = {"skip_decorators": "--skip-decorators", "artifacts_module": "--artifacts"}
SPIN_WITHOUT_EFFECT = ("max_log_size", "persist")

PAIRS = ("config", "config_value")
BRANCH = ("branch", "production")
FLAGS = ("production", "quiet", "run_config_parsers", "run_mutators", "skip_decorators")


def top_level(arguments: Mapping[str, Any]) -> list[str]:
    """The words for what Metaflow takes before its command; raises TypeError for an unknown argument."""
    if unknown := [name for name in arguments if name not in FLOWPORT and name not in WITHOUT_EFFECT]:
        known = ", ".join(f"`{name}`" for name in (*FLOWPORT, *WITHOUT_EFFECT))
        raise TypeError(f"there is no argument `{unknown[0]}`; the arguments are {known}")
    return list(_words(arguments, FLOWPORT))


def configs(arguments: Mapping[str, Any]) -> ConfigChoice:
    """The configs among the arguments that Metaflow takes before its command."""
    files, values = (_pairs(arguments.get(name) or ()) for name in PAIRS)
    return ConfigChoice(tuple(files), tuple(values), bool(arguments.get("run_config_parsers")))


def branch(arguments: Mapping[str, Any]) -> BranchChoice:
    """The branch of the flow's project among these arguments."""
    return BranchChoice(arguments.get("branch"), bool(arguments.get("production")))


def of_a_run(arguments: Mapping[str, Any], parameters: Iterable[str]) -> list[str]:
    """The words for the arguments of `run`: its options, and behind `--` the `parameters` of the flow. Raises TypeError for others."""
    return _with_parameters(
        {name: value for name, value in arguments.items() if name not in RUN_WITHOUT_EFFECT}, parameters, "run", OF_A_RUN
    )


def of_a_spin(arguments: Mapping[str, Any], parameters: Iterable[str]) -> list[str]:
    """The same for the arguments of `spin`."""
    given = {name: value for name, value in arguments.items() if name not in SPIN_WITHOUT_EFFECT}
    return _with_parameters(given, parameters, "spin", OF_A_SPIN)


def _with_parameters(given: Mapping[str, Any], parameters: Iterable[str], command: str, options: Mapping[str, str]) -> list[str]:
    names = {name.replace("-", "_"): name for name in parameters}
    if unknown := [name for name in given if name not in names and name not in options]:
        raise TypeError(
            f"the flow has no parameter `{unknown[0]}`; its parameters are {', '.join(f'`{name}`' for name in names) or 'none'}, "
            f"and the options of a {command} {', '.join(f'`{name}`' for name in options)}"
        )
    words = list(_words({name: value for name, value in given.items() if name not in names}, options))
    values = [(names[name], value) for name, value in given.items() if name in names and value is not None]
    return [*words, *(["--"] if values else []), *(word for name, value in values for word in (f"--{name}", text(value)))]


def text(value: Any) -> str:
    """The value of a parameter as it is typed: JSON for what is not a text."""
    return value if isinstance(value, str) else json.dumps(value)


def _pairs(given: Any) -> list[tuple[str, str]]:
    return [(str(key), text(value)) for key, value in (given.items() if isinstance(given, dict) else given)]


def _words(arguments: Mapping[str, Any], options: Mapping[str, str]) -> Iterator[str]:
    for name, value in arguments.items():
        if name not in options or value is None:
            continue
        if name in FLAGS:
            yield from [options[name]] if value else []
        elif name in PAIRS:
            for key, given in _pairs(value):
                yield from (options[name], key, given)
        else:
            for one in value if isinstance(value, (list, tuple)) else [value]:
                yield from (options[name], str(one))
