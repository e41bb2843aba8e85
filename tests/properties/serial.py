"""A run on this machine, one task after the other: the walk of the plan, and each task by the real runtime in a child of its own."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowport.compiler.ir.plan import Plan
from flowport.compiler.package.archive import package
from flowport.runtime.package.cache import unpack
from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.protocol import DONE, Invocation
from flowport.runtime.replay.scheduler import PlanScheduler
from flowport.runtime.run.reader import Run, find
from flowport.runtime.store import documents
from flowport.runtime.store.errors import Missing
from flowport.runtime.store.keys import Keys, code_key
from flowport.runtime.store.open import open_store
from flowport.runtime.task.entry import perform
from flowport.runtime.task.fused_loop import run


@dataclass(frozen=True)
class Sizes:
    """How the foreaches of a run are cut, after which turn of an outermost loop a fused block does the rest, and whether tasks fork."""

    width: int = 1000
    total: int = 10000
    cap: int | None = None
    fork: bool = True


class Serial:
    """One run of a plan in `folder`."""

    def __init__(self, plan: Plan, folder: Path, sizes: Sizes) -> None:
        made = package(plan)
        self.flow, self.digest, self.sizes = plan.flow.name, made.digest, sizes
        self.url = str(folder / "store")
        self.store = open_store(self.url)
        self.keys = Keys(self.flow, "one")
        self.store.create(code_key(made.digest), made.data)
        unpack(made.data, str(folder / "code"))
        self.program = CodePackage.unpacked(str(folder / "code"))
        self.headers = outermost_loops(self.program.plan["body"])

    def run(self) -> Run:
        """Run to the end; raises AssertionError when a task fails or none is ready."""
        walk = PlanScheduler(self.program.plan["body"])
        self.program.flow_class()
        while not walk.finished:
            ready = walk.ready()
            assert ready, "no task is ready and the walk is not finished"
            for step, slice in ready:
                self.task(step, slice)
                walk.done(step, slice, self.route(step, slice))
        return find(self.store, self.flow, "one")

    def task(self, step: str, slice: str) -> None:
        outer, _, turn = slice.rpartition(".t")
        if step in self.headers and turn == str(self.sizes.cap):
            self.perform(self.invocation(step, outer, block=True, turn=self.sizes.cap or 0))
        self.perform(self.invocation(step, slice))

    def invocation(self, step: str, slice: str, **more: Any) -> Invocation:
        sizes = self.sizes
        return Invocation(self.flow, "one", step, slice, self.url, self.digest, width=sizes.width, total=sizes.total, **more)

    def perform(self, invocation: Invocation) -> None:
        code = self.forked(invocation) if self.sizes.fork else self.here(invocation)
        assert code == DONE, f"the task {invocation.argv()} ended with {code}"

    def here(self, invocation: Invocation) -> int:
        return run(invocation, self.program) if invocation.block else perform(invocation, self.program)

    def forked(self, invocation: Invocation) -> int:
        child = os.fork()
        if not child:
            code = 99
            try:
                code = self.here(invocation)
            except BaseException:
                sys.excepthook(*sys.exc_info())
            os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def route(self, step: str, slice: str) -> Any:
        return self.document(self.keys.route(step, slice, 0))

    def document(self, key: str) -> Any:
        try:
            return documents.load(self.store.read(key))
        except Missing:
            return None


def outermost_loops(body: list[dict[str, Any]]) -> set[str]:
    """The headers of the loops that stand in no other loop."""
    found = set()
    for node in body:
        if "loop" in node:
            found.add(node["loop"])
        else:
            blocks = [node.get("body", []), *node.get("branches", []), *(arm["body"] for arm in node.get("arms", []))]
            found |= {header for block in blocks for header in outermost_loops(block)}
    return found
