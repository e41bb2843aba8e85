"""How far the foreaches of a local run are, as lines for a terminal: a bar for each step that works on one, below it the whole run.

train     [=======             ] 37 of 100, 4 running, 1 failed  about 2 min left
40 of 105 tasks, 4 running  1:12
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowport.runtime.live.local_signs import Running
    from flowport.runtime.replay.scheduler import Block, Route

BARS = 4
"""The most bars that are shown, those of the steps that began last."""

BAR = 20
"""Characters of a bar; on a narrow terminal it is shorter, and left out if there is no room for `SHORTEST`."""

SHORTEST = 5

EARLY = 5.0
"""Seconds that a step has to run before there is an estimate."""


class StepCounts:
    """A step inside of a foreach: its tasks, as far as they are known, those that are done, and how many attempts failed."""

    def __init__(self) -> None:
        self.total = self.done = self.failed = 0
        self.began: float | None = None


class Bars:
    """The progress of a run whose plan has this body. All times are those of one clock, in seconds."""

    def __init__(self, body: Block) -> None:
        self._steps: dict[str, StepCounts] = {}
        self._of_split: dict[str, list[str]] = {}
        self._collect(body, "")

    def done(self, step: str, route: Route) -> None:
        """A task is done; `route` is its route, the slices of a foreach that begins with it."""
        if isinstance(route, list):
            for inner in self._of_split.get(step, ()):
                self._steps[inner].total += len(route)
        if step in self._steps:
            self._steps[step].done += 1

    def failed(self, step: str) -> None:
        """An attempt of a task failed."""
        if step in self._steps:
            self._steps[step].failed += 1

    def lines(self, running: Iterable[Running], whole: str, now: float, width: int) -> list[str]:
        """What to show in a terminal of this many columns; `whole` is the line about the whole run."""
        busy: Counter[str] = Counter()
        parts: dict[str, float] = {}
        for task in running:
            busy[task.step] += 1
            if task.items is not None and task.items[1]:
                parts[task.step] = parts.get(task.step, 0.0) + task.items[0] / task.items[1]
        for step in busy:
            if step in self._steps and self._steps[step].began is None:
                self._steps[step].began = now
        shown = [name for name, step in self._steps.items() if step.began is not None and step.done < step.total > 1]
        shown = sorted(shown, key=lambda name: self._steps[name].began or 0.0)[-BARS:]
        return progress_lines([(name, self._steps[name], busy[name], parts.get(name, 0.0)) for name in shown], whole, now, width)

    def _collect(self, body: Block, split: str) -> None:
        """The steps of which all tasks are known when their foreach begins: those in no loop, and in no arm of a switch."""
        for node in body:
            if "task" in node and split:
                self._steps[node["task"]] = StepCounts()
                self._of_split.setdefault(split, []).append(node["task"])
            elif "map" in node:
                self._collect(node["body"], node["map"])
            elif "parallel" in node:
                for branch in node["branches"]:
                    self._collect(branch, split)


def progress_lines(steps: list[tuple[str, StepCounts, int, float]], whole: str, now: float, width: int) -> list[str]:
    """A bar for each step, and below them the line about the whole run.

    Of each step there are the name, the counts, the tasks that run, and how much of these is done, as a number of tasks.
    """
    names = max((_columns(name) for name, *_ in steps), default=0)
    bars = [_bar(name + " " * (names - _columns(name)), counts, running, part, now, width) for name, counts, running, part in steps]
    return [*bars, _cut(whole, width)]


def _bar(name: str, step: StepCounts, running: int, part: float, now: float, width: int) -> str:
    """A line: the name, the bar, the counts and the estimate, of which what does not fit is left out, the estimate first."""
    counts = (
        f"{step.done} of {step.total}" + (f", {running} running" if running else "") + (f", {step.failed} failed" if step.failed else "")
    )
    left = _left(step, part, now)
    for more in (f"  {left}" if left else "", ""):
        room = min(BAR, width - _columns(name) - len(counts) - len(more) - 4)
        if room >= SHORTEST:
            filled = int(room * min(1.0, (step.done + part) / step.total))
            return f"{name} [{'=' * filled}{' ' * (room - filled)}] {counts}{more}"
    return _cut(f"{name} {counts}", width)


def _left(step: StepCounts, part: float, now: float) -> str:
    """How long the rest takes if it goes on like this; "" as long as there is too little to tell."""
    seconds, share = now - (now if step.began is None else step.began), step.done + part
    if seconds < EARLY or share < 1:
        return ""
    rest = seconds * (step.total - share) / share
    if rest < 60:
        return f"about {max(5, 5 * round(rest / 5))} s left"
    minutes = round(rest / 60)
    return f"about {minutes} min left" if minutes < 60 else f"about {minutes // 60} h {minutes % 60} min left"


def _cut(text: str, width: int) -> str:
    """The beginning of a text that fits into so many columns."""
    while _columns(text) > width:
        text = text[:-1]
    return text


def _columns(text: str) -> int:
    """How many columns a text takes."""
    return sum(2 if east_asian_width(one) in "WF" else 1 for one in text)
