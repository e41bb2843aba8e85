"""What dry runs have in common, whatever the engine: run ids are kept apart, each task that ends is reported, and no engine is believed."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Literal, Protocol

from flowport.compiler.ir.plan import Loop, steps, walk
from flowport.compiler.package.documents import plan_document
from flowport.compiler.target import DryRun, DryRunResult, FailedItem, TaskEnded
from flowport.runtime.protocol import GATE, SECRETS
from flowport.runtime.records.attempts import failures, written
from flowport.runtime.records.life import write_end
from flowport.runtime.records.reuse import ReuseCount
from flowport.runtime.run.labels import FirstManifests, Labels
from flowport.runtime.store.documents import load
from flowport.runtime.store.errors import Missing
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store
from flowport.targets.verify import Task, losses

SHOWN = 5
"""How many failed items a result has."""


class Documents(Protocol):
    """What reading a run's documents takes."""

    def read(self, key: str) -> bytes: ...

    def names(self, prefix: str) -> list[str]: ...


class Recorder:
    """One dry run, and the store on this machine that keeps it. `ended` may be called by several threads."""

    def __init__(self, request: DryRun[Any], report: Callable[[TaskEnded], None]) -> None:
        self.request = request
        self.store, self.keys = open_store(request.store), Keys(request.plan.flow.name, request.run_id)
        self._report = report
        self._lock = threading.Lock()
        self._done: set[Task] = set()
        self._labels: Labels | None = None
        self.documents: Documents = self.store
        """Where the documents of the run are while it runs."""
        self.last_output: str | None = None
        """What the last task that failed printed."""

    def refused(self) -> DryRunResult | None:
        """The result when there is such a run already."""
        if not self.store.exists(self.keys.run()) and not self.store.exists(self.keys.input()):
            return None
        flow, run = self.request.plan.flow.name, self.request.run_id
        return DryRunResult(
            "refused", f"there is a run `{run}` of {flow} already; two runs with the same id cannot mix: choose another --run-id"
        )

    def ended(self, task: Task, code: int, printed: str = "") -> None:
        """A task has ended, with this exit code, and printed this at the end."""
        taken_over = str(ReuseCount(self._manifests(task))) if self.request.origin_run and code == 0 else ""
        with self._lock:
            if code == 0:
                self._done.update({task} if task.step != GATE else ())  # which commits nothing
            else:
                self.last_output = printed
            label, log = self._label(task), tuple(self._log(task)) if self.request.logs else ()
            self._report(TaskEnded(task.step, task.slice, label, task.rest, code, taken_over, log))

    def _label(self, task: Task) -> str:
        """What a user calls a task."""
        if self._labels is None:
            # What has the documents is known only when the run has begun.
            body: Any = plan_document(self.request.plan)["body"]
            self._labels = Labels(body, FirstManifests(self.documents, self.keys))
        return self._labels.label(task.step, task.slice)

    def _log(self, task: Task) -> list[str]:
        """What the last attempt of a task printed."""
        logs = sorted(self.documents.names(self.keys.logs(task.step, task.slice)), key=written)
        return self.documents.read(logs[-1]).decode(errors="replace").splitlines() if logs else []

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

    def stopped(self) -> DryRunResult:
        """The run was interrupted."""
        self._keep_end("stopped")
        return DryRunResult("stopped", resumable=self._resumable())

    def result(self, failure: str | None) -> DryRunResult:
        """How the run ended: `failure` is what the engine says of one that failed, and its word for success is not enough."""
        if failure is not None:
            self._keep_end("failed")
            failed = failures(self.store, self.keys)
            items = tuple(FailedItem(each["step"], each["item"], _story(each)) for each in failed[:SHOWN])
            more, output = max(0, len(failed) - SHOWN), (self.last_output or "").strip()
            return DryRunResult("failed", failure, items, more, "" if items else output, resumable=self._resumable())
        lost = tuple(losses(self.request.plan, self.keys, self.store, self._done))
        return DryRunResult("failed" if lost else "done", lost=lost)

    def _keep_end(self, status: Literal["failed", "stopped"]) -> None:
        """Say in the store how the run ended, as nothing of it runs any more."""
        if self.store.exists(self.keys.run()) and not self.store.exists(self.keys.ended()):
            write_end(self.store, self.keys, status)

    def _resumable(self) -> bool:
        """Whether there is anything that another run can take over."""
        return self.store.exists(self.keys.run())


def of_shell(variables: Mapping[str, str]) -> list[str]:
    """The variables that a task reads from the shell which starts a dry run, by the variables of its container."""
    names: list[str] = load(variables.get(SECRETS) or "{}").get("shell", [])
    return names


def _story(failure: Mapping[str, Any]) -> str:
    """The traceback of an item, with the user's files as they are called in the flow's folder."""
    text = str(failure.get("traceback") or failure.get("message"))
    return re.sub(r'File ".*/code/[0-9a-f]{64}/', 'File "', text).rstrip()
