"""A task goes on in the environment of its step, which it makes first if the node does not have it yet.

Where `FLOWPORT_ENVIRONMENTS` is `install`, no image has the packages. What a step asks for may be installed all the same: then its task
stays where it is. In a dry run the environments are there before, and `FLOWPORT_PYTHONS` names their Pythons.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from flowport.runtime.environments.create import environment
from flowport.runtime.environments.lock_file import read
from flowport.runtime.protocol import ENVIRONMENT, ENVIRONMENTS, PYTHONS
from flowport.runtime.requirements.check import is_here

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowport.runtime.package.code_package import CodePackage

ANOTHER = ("PYTHONPATH", "PYTHONHOME", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__")
"""Variables that say where another Python finds its modules, or which one it is."""


def python_of(program: CodePackage, plan: Mapping[str, Any]) -> str | None:
    """The Python in which a task of this step goes on, None for this one; raises EnvironmentProblem."""
    name = plan.get("locked")
    if PYTHONS in os.environ:
        python: str | None = json.loads(os.environ[PYTHONS]).get(name)
        return None if python is None or _is_this(python) else python
    if not name or os.environ.get(ENVIRONMENT) == name or is_here(plan["packages"]):
        return None
    with open(os.path.join(program.folder, f"{ENVIRONMENTS}{name}.txt"), "rb") as file:
        lock = read(file.read())
    return environment(lock, lambda text: print(f"flowport: {text}", file=sys.stderr, flush=True))


def inside(python: str, name: str, variables: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of a process in an environment, which begins with `variables` outside of it.

    Its programs are found first, as after `activate`, and nothing from elsewhere is imported.
    """
    kept = {key: value for key, value in variables.items() if key not in ANOTHER}
    path = os.pathsep.join([os.path.dirname(python), variables.get("PATH", os.defpath)])
    return {**kept, "VIRTUAL_ENV": _folder(python), "PATH": path, "PYTHONNOUSERSITE": "1", ENVIRONMENT: name}


def _is_this(python: str) -> bool:
    return os.path.realpath(_folder(python)) == os.path.realpath(sys.prefix)


def _folder(python: str) -> str:
    """The folder of the environment that a Python is in."""
    return os.path.dirname(os.path.dirname(python))
