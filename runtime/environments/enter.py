"""A task goes on in the environment of its step, which it makes first if the node does not have it yet.

Where `FLOWPORT_ENVIRONMENTS` is `install`, no image has the packages. What a step asks for may be installed all the same: then its task
stays where it is.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from flowport.runtime.environments.create import environment
from flowport.runtime.environments.lock_file import read
from flowport.runtime.protocol import ENVIRONMENT, ENVIRONMENTS
from flowport.runtime.requirements.check import is_here

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowport.runtime.package.code_package import CodePackage


def python_of(program: CodePackage, plan: Mapping[str, Any]) -> str | None:
    """The Python in which a task of this step goes on, None for this one; raises EnvironmentProblem."""
    name = plan.get("locked")
    if not name or os.environ.get(ENVIRONMENT) == name or is_here(plan["packages"]):
        return None
    with open(os.path.join(program.folder, f"{ENVIRONMENTS}{name}.txt"), "rb") as file:
        lock = read(file.read())
    return environment(lock, lambda text: print(f"flowport: {text}", file=sys.stderr, flush=True))


def variables(python: str, name: str) -> dict[str, str]:
    """The environment variables of a process in an environment: its programs are found first, as after `activate`."""
    folder = os.path.dirname(os.path.dirname(python))
    path = os.environ.get("PATH", os.defpath)
    return {"VIRTUAL_ENV": folder, "PATH": f"{os.path.dirname(python)}{os.pathsep}{path}", ENVIRONMENT: name}
