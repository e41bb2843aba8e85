"""The Pythons in which the steps of a flow run on this machine."""

from __future__ import annotations

from collections.abc import Callable

from flowport.compiler.environments.locks import request
from flowport.compiler.ir.plan import Plan


def pythons(plan: Plan, say: Callable[[str], object]) -> dict[str, str]:
    """The path of a Python by the name of the environment; raises EnvironmentProblem.

    Environments are made where they are not there yet, and `say` gets a sentence first. What a step asks for may be installed in this
    Python: then it runs in it. So does a step without a lock file, whose task says what is missing.
    """
    found: dict[str, str] = {}
    for step in plan.flow.steps:
        asked = step.settings.requirements
        if asked is None or asked.lock is None or asked.lock.name in found:
            continue
        from flowport.runtime.environments.create import environment
        from flowport.runtime.environments.lock_file import read
        from flowport.runtime.requirements.check import is_here

        if not is_here(request(asked).document()):
            found[asked.lock.name] = environment(read(asked.lock.data), say)
    return found
