"""A fourth target, as somebody else would ship it: an engine whose files are outlines of the plan, for a person to work through by hand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from flowport.compiler.changes import Change, Changes, apply
from flowport.compiler.decorators.step.resources import GPU
from flowport.compiler.decorators.step.timeout import TIMEOUTS
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir.plan import Block, Choice, Loop, Map, Parallel, Plan, Task
from flowport.compiler.lower.capabilities import Capabilities, Limit, missing
from flowport.compiler.package.archive import Package
from flowport.compiler.settings import Profile, TargetSettings, text
from flowport.compiler.target import Deployment, DryRun, DryRunResult, File, TaskEnded

LACKS: Capabilities = {
    GPU: Limit("never", "a person has no GPU", "leave gpu out"),
    TIMEOUTS: Limit("notyet", "nobody watches the clock", "leave @timeout out, or watch the clock", harmless=True),
}
CODES = {GPU: "FP390", TIMEOUTS: "FP391"}


class Settings(TargetSettings):
    """What a profile says of outlines."""

    paper = text("the size of the paper", default="A4", choices=("A4", "A3"))


class Writer:
    """The compiler: from a plan to its outline."""

    def setting_problems(self, settings: Settings) -> tuple[Diagnostic, ...]:
        return ()

    def lower(self, plan: Plan, settings: Settings) -> Plan:
        return plan

    def fits(self, plan: Plan, settings: Settings) -> tuple[Diagnostic, ...]:
        return missing(plan, "outline", LACKS, CODES)

    def emit(self, plan: Plan, settings: Settings, package: Package) -> tuple[File, ...]:
        outline = "\n".join([f"{plan.flow.name} on {settings.paper}", *lines(plan.body, "  ")])
        return (File(f"{plan.flow.name}.txt", f"{outline}\n".encode()),)


class Reader:
    """The dry runner: somebody who works through an outline."""

    def run(self, request: DryRun[Settings], report: Callable[[TaskEnded], None]) -> DryRunResult:
        start, log = request.plan.flow.start, ("sharpened",) if request.logs else ()
        report(TaskEnded(start, "s", start, False, 0, "", log))
        return DryRunResult("failed", "the pencil broke")


class Printer:
    """The deployer: puts outlines into a folder."""

    def plan(self, deployment: Deployment[Settings]) -> Changes:
        (file,) = deployment.files
        return Changes((Change(f"wall/{file.path}", "new", make=lambda: self._print(file)),), ("the wall was not looked at",))

    def apply(self, changes: Changes) -> Iterator[Change]:
        return apply(changes)

    def _print(self, file: File) -> None:
        os.makedirs("wall")
        with open(os.path.join("wall", file.path), "wb") as opened:
            opened.write(file.data)


class Outline:
    """The target `outline`."""

    name = "outline"
    aliases = ("paper",)
    settings = Settings
    dry_run_defaults: Profile = {}
    compiler = Writer()
    dry_runner = Reader()
    deployer = Printer()


def lines(block: Block, indent: str) -> Iterator[str]:
    """The outline of a block."""
    for node in block:
        match node:
            case Task(step):
                yield f"{indent}{step}"
            case Parallel(origin, branches):
                for branch in branches:
                    yield f"{indent}branch of {origin}"
                    yield from lines(branch, indent + "  ")
            case Map(origin=origin, over=over, body=body):
                yield f"{indent}for each of {origin}.{over}"
                yield from lines(body, indent + "  ")
            case Choice(origin, arms):
                for arm in arms:
                    yield f"{indent}if {origin} says " + " or ".join(edge.target for edge in arm.edges)
                    yield from lines(arm.body, indent + "  ")
            case Loop(header=header, body=body):
                yield f"{indent}again from {header}"
                yield from lines(body, indent + "  ")


target = Outline()
