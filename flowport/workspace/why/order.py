"""Which steps come before a step, by the plan of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowport.runtime.run.reader import Run

    Source = list[str]


def groups(run: Run, step: str) -> list[list[str]]:
    """The steps that send items to a step: one group for each branch of a join, of which all are needed; one group for any other step."""
    found = site(run, step)
    branches: list[list[Source]] = found["from"] if "origin" in found else [found["from"]]
    return [[name for source in sources for name in _steps(run, source, step)] for sources in branches]


def before(run: Run, step: str) -> list[str]:
    """All steps that send items to a step; of the first step of a loop also those that send items back to it."""
    enter = site(run, step)["enter"]
    again: list[Source] = enter[3] if enter[0] == "again" else []
    found = [name for group in groups(run, step) for name in group]
    return [*dict.fromkeys([*found, *(name for source in again for name in _steps(run, source, step))])]


def scopes(run: Run, step: str) -> list[list[str]]:
    """The scopes around a step, outermost first."""
    found: list[list[str]] = site(run, step)["scopes"]
    return found


def site(run: Run, step: str) -> dict[str, Any]:
    """Where a step stands in the plan; `package/sites` of the compiler describes it."""
    found: dict[str, Any] = run.program.step(step)["sites"][step]
    return found


def _steps(run: Run, source: Source, target: str) -> list[str]:
    """The steps that a source of a site stands for: of a loop those from which items leave it to `target`."""
    kind, name = source
    if kind == "step":
        return [name]
    exits = site(run, name)["exits"]
    return [found for inner in exits.get(target, []) for found in _steps(run, inner, target)]
