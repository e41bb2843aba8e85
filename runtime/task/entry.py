"""The entry of a task: checks its packages, sets its environment, and runs its items in this process or in processes of their own."""

from __future__ import annotations

import os
import time

from flowport.runtime.process.exit_code import guarded
from flowport.runtime.protocol import variable
from flowport.runtime.store.open import open_store
from flowport.runtime.task.commit import finish, open_context
from flowport.runtime.task.items import InProcess

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.protocol import Invocation
    from flowport.runtime.store.interface import Store


def perform(invocation: Invocation, program: CodePackage, store: Store | None = None) -> int:
    """Run a task and return its exit code: DONE when its manifest is in force, STOP when trying again is of no use, else FAILED.

    `store` may be given where it is open already and is a folder.
    """

    def body() -> int:
        plan = program.step(invocation.step)
        surround(plan)
        program.settle()
        if supervised(plan):
            from flowport.runtime.task.supervise import supervise

            return supervise(invocation, program, plan)
        context = open_context(invocation, program, store or open_store(invocation.store))
        return finish(context, InProcess(context).run)

    return guarded(body)


def name_store(url: str) -> None:
    """Set the variable that says where the run is: for `metaflow_config`, and for the client in processes that a step starts."""
    os.environ[variable("store")] = url if ":" in url else os.path.abspath(url)


def surround(plan: dict[str, Any]) -> None:
    """Check the packages of a step and set its variables, before the user's module is imported."""
    if "packages" in plan:
        from flowport.runtime.requirements.check import check

        check(plan)
    os.environ.update(plan["environment"])
    if needs_secrets(plan):
        from flowport.runtime.secrets.provide import provide

        provide(plan)
    if "TZ" in plan["environment"] or needs_secrets(plan):
        time.tzset()


def needs_secrets(plan: dict[str, Any]) -> bool:
    """Whether a step, or the flow that it imports, has variables that only a task knows."""
    return "reads" in plan or "secrets" in plan


def supervised(plan: dict[str, Any]) -> bool:
    """Whether the items of a step run in processes of their own."""
    return bool(plan["timeout"]) or plan["workers"] > 1 or "gang" in plan
