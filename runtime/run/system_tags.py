"""The tags that flowport itself gives a run: who or what started it, and with what. They never change."""

from __future__ import annotations

import os
import sys
import time

from flowport.runtime.names.current import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LOCAL = "local"
"""What the engine's name of a run on somebody's machine begins with, before a slash."""


def system_tags(flow: dict[str, Any], target: str, started: float) -> list[str]:
    """The tags of a run on a target; `flow` is the document of the flow in its code package.

    The first one is the run's namespace: that of a user, or on an engine that of the flow. A local run without a user has none.
    """
    from flowport import __version__

    version = ".".join([str(part) for part in sys.version_info[:3]])
    project = flow.get("project", {})
    namespace = f"user:{current.username}" if current.username else ""
    if target not in ("", LOCAL):
        namespace = f"production:{project.get('project_flow_name', flow['flow'])}"
    runtime = os.environ.get("METAFLOW_RUNTIME_NAME") or (target if target not in ("", LOCAL) else "dev")
    date = time.strftime("%Y-%m-%d", time.gmtime(started))
    found = [namespace, f"runtime:{runtime}", f"python_version:{version}", f"flowport_version:{__version__}", f"date:{date}"]
    if project:
        found += [f"project:{project['project_name']}", f"project_branch:{project['branch_name']}"]
    return [tag for tag in found if tag]
