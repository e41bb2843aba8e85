"""The options of every command that reads a flow, as one value: what they change in the flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowport.workspace.flow_file import Changes

OPTIONS = ("decorators", "config_files", "config_values", "run_config_parsers", "run_mutators", "branch", "production")
"""The names of these options in a context of click's (`shared_options.changes`)."""

LEADING: Mapping[str, int] = {
    "--config": 2,
    "--config-value": 2,
    "--run-config-parsers": 0,
    "--run-mutators": 0,
    "--with": 1,
    "--branch": 1,
    "--production": 0,
}
"""Those that may stand before the command too, as Metaflow writes them, with how many words belong to each."""


def changes(params: Mapping[str, Any]) -> Changes:
    """What the values of these options change; a value may be missing."""
    from flowport.workspace.branch import BranchChoice
    from flowport.workspace.flow_configs.choice import ConfigChoice
    from flowport.workspace.flow_file import Changes

    files, values = tuple(params.get("config_files") or ()), tuple(params.get("config_values") or ())
    configs = ConfigChoice(files, values, bool(params.get("run_config_parsers")))
    branch = BranchChoice(params.get("branch"), bool(params.get("production")))
    return Changes(tuple(params.get("decorators") or ()), configs, bool(params.get("run_mutators")), branch)


def behind_the_command(words: list[str]) -> list[str]:
    """`--config a b run flow.py` -> `run --config a b flow.py`."""
    at = 0
    while at < len(words) and words[at].partition("=")[0] in LEADING:
        name, equals, _ = words[at].partition("=")
        at += 1 if equals else 1 + LEADING[name]
    return [*words[at : at + 1], *words[:at], *words[at + 1 :]] if 0 < at < len(words) else words
