"""Changes at an engine: shown, or made one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from flowport.cli.console import as_json
from flowport.compiler.changes import Change, Changes, CutOffError, DeployError
from flowport.runtime.store.errors import StoreError


def carry_out(changes: Changes, apply: Callable[[], Iterator[Change]], diff: bool, json: bool) -> int:
    """Make the changes and say what became of each, or with `diff` only show them; the exit status, with `diff` 1 for any change.

    With `json`, one document has all of them. Raises CutOffError with those that were made before one that could not be.
    """
    if json:
        made = changes.changes if diff else _made(apply)
        print(as_json({"changes": [change_document(change) for change in made], "notes": list(changes.notes)}, indent=2))
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


def _made(apply: Callable[[], Iterator[Change]]) -> list[Change]:
    made: list[Change] = []
    try:
        for change in apply():
            made.append(change)
    except (DeployError, StoreError) as error:
        raise CutOffError(str(error), made) from error
    return made


def change_document(change: Change) -> dict[str, str]:
    """A change as JSON."""
    return {"name": change.name, "becomes": change.becomes, "difference": change.difference if change.becomes != "unchanged" else ""}
