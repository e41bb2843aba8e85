"""What `@ollama` does around a step."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Served:
    """Starts what the decorators of a step serve, for one item; `remove` ends it, whatever became of the step."""

    def __init__(self) -> None:
        self._cleanups: list[Callable[[], None]] = []

    def add(self, plan: dict[str, Any]) -> None:
        """Have everything answer."""
        if (asked := plan.get("ollama")) is not None:
            from flowport.runtime.serving.ollama import OllamaManager

            self._cleanups.append(OllamaManager(**asked).terminate_models)

    def remove(self) -> None:
        """The step is over."""
        while self._cleanups:
            self._cleanups.pop()()
