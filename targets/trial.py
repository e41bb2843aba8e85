"""What dry runs have in common, whatever the engine: run ids are kept apart, each task that ends is said, and no engine is believed."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Protocol

from flowport.compiler.ir.plan import Loop, steps, walk
from flowport.compiler.target import DryRun
from flowport.runtime.records.attempts import failures, written
from flowport.runtime.records.reuse import ReuseCount
from flowport.runtime.store.documents import load
from flowport.runtime.store.errors import Missing
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store
from flowport.targets.verify import Task, losses

DONE, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses of a dry run: all is there; it failed; its run id is taken; somebody stopped it."""

SHOWN = 5


class Documents(Protocol):
    """What reading a run's documents takes."""

    def read(self, key: str) -> bytes: ...

    def names(self, prefix: str) -> list[str]: ...


class Trial:
    """One dry run, and the store on this machine that keeps it. `ended` may be called by several threads."""

    def __init__(self, request: DryRun) -> None:
        self.request, self.echo = request, request.echo
        self.store, self.keys = open_store(request.store), Keys(request.plan.flow.name, request.run_id)
        self._lock = threading.Lock()
        self._done: set[Task] = set()
        self.documents: Documents = self.store
        """Where the documents of the run are while it runs."""
        self.last_words: str | None = None
        """What the last task that failed printed."""

    def taken(self) -> bool:
        """Whether there is such a run already, which is then said."""
        if not self.store.exists(self.keys.run()) and not self.store.exists(self.keys.input()):
            return False
        flow = self.request.plan.flow.name
        self.echo(
            f"there is a run `{self.request.run_id}` of {flow} already; two runs with the same id cannot mix: choose another --run-id"
        )
        return True

    def ended(self, task: Task, code: int, printed: str = "") -> None:
        """A task has ended, with this exit code, and printed this at the end."""
        how = f"failed with exit status {code}" if code else str(ReuseCount(self._manifests(task))) if self.request.origin_run else "done"
        with self._lock:
            if code == 0:
                self._done.add(task)
            else:
                self.last_words = printed
            if self.request.printed is not None:
                for line in self._log(task):
                    self.request.printed(f"{task.step}/{task.slice} | {line}")
            self.echo(f"{task.step}/{task.slice}{' (the rest of its loop)' if task.rest else ''} {how}")

    def _log(self, task: Task) -> list[str]:
        """What the last try of a task printed."""
        tries = sorted(self.documents.names(f"{self.keys.step(task.step)}{task.slice}.log/"), key=written)
        return self.documents.read(tries[-1]).decode(errors="replace").splitlines() if tries else []

    def _manifests(self, task: Task) -> Iterator[Any]:
        """The manifests of a task: one, or those of all the steps and turns in the rest of a loop."""
        found = [self.keys.manifest(task.step, task.slice, 0)]
        if task.rest:
            bodies = [node.body for node in walk(self.request.plan.body) if isinstance(node, Loop) and node.header == task.step]
            turns = [f"{self.keys.step(step)}{task.slice}.t" for body in bodies for step in steps(body)]
            found = [name for prefix in turns for name in self.documents.names(prefix) if name.endswith("@0.json")]
        for key in found:
            # Of a task that no item comes to there is none.
            with suppress(Missing):
                yield load(self.documents.read(key))

    def stopped(self) -> int:
        """The run was interrupted."""
        way_on = self._way_on()
        self.echo(f"run {self.request.run_id} was stopped" + (f"; {way_on}" if way_on else ""))
        return INTERRUPTED

    def outcome(self, failure: str | None) -> int:
        """Say how the run ended: `failure` is what the engine says of one that failed, and its word for success is not enough."""
        run = self.request.run_id
        if failure is not None:
            failed = failures(self.store, self.keys.root)
            stories = [f"{each['step']}/{each['item']}\n{_story(each)}" for each in failed[:SHOWN]]
            if len(failed) > SHOWN:
                stories.append(f"{len(failed) - SHOWN} more items failed")
            for story in stories or ([self.last_words.strip()] if self.last_words else []):
                self.echo(f"\n{story}")
            self.echo(f"\nrun {run} failed{failure and ': '}{failure}")
            if way_on := self._way_on():
                self.echo(f"mend it, and {way_on}")
            return FAILED
        lost = list(losses(self.request.plan, self.keys, self.store, self._done))
        for loss in lost:
            self.echo(f"the engine says that the run succeeded, but {loss}")
        if not lost:
            self.echo(f"run {run} is done")
        return FAILED if lost else DONE

    def _way_on(self) -> str:
        """How to go on from what is done, when anything is."""
        return f"go on from what is done with --origin-run {self.request.run_id}" if self.store.exists(self.keys.run()) else ""


def _story(failure: Mapping[str, Any]) -> str:
    """The traceback of an item, with the user's files as they are called in the flow's folder."""
    text = str(failure.get("traceback") or failure.get("message"))
    return re.sub(r'File ".*/code/[0-9a-f]{64}/', 'File "', text).rstrip()
