"""What every target that runs pods has to say about `@kubernetes`."""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.diagnostics import Diagnostic
from flowport.compiler.fuse import loops, unlike
from flowport.compiler.plan import Plan


def unlike_pods(plan: Plan) -> Iterator[Diagnostic]:
    """Loops that run in one pod, though their steps ask for other ones."""
    for loop in loops(plan).values():
        if (found := unlike(plan, loop)) is not None:
            message = f"the loop of `{loop.header}` runs in one pod, and its steps `{found[0]}` and `{found[1]}` ask for other ones"
            way_out = "write the same `@kubernetes` on all steps of the loop"
            yield Diagnostic("FP419", message, plan.flow.step(found[1]).span, help=(way_out,))
