"""The ids of runs in the store, where an engine's own are not enough.

Engines give ids to the runs of one deployment: Airflow calls the runs of two DAGs at the same minute the same. The branches of a project
have their runs in one folder of the store, so the id of an engine has their name in front:

    demo.prod-scheduled__2026-11-28T06:00:00+00:00
"""

from __future__ import annotations

from flowport.compiler.ir import Flow, OnFinish
from flowport.compiler.lower.names import legal

LONGEST = 60
"""Characters of what stands in front. Run ids have at most 255, and those of Airflow up to 250, of which few are long."""


def run_prefix(flow: Flow) -> str:
    """What stands before the ids that an engine gives to runs of a flow; "" for a flow without a project.

    It ends in the only `-`, so that no two branches share an id whatever the engine's own is.
    """
    if flow.project is None:
        return ""
    return branch_prefix(flow.project.name, flow.project.branch_name)


def upstream_prefix(flow: Flow, source: OnFinish) -> str:
    """What stands before the ids that an engine gives to runs of the flow that a trigger names."""
    branch = flow.branch_of(source)
    return branch_prefix(*branch) if branch else ""


def branch_prefix(project: str, branch_name: str) -> str:
    """What stands before the ids of the runs of a branch of a project; the names are as `current` has them."""
    branch = f"{project}.{branch_name}"
    return legal(branch, "A-Za-z0-9_.", LONGEST).replace("-", "=") + "-"
