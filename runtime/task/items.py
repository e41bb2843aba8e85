"""Decides which items of a task run, which are taken over, and when `@catch` continues in the place of a failed one."""

from __future__ import annotations

import time

from flowport.runtime.process.lifecycle import check
from flowport.runtime.process.lifeline import Lifeline
from flowport.runtime.store import row_ranges
from flowport.runtime.task.execute import KILLED, caught, execute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from flowport.runtime.records.attempts import Attempts
    from flowport.runtime.records.outcome import Failure, Outcome
    from flowport.runtime.task.context import TaskContext

    class Runner(Protocol):
        """Runs items, `width` at a time."""

        width: int

        def prepare(self) -> None:
            """Called before an item begins; raises what keeps all of them from it."""

        def begin(self, row: int, tried: int) -> None:
            """Start an item."""

        def wait(self) -> Outcome:
            """The outcome of an item that was begun."""


PAUSE, AT_ONCE = 1.0, 100
"""Seconds between two messages about items that are done, but for the first ones of a task."""


class Broken(Exception):
    """The user's module cannot be imported in a worker; `error` describes the failure."""

    def __init__(self, error: Failure) -> None:
        super().__init__(error["message"])
        self.error = error


class InProcess:
    """Runs items in this process, one after the other."""

    width = 1

    def __init__(self, context: TaskContext) -> None:
        self.context = context
        self._outcome: Outcome

    def prepare(self) -> None:
        self.context.prepare()  # here, so that a module that cannot be imported is no failure of an item

    def begin(self, row: int, tried: int) -> None:
        self._outcome = execute(self.context, row, tried)

    def wait(self) -> Outcome:
        return self._outcome

    def run(self, context: TaskContext, attempts: Attempts) -> list[Outcome]:
        """The outcomes of all items."""
        return run_items(context, self, attempts)


class AttemptPolicy:
    """What `@retry` and `@catch` say of the attempts of an item. The engine starts them; an item has `retries` + 1 at most."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.retries: int = plan["times"]
        self.catches = bool(plan["catch"])

    @property
    def granted(self) -> int:
        """How many attempts the engine grants after the first: one more for `@catch`, which then finds an item that was killed."""
        return self.retries + self.catches

    @property
    def is_counted(self) -> bool:
        """Whether it matters how many attempts there were."""
        return self.retries > 0 or self.catches

    def announces(self, attempts: Attempts) -> bool:
        """Whether an item says in the store that it begins, before it does: so one that is killed is counted."""
        return self.catches or (self.retries > 0 and (bool(attempts.before) or not attempts.made))

    def gives_up(self, error: Failure | None, begun: int) -> bool:
        """Whether `@catch` replaces an item. `begun` attempts of it have begun, and the last one failed with `error`."""
        return self.catches and begun > self.retries and not (error and error.get("fatal"))


class Progress:
    """Tells the process that keeps the log of this task how many of its items are done. A task of one item says nothing."""

    def __init__(self, of: int) -> None:
        self._of, self._next_at, self._left = of, 0.0, AT_ONCE
        self._line = Lifeline.of_task if of > 1 else None

    def say(self, done: int) -> None:
        """So many items are done."""
        if self._line is not None and (self._left or done == self._of or time.monotonic() >= self._next_at):
            self._left = max(0, self._left - 1)
            self._next_at = time.monotonic() + PAUSE
            self._line.say_progress(done, self._of)


def run_items(context: TaskContext, runner: Runner, attempts: Attempts) -> list[Outcome]:
    """The outcome of every item that arrived: from earlier attempts, from the origin run, or by running it."""
    found = {row: outcome for row, outcome in attempts.finished.items() if row_ranges.contains(context.arrived, row)}
    policy = AttemptPolicy(context.plan)
    origins = None
    if context.record.origin and not context.forced:
        from flowport.runtime.task.resume import Origins

        origins = Origins(context)
    progress = Progress(row_ranges.count(context.arrived))
    running = 0
    for row in row_ranges.iterate(context.arrived):
        if row in found:
            continue
        begun, error = attempts.begun.get(row, 0), attempts.errors.get(row)
        outcome = origins.take(row) if origins else None
        if outcome is None and policy.gives_up(error, begun):
            outcome = caught(context, row, error or killed(context, row), {})
        if outcome is not None:
            found[row] = outcome
            continue
        check()
        progress.say(len(found))
        runner.prepare()
        attempts.begin(row, at_once=policy.announces(attempts))
        runner.begin(row, begun)
        running += 1
        if running == runner.width:
            _collect(context, policy, runner, attempts, found)
            running -= 1
    for _ in range(running):
        progress.say(len(found))
        _collect(context, policy, runner, attempts, found)
    progress.say(len(found))
    return [found[row] for row in sorted(found)]


def _collect(context: TaskContext, policy: AttemptPolicy, runner: Runner, attempts: Attempts, found: dict[int, Outcome]) -> None:
    outcome = runner.wait()
    row = outcome["row"]
    if "error" in outcome and policy.gives_up(outcome["error"], attempts.begun.get(row, 0) + 1):
        outcome = caught(context, row, outcome["error"], outcome.get("own", {}), outcome.get("cards"))
    attempts.done(outcome)
    found[row] = outcome


def killed(context: TaskContext, row: int) -> Failure:
    """The failure of an item whose process was killed together with all that could tell of it."""
    message = "the process was killed while the item ran"
    return {"type": KILLED, "full": KILLED, "message": message, "traceback": message + "\n", "item": context.lineage.address(row)}
