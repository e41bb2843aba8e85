"""Why a run failed, from what its tasks left in the store: their attempts, or the end of their logs."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import indent
from typing import TYPE_CHECKING, Any

from flowport.runtime.local.attempt import Attempt
from flowport.runtime.local.console import Console, ending
from flowport.runtime.records.attempts import failures
from flowport.runtime.store.keys import Keys
from flowport.runtime.text import shown

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

SHOWN = 5
"""How many failures are shown; the others are counted."""

TAIL = 20
"""How many lines of a log are shown for a task that left no attempt."""


def explain(store: Store, console: Console, failed: list[Attempt]) -> Iterator[str]:
    """A text for each failure, with the user's own lines, and how to see more."""
    spec = console.spec
    by_task: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for failure in failures(store, Keys(spec.flow, spec.run)):
        by_task.setdefault((failure["step"], failure["slice"]), []).append(failure)
    texts = [text for task in failed for text in _texts(console, task, by_task.get((task.step, task.slice), []))]
    for text in texts[:SHOWN]:
        yield "\n" + shown(text, lines=True)
    if len(texts) > SHOWN:
        yield f"\n{len(texts) - SHOWN} more items or tasks failed"
    if failed:
        yield f"\nwhat they printed: flowport logs {spec.flow}/{spec.run}/{console.name(failed[0])}{spec.again}" + (
            ", ..." if len(failed) > 1 else ""
        )


def _texts(console: Console, task: Attempt, found: list[dict[str, Any]]) -> Iterator[str]:
    name, above = console.name(task), console.has_shown(task)
    if not found:
        yield f"{name} {ending(task.code)}\n{indent('' if above else _tail(console, task), '  ')}".rstrip()
    for failure in found:
        item = failure["item"]
        title = f"{task.step + '/' + item if item != 'r' else task.step} failed"
        yield f"{title}: {_line(failure)}" if above else f"{title}\n{indent(failure['traceback'].rstrip(), '  ')}"


def _line(failure: dict[str, Any]) -> str:
    """A failure in a line; its traceback has been shown."""
    message = failure["message"].strip().split("\n")[0]
    return f"{failure['type']}: {message}" if message else failure["type"]


def _tail(console: Console, task: Attempt) -> str:
    return "\n".join(console.tail(task).splitlines()[-TAIL:])
