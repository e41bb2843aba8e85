"""The Pythons in which the steps of a flow run on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flowport.compiler.environments.locks import request
from flowport.compiler.ir import Step


def pythons(steps: Iterable[Step], say: Callable[[str], object]) -> dict[str, str]:
    """The path of a Python by the name of the environment; raises EnvironmentProblem.

    Environments are made where they are not there yet, and `say` gets a sentence first. What a step asks for may be installed in this
    Python: then it runs in it. So does a step without a lock file, whose task says what is missing.
    """
    asked = (step.settings.requirements for step in steps)
    locked = {each.lock.name: (each, each.lock) for each in asked if each is not None and each.lock is not None}
    found: dict[str, str] = {}
    for name, (each, lock) in locked.items():
        from flowport.runtime.environments.create import environment
        from flowport.runtime.environments.lock_file import read
        from flowport.runtime.requirements.check import is_here

        if not is_here(request(each).document()):
            found[name] = environment(read(lock.data), say)
    return found
