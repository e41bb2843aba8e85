"""What receivers are told of a run: which one it is, how it ended, where it failed, and what to type to look at it.

It has no values of parameters and artifacts, and no texts of errors: these may contain anything, and the message leaves the system.
"""

from __future__ import annotations

import time

from flowport.runtime.records.attempts import failures
from flowport.runtime.store.keys import ATTEMPT, LOG, names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.hooks.ending import Ending
    from flowport.runtime.records.life import End
    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys

SHOWN = 10
"""How many steps a message names at most."""


def message(ending: Ending, end: End, store: Store, keys: Keys) -> dict[str, Any]:
    """The message as a table, in the order in which it is read."""
    return {
        "flow": ending.flow,
        "run": ending.run,
        "target": ending.target,
        "status": end,
        "steps": [] if end == "done" else failed_steps(store, keys)[:SHOWN],
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "command": f"flowport status {ending.flow}/{ending.run}{ending.again}",
    }


def failed_steps(store: Store, keys: Keys) -> list[str]:
    """The steps that failed for good; where a killed task could not say so, those that began a task which is not done."""
    failed = {failure["step"] for failure in failures(store, keys, lambda key: None) if failure["last"]}
    return sorted(failed or {step for step in names(store.folders(keys.steps))[0] if _is_unfinished(store, keys, step)})


def _is_unfinished(store: Store, keys: Keys, step: str) -> bool:
    folders = store.folders(keys.step(step))
    slices = {folder.removesuffix(ending) for folder in folders for ending in (LOG, ATTEMPT) if folder.endswith(ending)}
    return any(not store.count(keys.series(step, slice), ".json") for slice in slices)


def sentence(told: dict[str, Any]) -> str:
    """The message for people, with the marks of Slack: a line that says what happened, and one with the command."""
    steps = ", ".join(f"`{_plain(step)}`" for step in told["steps"])
    where = f" in {steps}" if steps else ""
    how = {"done": "is done", "stopped": "was stopped"}.get(told["status"], "failed")
    run = _plain(f"{told['flow']}/{told['run']}")
    return f"*{run}* {how}{where} on {told['target']}, {told['time']}\n`{_plain(told['command'])}`"


def _plain(text: str) -> str:
    """A text without what Slack would read as its own (Slack, "Formatting text for app surfaces": the three characters to escape)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("`", "'")
