"""A fourth target, as somebody else would ship it: an engine whose files are outlines of the plan, for a person to work through by hand."""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir.plan import Block, Choice, Loop, Map, Parallel, Plan, Task
from flowport.compiler.lower.capabilities import Capabilities, Feature, Limit, missing
from flowport.compiler.package.archive import Package
from flowport.compiler.target import DryRun, File, Profile, Setting

LACKS: Capabilities = {
    Feature.GPU: Limit("never", "a person has no GPU", "leave gpu out"),
    Feature.TIMEOUT: Limit("notyet", "nobody watches the clock", "leave @timeout out, or watch the clock", harmless=True),
}
CODES = {Feature.GPU: "FP390", Feature.TIMEOUT: "FP391"}


class Outline:
    """The target `outline`."""

    name = "outline"
    aliases = ("paper",)
    settings = (Setting("paper", "the size of the paper", default="A4"),)
    stand_ins: Profile = {}
    deploy = None

    def lower(self, plan: Plan) -> Plan:
        return plan

    def fits(self, plan: Plan, profile: Profile) -> tuple[Diagnostic, ...]:
        return missing(plan, self.name, LACKS, CODES)

    def emit(self, plan: Plan, profile: Profile, package: Package) -> tuple[File, ...]:
        text = "\n".join([f"{plan.flow.name} on {profile.get('paper', 'A4')}", *lines(plan.body, "  ")])
        return (File(f"{plan.flow.name}.txt", f"{text}\n".encode()),)

    def dry_run(self, request: DryRun) -> int:
        request.echo("take a pencil")
        return 0


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
