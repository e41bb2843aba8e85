"""Changes at an engine: shown, or made one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flowport.compiler.changes import Change, Changes


def carry_out(changes: Changes, apply: Callable[[], Iterator[Change]], diff: bool) -> int:
    """Make the changes and say what became of each, or with `diff` only show them; the exit status."""
    if diff:
        return _show(changes)
    for change in apply():
        print(f"{change.name} is {change.becomes}", flush=True)
    return 0


def _show(changes: Changes) -> int:
    """Say what would change; 1 when anything would."""
    for change in changes.changes:
        print(f"{change.name} {'is up to date' if change.becomes == 'unchanged' else f'would be {change.becomes}'}")
        if change.difference and change.becomes != "unchanged":
            print(change.difference)
    return int(any(change.becomes != "unchanged" for change in changes.changes))
