"""One attempt of a task of a local run."""

from __future__ import annotations

from flowport.runtime.protocol import DONE


class Attempt:
    """One attempt of a step on a slice.

    `items` are those that are done and all of a task of several; `printed` is how many bytes of its log were stored in a bucket.
    """

    __slots__ = ("attempt", "code", "hidden", "items", "printed", "process", "shown", "slice", "step", "visible")

    def __init__(self, step: str, slice: str, attempt: int) -> None:
        self.step, self.slice, self.attempt = step, slice, attempt
        self.process = 0
        self.code = DONE
        self.shown = self.printed = 0
        self.items: tuple[int, int] | None = None
        self.visible = self.hidden = False
