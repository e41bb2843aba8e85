"""Flow -> diagnostics: everything that is wrong with a flow, reported at once.

Each check is a function of the flow. `structure` checks how branches, foreaches and loops nest.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.check.artifacts import check_artifacts
from flowport.compiler.check.gangs import check_gangs
from flowport.compiler.check.parameters import NAMES, check_parameters
from flowport.compiler.check.splits import check_splits
from flowport.compiler.check.triggers import check_triggers
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.diagnostics.suggestions import nearest
from flowport.compiler.ir import End, Flow, Foreach, Span, Step, Switch, targets
from flowport.runtime.store.keys import part

RESERVED = NAMES | {"cmd", "name"}
LONGEST = 240
"""The most bytes of a name in the store: file systems allow 255 (`NAME_MAX` in limits.h), and `.json` and the like follow."""


def check(flow: Flow) -> tuple[Diagnostic, ...]:
    """All diagnostics, in the order of the source."""
    found = [*_name(flow), *_steps(flow), *_unknown(flow), *check_parameters(flow), *check_triggers(flow), *check_artifacts(flow)]
    if flow.start and is_whole(flow):
        found += [*_unreachable(flow), *check_splits(flow), *check_gangs(flow)]
    return tuple(dict.fromkeys(found))


def is_whole(flow: Flow) -> bool:
    """Whether every transition leads to steps, so that the graph can be checked."""
    names = {step.name for step in flow.steps}
    return all(names.issuperset(targets(step.transition)) and (step.transition != End() or step.name == flow.end) for step in flow.steps)


def _name(flow: Flow) -> Iterator[Diagnostic]:
    yield from _length("flow", flow.name, flow.span)


def _length(kind: str, name: str, span: Span | None) -> Iterator[Diagnostic]:
    """A name that is too long for a file name."""
    size = len(part(name))
    if size > LONGEST:
        shown = f"{name[:20]}..."
        note = "the store uses it as a file name, with three bytes for each byte that is not a letter from a to z or a digit"
        message = f"the name of the {kind} `{shown}` takes {size} bytes, and the limit is {LONGEST}"
        yield Diagnostic("FP272", message, span, (note,), (f"give the {kind} a shorter name",))


def _steps(flow: Flow) -> Iterator[Diagnostic]:
    """Diagnostics about single steps, and about the start and the end."""
    if not flow.steps:
        yield Diagnostic(
            "FP200",
            f"{flow.class_name} has no steps",
            flow.span,
            help=("write `@step` above its methods; call the first one `start` and the last one `end`",),
        )
        return
    for kind, name, code in (("start", flow.start, "FP216"), ("end", flow.end, "FP217")):
        if not name:
            yield Diagnostic(
                code, f"{flow.class_name} has no {kind}", flow.span, help=(f"call a step `{kind}`, or write `@step({kind}=True)` above it",)
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
            ("every flow already has this name",),
            ("give the step another name",),
        )
    if step.join and step.name in (flow.start, flow.end):
        kind = "start" if step.name == flow.start else "end"
        way_out = "take only `self`" if kind == "start" else "add a separate join before it"
        yield Diagnostic(
            "FP223", f"the {kind} of {flow.class_name} cannot be a join", step.span, (f"`{step.name}` takes inputs",), (way_out,)
        )
    if step.uses.must_merge and not step.join:
        yield Diagnostic(
            "FP270",
            f"step `{step.name}` calls `merge_artifacts`, but is not a join",
            step.span,
            ("only a join has inputs to merge",),
            (f"write `def {step.name}(self, inputs)` if branches meet here, or remove the call",),
        )
    if step.settings.catch is not None and isinstance(step.transition, Foreach | Switch):
        kind = "a switch" if isinstance(step.transition, Switch) else "a gang" if step.transition.gang else "a foreach"
        yield Diagnostic(
            "FP220",
            f"step `{step.name}` has `@catch`, but starts {kind}",
            step.transition_span or step.span,
            ("if the step fails, nothing decides where the flow continues",),
            ("move the work that may fail to an earlier step",),
        )


def _unknown(flow: Flow) -> Iterator[Diagnostic]:
    """Transitions to something that is not a step."""
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
    return (f"did you mean `{best}`?",) if best else (f"write a method `{target}` with the decorator `@step`",)


def _unreachable(flow: Flow) -> Iterator[Diagnostic]:
    after = {step.name: targets(step.transition) for step in flow.steps}
    seen = {flow.start}
    waiting = [flow.start]
    while waiting:
        fresh = [target for target in after[waiting.pop()] if target not in seen]
        seen.update(fresh)
        waiting += fresh
    for step in flow.steps:
        # If all steps lead somewhere, the end is unreachable only because of an endless loop, which `structure` reports.
        if step.name not in seen and step.name != flow.end:
            yield Diagnostic(
                "FP218",
                f"no step leads to `{step.name}`",
                step.span,
                help=(f"write `self.next(self.{step.name})` in the step before it, or remove it",),
            )
