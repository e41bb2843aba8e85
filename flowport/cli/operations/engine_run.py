"""A run as its engine sees it, as text and as JSON."""

from __future__ import annotations

import sys
from typing import Any

from flowport.compiler.changes import DeployError
from flowport.compiler.operations import EngineRun
from flowport.runtime.text import shown
from flowport.workspace.address import Address
from flowport.workspace.operations.engine import engine_of_run
from flowport.workspace.targets import find_target
from flowport.workspace.times import duration, moment

EXIT = {"done": 0, "failed": 1, "stopped": 130}
"""The exit status of a run that is over."""


def engine_line(found: EngineRun) -> str:
    """What the engine says of a run, in a line."""
    took = f" after {duration(found.ended - found.started)}" if found.ended and found.started else ""
    began = f", started {moment(found.started)} UTC" if found.started else ""
    reason = f": {' '.join(found.reason.split())[:300]}" if found.reason else ""
    return shown(f"{found.status}{took}{began}{reason}")


def engine_document(found: EngineRun | None) -> dict[str, Any] | None:
    """The same for JSON; None when the engine has no such run."""
    return None if found is None else dict(vars(found))


def engine_view(address: Address, target: str | None, profile: str | None, store: str | None) -> dict[str, Any] | None:
    """What the engine says of a run, as JSON; None where none is named, or flowport does not control it.

    `run` is None when the engine has no such run, and `problem` says why it could not be asked.
    """
    if target is None or find_target(target).operations is None:
        return None
    try:
        at = engine_of_run(address, target, profile, store)
        found = at.engine.operations.status(at.engine.settings, at.run)
    except DeployError as error:
        return {"target": target, "run": None, "problem": str(error).partition("\n")[0]}
    return {"target": at.engine.target.name, "run": engine_document(found), "problem": ""}


def engine_lines(view: dict[str, Any] | None, stored: str) -> list[str]:
    """The same as text, and whether it and the status in the store exclude each other."""
    if view is None:
        return []
    if view["run"] is None:
        return [shown(f"{view['target']}: {view['problem'] or 'has no such run, or none any more'}")]
    found = EngineRun(**view["run"])
    lines = [shown(f"{view['target']}: ") + engine_line(found), shown(found.address)]
    if found.is_over and stored in ("running", "waiting"):
        lines.append(f"they disagree: the run is over for the engine, and in the store it is {stored}")
    elif found.is_over and {found.state, stored} == {"done", "failed"}:
        lines.append(f"they disagree: the run is {found.state} for the engine, and {stored} in the store")
    elif not found.is_over and stored == "lost":
        lines.append("the engine has it as running, but no task has shown a sign of life")
    return lines


def say(found: EngineRun) -> None:
    """The status on standard error, while a command waits."""
    print(engine_line(found), file=sys.stderr, flush=True)
