"""Flow -> diagnostics: what is wrong with a flow that could be read, all of it at once.

Each check is a function of the flow. How the constructs nest inside each other is `structure`'s business, and so is what loops may do.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.check.artifacts import check_artifacts
from flowport.compiler.check.parameters import NAMES, check_parameters
from flowport.compiler.check.splits import check_splits
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.diagnostics.suggestions import nearest
from flowport.compiler.ir import End, Flow, Foreach, Span, Step, Switch, targets
from flowport.runtime.store.keys import part

RESERVED = NAMES | {"cmd", "name"}
LONGEST = 240
"""The most bytes of a name in the store: file systems allow 255 (`NAME_MAX` in limits.h), and `.json` and the like follow."""


def check(flow: Flow) -> tuple[Diagnostic, ...]:
    """Everything that is wrong or doubtful, in the order of the source."""
    found = [*_name(flow), *_steps(flow), *_unknown(flow), *check_parameters(flow), *check_artifacts(flow)]
    if flow.start and is_whole(flow):
        found += [*_unreachable(flow), *check_splits(flow)]
    return tuple(dict.fromkeys(found))


def is_whole(flow: Flow) -> bool:
    """Whether every step is known to lead to steps, so that it makes sense to look at the graph."""
    names = {step.name for step in flow.steps}
    return all(names.issuperset(targets(step.transition)) and (step.transition != End() or step.name == flow.end) for step in flow.steps)


def _name(flow: Flow) -> Iterator[Diagnostic]:
    yield from _length("flow", flow.name, flow.span)


def _length(kind: str, name: str, span: Span | None) -> Iterator[Diagnostic]:
    """A name that is too long for a file."""
    size = len(part(name))
    if size > LONGEST:
        shown = f"{name[:20]}..."
        note = "the store keeps it as the name of a file, with three bytes for every byte that is no letter from a to z and no digit"
        message = f"the name of the {kind} `{shown}` takes {size} bytes, and {LONGEST} is the most"
        yield Diagnostic("FP272", message, span, (note,), (f"give the {kind} a shorter name",))


def _steps(flow: Flow) -> Iterator[Diagnostic]:
    """The steps by themselves, and the first and the last."""
    if not flow.steps:
        yield Diagnostic(
            "FP200",
            f"{flow.class_name} has no steps",
            flow.span,
            help=("mark its methods with `@step`, beginning with `start` and ending with `end`",),
        )
        return
    for kind, name, code in (("start", flow.start, "FP216"), ("end", flow.end, "FP217")):
        if not name:
            yield Diagnostic(
                code, f"{flow.class_name} has no {kind}", flow.span, help=(f"call a step `{kind}`, or mark it `@step({kind}=True)`",)
            )
    for step in flow.steps:
        yield from _step(flow, step)


def _step(flow: Flow, step: Step) -> Iterator[Diagnostic]:
    yield from _length("step", step.name, step.span)
    if step.name in RESERVED:
        yield Diagnostic(
            "FP234",
            f"a step cannot be called `{step.name}`",
            step.span,
            ("every flow has that name already",),
            ("give the step another name",),
        )
    if step.join and step.name in (flow.start, flow.end):
        kind = "start" if step.name == flow.start else "end"
        way_out = "take only `self`" if kind == "start" else "put a join of its own in front of it"
        yield Diagnostic(
            "FP223", f"the {kind} of {flow.class_name} cannot be a join", step.span, (f"`{step.name}` takes inputs",), (way_out,)
        )
    if step.uses.merges and not step.join:
        yield Diagnostic(
            "FP270",
            f"step `{step.name}` calls `merge_artifacts`, but is not a join",
            step.span,
            ("only a join has inputs that can be merged",),
            (f"write `def {step.name}(self, inputs)` where branches come together, or remove the call",),
        )
    if step.settings.catch is not None and isinstance(step.transition, Foreach | Switch):
        kind = "a foreach" if isinstance(step.transition, Foreach) else "a switch"
        yield Diagnostic(
            "FP220",
            f"step `{step.name}` has `@catch`, but starts {kind}",
            step.transition_span or step.span,
            ("when the step fails there is nothing that says where to go",),
            ("move the work that may fail into a step before it",),
        )


def _unknown(flow: Flow) -> Iterator[Diagnostic]:
    """Transitions to what is not a step."""
    names = {step.name: step for step in flow.steps}
    for step in flow.steps:
        for target in targets(step.transition):
            if target not in names:
                yield Diagnostic(
                    "FP201",
                    f"step `{step.name}` goes to `{target}`, which is not a step of {flow.class_name}",
                    step.transition_span or step.span,
                    help=_instead(flow, target),
                )


def _instead(flow: Flow, target: str) -> tuple[str, ...]:
    if target in flow.members:
        return (f"write `@step` above `def {target}`",)
    best = nearest(target, (step.name for step in flow.steps))
    return (f"did you mean `{best}`?",) if best else (f"write a method `{target}` and mark it `@step`",)


def _unreachable(flow: Flow) -> Iterator[Diagnostic]:
    after = {step.name: targets(step.transition) for step in flow.steps}
    seen = {flow.start}
    waiting = [flow.start]
    while waiting:
        fresh = [target for target in after[waiting.pop()] if target not in seen]
        seen.update(fresh)
        waiting += fresh
    for step in flow.steps:
        # The end of a flow whose steps all lead somewhere is out of reach only when a loop never ends: `structure` says so.
        if step.name not in seen and step.name != flow.end:
            yield Diagnostic(
                "FP218",
                f"no step leads to `{step.name}`",
                step.span,
                help=(f"write `self.next(self.{step.name})` in the step before it, or remove it",),
            )
