"""One attempt of a task of a local run."""

from __future__ import annotations

from flowport.runtime.protocol import DONE


class Attempt:
    """One attempt of a step on a slice."""

    __slots__ = ("attempt", "code", "hidden", "process", "shown", "slice", "step", "visible")

    def __init__(self, step: str, slice: str, attempt: int) -> None:
        self.step, self.slice, self.attempt = step, slice, attempt
        self.process = 0
        self.code = DONE
        self.shown = 0
        self.visible = self.hidden = False
