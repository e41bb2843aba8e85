"""The Pythons of this machine."""

from __future__ import annotations

import os

from flowport.runtime.environments import tools


def another_python() -> str:
    """The version of a Python that runs tasks and is not the one that runs the tests."""
    versions = [version for version in ("3.13", "3.12", "3.11", "3.10") if version != tools.this_python()]
    return next((version for version in versions if os.path.isabs(tools.python(version))), versions[0])
