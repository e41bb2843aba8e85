"""Checks that a gang step has `@parallel`, is started with `num_parallel`, and ends in a join, as Metaflow's linter does."""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import End, Flow, Foreach, Next, Step, targets


def check_gangs(flow: Flow) -> Iterator[Diagnostic]:
    """What is wrong with the gangs of a flow whose transitions all lead to steps."""
    steps = {step.name: step for step in flow.steps}
    begun: set[str] = set()
    for origin in flow.steps:
        if isinstance(origin.transition, Foreach) and origin.transition.gang:
            begun.add(origin.transition.target)
            yield from _gang(origin, steps[origin.transition.target], steps)
    for step in flow.steps:
        if step.settings.gang is not None and step.settings.gang.decorator and step.name not in begun:
            yield _alone(flow, step)


def _gang(origin: Step, step: Step, steps: dict[str, Step]) -> Iterator[Diagnostic]:
    if step.settings.gang is None or not step.settings.gang.decorator:
        message = f"step `{origin.name}` starts `{step.name}` with `num_parallel`, but `{step.name}` has no `@parallel`"
        way_out = f"write `@parallel` above `def {step.name}`"
        yield Diagnostic("FP253", message, step.span, ("Metaflow does not run such a flow",), (way_out,), "warning")
    if step.join or isinstance(step.transition, End) or (isinstance(step.transition, Next) and steps[step.transition.target].join):
        return
    where = step.transition_span or step.span
    if isinstance(step.transition, Next):
        name = step.transition.target
        message = f"step `{step.name}` runs on several nodes and goes to `{name}`, which is not a join"
        way_out = f"add a step `def join(self, inputs)` that goes to `{name}`, and go there: `self.next(self.join)`"
    else:
        message = f"step `{step.name}` runs on several nodes, and goes to something else than a join"
        way_out = "add a step `def join(self, inputs)` that goes on from here, and go there: `self.next(self.join)`"
    yield Diagnostic("FP251", message, where, ("a join gets the artifacts of every node",), (way_out,))


def _alone(flow: Flow, step: Step) -> Diagnostic:
    assert step.settings.gang is not None
    decorator = step.settings.gang.decorator
    before = next((other.name for other in flow.steps if step.name in targets(other.transition)), None)
    message = f"step `{step.name}` has `@{decorator}`, but no step starts it with `num_parallel`"
    if before is None:
        return Diagnostic("FP252", message, step.span, help=(f"remove `@{decorator}`",))
    way_out = f"write `self.next(self.{step.name}, num_parallel=2)` in step `{before}`, or remove `@{decorator}`"
    return Diagnostic("FP252", message, step.span, help=(way_out,))
