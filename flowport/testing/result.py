"""What a step did in a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Transition(NamedTuple):
    """Where a step went: the next steps, of a foreach its items, of a switch the value that chose."""

    next: tuple[str, ...]
    items: list[Any] | None
    condition: Any


class StepResult:
    """What a step set, and where it went. Its artifacts are attributes too: `result.model`.

    `artifacts` are those that the next step finds, with those that the step was given; `written` are the names of those that the step
    set or changed. `next` are the steps that follow, none after the last. `items` are those of a foreach, None without one.
    `condition` is the value of a switch. All values are copies, as the next step would get them.
    """

    def __init__(self, load: Callable[[bytes], Any], entries: dict[str, bytes], written: frozenset[str], transition: Transition) -> None:
        self.written = written
        self.next, self.items, self.condition = transition
        self._load, self._entries = load, entries
        self._values: dict[str, Any] | None = None

    @property
    def artifacts(self) -> dict[str, Any]:
        """The artifacts by name."""
        if self._values is None:
            self._values = {name: self._load(entry) for name, entry in self._entries.items()}
        return self._values

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._entries:
            known = ", ".join(f"`{one}`" for one in sorted(self._entries)) or "none"
            raise AttributeError(f"the step has no artifact `{name}`; it has {known}")
        return self.artifacts[name]

    def __repr__(self) -> str:
        return f"<StepResult: {', '.join(self._entries) or 'no artifacts'}; next: {', '.join(self.next) or 'none'}>"
