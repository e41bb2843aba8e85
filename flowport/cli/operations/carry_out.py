"""Changes at an engine: shown, or made one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from flowport.cli.console import as_json
from flowport.compiler.changes import Change, Changes


def carry_out(changes: Changes, apply: Callable[[], Iterator[Change]], diff: bool, json: bool) -> int:
    """Make the changes and say what became of each, or with `diff` only show them; the exit status, with `diff` 1 for any change.

    With `json`, one document has all of them.
    """
    if json:
        made = changes.changes if diff else tuple(apply())
        print(as_json({"changes": [_document(change) for change in made], "notes": list(changes.notes)}, indent=2))
    elif diff:
        _show(changes.changes)
    else:
        for change in apply():
            print(f"{change.name} is {change.becomes}", flush=True)
    return int(diff and any(change.becomes != "unchanged" for change in changes.changes))


def _show(changes: Iterable[Change]) -> None:
    """Say what would change."""
    for change in changes:
        print(f"{change.name} {'is up to date' if change.becomes == 'unchanged' else f'would be {change.becomes}'}")
        if change.difference and change.becomes != "unchanged":
            print(change.difference)


def _document(change: Change) -> dict[str, str]:
    return {"name": change.name, "becomes": change.becomes, "difference": change.difference if change.becomes != "unchanged" else ""}
