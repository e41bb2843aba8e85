"""The environments of all flows of a folder, which share its lock files."""

from __future__ import annotations

import os

from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.compiler.parse.flow_listing import list_flows
from flowport.workspace.config import find
from flowport.workspace.environments.lock import requests
from flowport.workspace.flow_file import Changes, check_flow


def used_beside(folder: str, profile: str | None) -> set[str]:
    """The names of the environments that flows directly in a folder ask for. A file with mistakes asks for none."""
    names: set[str] = set()
    for file in sorted(os.listdir(folder)):
        if file.endswith(".py") and not file.startswith("."):
            names |= _used(os.path.join(folder, file), profile)
    return names


def _used(path: str, profile: str | None) -> set[str]:
    try:
        flows = list_flows(path, find(os.path.dirname(os.path.abspath(path)), profile).roots)
    except CompileError:
        return set()
    checked = [check_flow(f"{path}:{flow.name}", profile, Changes(reads_locks=False)).flow for flow in flows]
    return {name for found in checked if found is not None for name in requests(found.plan)}
