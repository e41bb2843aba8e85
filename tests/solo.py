"""An engine in a hundred lines: compiles a flow from its text and runs its tasks in this process, one after the other.

Tests choose everything that an engine chooses: width and total, epochs, the store, which task is tried how often.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowport.compiler.compile import load
from flowport.compiler.package.archive import package
from flowport.runtime.__main__ import _run as run_command
from flowport.runtime.package.cache import unpack
from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.process.exit_code import guarded
from flowport.runtime.process.lifeline import Lifeline
from flowport.runtime.protocol import DONE, GATE, STOP, Invocation
from flowport.runtime.replay.scheduler import PlanScheduler
from flowport.runtime.run.reader import Run
from flowport.runtime.store.errors import Missing
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import Keys, code_key
from flowport.runtime.task.entry import perform

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

OPENING = "from flowport import FlowSpec, JSONType, Parameter, catch, current, environment, project, retry, step, timeout\n"


class Broken(Exception):
    """A task did not get done with all its retries; `step`, `slice` and the exit `code` say which and how."""

    def __init__(self, step: str, slice: str, code: int) -> None:
        super().__init__(f"{step}/{slice} ended with {code}")
        self.step, self.slice, self.code = step, slice, code


class Solo:
    """A flow and a store. `performed` lists the tasks that were tried, in order."""

    def __init__(self, folder: Path, source: str, store: Store | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        # A name of its own: the module stays in `sys.modules` of this process.
        file = folder / f"flow_{abs(hash((str(folder), source)))}.py"
        file.write_text(OPENING + source, encoding="utf-8")
        loaded = load(str(file))
        assert loaded.plan is not None, loaded.diagnostics
        self.package = package(loaded.plan)
        code = folder / f"code-{self.package.digest[:8]}"
        if not code.exists():
            unpack(self.package.data, str(code))
        self.program = CodePackage.unpacked(str(code))
        self.flow: str = self.program.plan["flow"]
        self.store: Store = store or FolderStore(str(folder / "store"))
        self.store.create(code_key(self.package.digest), self.package.data)
        self.width, self.total, self.last = 1000, 10_000, 0
        self.performed: list[tuple[str, str]] = []

    def invocation(self, step: str, slice: str = "s", run: str = "1", **more: Any) -> Invocation:
        """What an engine would ask for."""
        options = {"width": self.width, "total": self.total, "engine": "test", "last": self.last, **more}
        return Invocation(self.flow, run, step, slice, self.store.url, self.package.digest, **options)

    def perform(self, step: str, slice: str = "s", run: str = "1", store: Any = None, **more: Any) -> int:
        """One try of a task; its exit code."""
        self.performed.append((step, slice))
        return perform(self.invocation(step, slice, run, **more), self.program, store or self.store)

    def begin(self, run: str, **more: Any) -> bool:
        """The task before the first one, as its command calls it; whether the run begins. Raises Broken."""
        invocation = self.invocation(GATE, run=run, **more)
        code = guarded(lambda: run_command(invocation, Lifeline.new()))
        if code != DONE:
            raise Broken(GATE, invocation.slice, code)
        return bool(self.route(GATE, run=run)["to"]["start"])

    def perform_apart(self, step: str, slice: str = "s", run: str = "1", store: Any = None, **more: Any) -> int:
        """One try of a task in a process of its own; its exit code, minus the signal when one ended it."""
        self.performed.append((step, slice))
        process = os.fork()
        if not process:
            code = 1
            try:
                code = perform(self.invocation(step, slice, run, **more), self.program, store or self.store)
            finally:
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])

    def command(self, step: str, slice: str = "s", run: str = "1", **more: Any) -> list[str]:
        """The command that an engine would run in a container."""
        return [sys.executable, "-m", "flowport.runtime", *self.invocation(step, slice, run, **more).argv()]

    def run(self, run: str = "1", *, apart: bool = False, skip: tuple[tuple[str, str], ...] = (), **given: Any) -> None:
        """Run the flow, every task as often as its retries allow; `given` is `input.json`, with `from_` for "from". Raises Broken."""
        self.performed.clear()
        keys = Keys(self.flow, run)
        if given:
            document = {name.rstrip("_"): value for name, value in given.items()}
            self.store.create(keys.input(), json.dumps(document).encode())
        walk = PlanScheduler(self.program.plan["body"])
        waiting = walk.ready()
        while waiting:
            step, slice = waiting.pop(0)
            if (step, slice) not in skip:
                self.insist(step, slice, run, apart)
            walk.done(step, slice, self.route(step, slice, run))
            waiting += walk.ready()
        assert walk.finished

    def insist(self, step: str, slice: str, run: str = "1", apart: bool = False) -> None:
        """Try a task until it is done, as often as an engine would."""
        for _ in range(1 + self.program.plan["retries"].get(step, 0)):
            code = (self.perform_apart if apart else self.perform)(step, slice, run)
            if code in (DONE, STOP):
                break
        if code != DONE:
            raise Broken(step, slice, code)

    def route(self, step: str, slice: str = "s", run: str = "1") -> Any:
        """The route document of a task; None where it has none."""
        try:
            return json.loads(self.store.read(Keys(self.flow, run).route(step, slice, 0)))
        except Missing:
            return None

    def reader(self, run: str = "1") -> Run:
        """What the run left."""
        return Run(self.store, self.flow, run)

    def artifacts(self, step: str, item: str = "r", run: str = "1") -> dict[str, Any]:
        """The artifacts of one item."""
        return self.reader(run).artifacts(step, item)

    def everything(self, run: str = "1") -> dict[tuple[str, str], dict[str, Any]]:
        """Every artifact of every item of the run."""
        found = self.reader(run)
        return {(step, item): found.artifacts(step, item) for step, item in sorted(found.all_items())}

    def manifest(self, step: str, slice: str = "s", run: str = "1", generation: int = 0) -> dict[str, Any]:
        """A manifest as it is in the store."""
        document: dict[str, Any] = json.loads(self.store.read(Keys(self.flow, run).manifest(step, slice, generation)))
        return document

    def path(self, key: str) -> Path:
        """The file of a key."""
        return Path(self.store.url, key)
