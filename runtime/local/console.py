"""The output of a local run: the lines that tasks print, with the name of the task, and a progress line on a terminal.

The output of tasks goes to standard output, messages of flowport to standard error.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque

from flowport.runtime.live.bars import Bars
from flowport.runtime.live.terminal import BottomLines
from flowport.runtime.local.child import NOTHING
from flowport.runtime.local.run_spec import RunSpec
from flowport.runtime.protocol import ENDED
from flowport.runtime.run.labels import Labels
from flowport.runtime.store.errors import Missing, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import BinaryIO, TextIO

    from flowport.runtime.local.attempt import Attempt
    from flowport.runtime.local.routes import Routes
    from flowport.runtime.replay.scheduler import Block, Route
    from flowport.runtime.store.interface import Store

TASKS_SHOWN = 100
"""How many tasks of one step show what they print, and whether they were taken over."""

LINES_SHOWN = 200
"""How many lines of one task are shown at a time."""

LONGEST = 1 << 16
"""Bytes of one line that are shown, and bytes that are read from the end of a log."""

CHUNK = 1 << 20
"""Bytes of a log that are read at a time."""

COLORS = (36, 33, 35, 32, 34, 96, 93, 95, 92, 94)


class Console:
    """The terminal of one run, or the files that its output is redirected to.

    `store` gets the logs when they were written elsewhere, which is when the store is not a folder. `body` is that of the plan.
    """

    def __init__(self, spec: RunSpec, labels: Labels, store: Store | None, body: Block, quiet: bool = False) -> None:
        self.spec, self.labels, self.store, self.quiet = spec, labels, store, quiet
        self.terminal = not quiet and sys.stderr.isatty()
        self.both = self.terminal and sys.stdout.isatty()
        self.colored = not quiet and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self.began = time.monotonic()
        self._bars = Bars(body)
        self._bottom = BottomLines()
        self._shown: dict[str, int] = {}
        self._hidden: dict[str, int] = {}
        self._colors: dict[str, int] = {}
        self._reported: dict[str, int] = {}

    def has_shown(self, task: Attempt) -> bool:
        """Whether the output of a task has been shown on the same terminal as the messages of flowport."""
        return self.both and task.visible

    def say(self, text: str) -> None:
        """Something that flowport says, unless it was asked to be quiet."""
        if not self.quiet:
            self._write(sys.stderr, text + "\n")

    def error(self, text: str) -> None:
        """Print a message, also with `quiet`."""
        self._write(sys.stderr, text + "\n")

    def look(self, tasks: Iterable[Attempt]) -> None:
        """Show what running tasks printed since the last look."""
        if not self.quiet:
            self._print(line for task in tasks for line in self._news(task, ended=False))

    def ended(self, task: Attempt) -> None:
        """Show what is left of a task's output, and keep it."""
        if not self.quiet:
            self._print(self._news(task, ended=True))
        if self.store is not None:
            self._keep(task, self.store)

    def done(self, task: Attempt, routes: Routes) -> None:
        """A task of a resumed run is done, or was taken over. It is shown for the first tasks of a step."""
        reported = self._reported.get(task.step, 0)
        if routes.resumed and not self.quiet and reported < TASKS_SHOWN:
            self._reported[task.step] = reported + 1
            self.say(f"{self.name(task)} {routes.how(task.step, task.slice)}")

    def again(self, task: Attempt, retries: int) -> None:
        """A task did not end well and is tried again: by `@retry`, and after that once more for `@catch`."""
        self._bars.failed(task.step)
        left = retries - task.attempt
        why = f"it is tried again, {left} more time{'s' * (left > 1)} at most" if left > 0 else "`@catch` goes on in its place"
        self.say(f"{self.name(task)} {ending(task.code)}; {why}")

    def failed(self, task: Attempt) -> None:
        """A task did not end well and is not tried again."""
        self._bars.failed(task.step)
        self.say(f"{self.name(task)} {ending(task.code)}; starting no new tasks, waiting for running ones")

    def stopping(self, running: int) -> None:
        """The run was asked to stop."""
        self.say("stopping" + (f": {running} running tasks are asked to end; again to kill them" if running else ""))

    def went_on(self, task: Attempt, route: Route) -> None:
        """A task is done, and its route says how the run goes on."""
        self._bars.done(task.step, route)

    def status(self, done: int, running: Collection[Attempt], known: int) -> None:
        """How far the run is, on a terminal: a bar for each foreach, and a line about the whole run."""
        if not self.terminal:
            return
        now = time.monotonic()
        seconds = int(now - self.began)
        whole = f"{done} of {done + known} tasks, {len(running)} running  {seconds // 60}:{seconds % 60:02}"
        self._bottom.show(self._bars.lines(running, whole, now, self._bottom.columns - 1))

    def close(self) -> None:
        """Leave the terminal as it was, and say what was not shown."""
        self._bottom.close()
        for step, tasks in self._hidden.items():
            where = f"{self.spec.flow}/{self.spec.run}/{step}{self.spec.again}"
            self.say(f"{tasks} more tasks of `{step}` printed something: flowport logs {where}")

    def name(self, task: Attempt) -> str:
        """What a task is called."""
        return self.labels.label(task.step, task.slice)

    def tail(self, task: Attempt) -> str:
        """The end of what a task printed, wherever that is kept by now; nothing when it did not come so far."""
        try:
            if self.store is not None:
                size = self.store.size(self._key(task))
                data = self.store.part(self._key(task), max(0, size - LONGEST), min(size, LONGEST))
            else:
                with open(self.spec.log(task.step, task.slice, task.attempt), "rb") as file:
                    file.seek(max(0, os.fstat(file.fileno()).st_size - LONGEST))
                    data = file.read()
        except (Missing, FileNotFoundError):
            return ""
        return data.decode(errors="replace")

    def _key(self, task: Attempt) -> str:
        return os.path.relpath(self.spec.log(task.step, task.slice, task.attempt), self.spec.logs)

    def _news(self, task: Attempt, ended: bool) -> list[str]:
        """Whole lines that a task printed since this was asked last; at its end also one without its newline."""
        path = self.spec.log(task.step, task.slice, task.attempt)
        try:
            if os.stat(path).st_size == task.shown or not self._may_show(task):
                return []
            with open(path, "rb") as file:
                file.seek(task.shown)
                number, lines, rest = _last_lines(file)
                task.shown = file.tell() - len(rest)
        except FileNotFoundError:
            return []
        if ended and rest:
            number, task.shown = number + 1, task.shown + len(rest)
            lines.append(rest)
        hidden = max(0, number - LINES_SHOWN)
        texts = [f"({hidden} lines are only in its log)"] if hidden else []
        texts += [line.decode(errors="replace").rstrip().rpartition("\r")[2] for line in list(lines)[-LINES_SHOWN:]]
        prefix = self._prefix(task)
        return [f"{prefix}{text}\n" for text in texts]

    def _may_show(self, task: Attempt) -> bool:
        """Only the first tasks of a big foreach show what they print."""
        shown = self._shown.get(task.step, 0)
        if task.visible or shown < TASKS_SHOWN:
            self._shown[task.step] = shown + (not task.visible)
            task.visible = True
            return True
        if not task.hidden:
            task.hidden = True
            self._hidden[task.step] = self._hidden.get(task.step, 0) + 1
        return False

    def _prefix(self, task: Attempt) -> str:
        if not self.colored:
            return f"{self.name(task)} | "
        color = self._colors.setdefault(task.step, COLORS[len(self._colors) % len(COLORS)])
        return f"\x1b[{color}m{self.name(task)} |\x1b[0m "

    def _print(self, lines: Iterable[str]) -> None:
        if text := "".join(lines):
            self._write(sys.stdout, text)

    def _write(self, file: TextIO, text: str) -> None:
        self._bottom.hide()
        file.write(text)
        file.flush()
        self._bottom.show_again()

    def _keep(self, task: Attempt, store: Store) -> None:
        """Bring a log to the store; a store that refuses it costs the log, not the run."""
        path = self.spec.log(task.step, task.slice, task.attempt)
        try:
            if os.path.getsize(path):
                task.printed = store.replace_with_file(self._key(task), path)[1]
            os.unlink(path)
        except FileNotFoundError:
            return
        except StoreError as error:
            self.error(f"what {self.name(task)} printed is not kept: {error}")


def _last_lines(file: BinaryIO) -> tuple[int, deque[bytes], bytes]:
    """The number of lines from the current position of a file, the last lines, and the start of an unfinished one.

    The memory that this takes is bounded: only the end of a very long line is kept.
    """
    number, rest = 0, b""
    lines: deque[bytes] = deque(maxlen=LINES_SHOWN)
    while data := file.read(CHUNK):
        *whole, rest = (rest + data).split(b"\n")
        number += len(whole)
        lines.extend([line[-LONGEST:] for line in whole[-LINES_SHOWN:]])
        rest = rest[-LONGEST:]
    return number, lines, rest


def ending(code: int) -> str:
    """How a task ended, in words."""
    if code < 0:
        import signal

        return f"was killed by {signal.Signals(-code).name}"
    if code == ENDED:
        return "was asked to end"
    if code == NOTHING:
        return "ended its process itself and stored nothing"
    return f"ended with exit code {code}"
