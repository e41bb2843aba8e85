"""Checks that every artifact is set before it is read, and that no step sets a reserved name.

An artifact counts as set if some path from the start to the step sets it. A join inherits nothing unless it merges. If `self` is passed to
code that cannot be followed, any artifact may be set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flowport.compiler.check.parameters import NAMES, TITLES
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.ir import Flow, Foreach, Span, Step, Switch, Use, targets

WRITER = "obtb"
"""The attribute that `@tensorboard` adds (`runtime/checkpoints/tensorboard.py`)."""

EFFORT = 2_000_000
"""The most transitions that the check follows, so that a warning does not take minutes."""


def check_artifacts(flow: Flow) -> Iterator[Diagnostic]:
    """Diagnostics about the artifacts that steps read and set."""
    steps = {step.name for step in flow.steps}
    fixed = {**{one.attribute: "config" for one in flow.configs}, **{one.attribute: "parameter" for one in flow.parameters}}
    hidden = _Reach(flow)
    for step in flow.steps:
        if step.settings.catch and step.settings.catch.var in fixed:
            var = step.settings.catch.var
            yield Diagnostic(
                "FP232",
                f"`@catch` of step `{step.name}` sets `self.{var}`, which is a {fixed[var]}",
                step.span,
                (f"a {fixed[var]} keeps its value during the whole run",),
                (f'use another name: `var="{step.name}_failure"`',),
            )
        for use in step.uses.writes:
            if use.name in fixed:
                yield Diagnostic(
                    "FP232",
                    f"step `{step.name}` sets `self.{use.name}`, which is a {fixed[use.name]}",
                    use.span,
                    (f"a {fixed[use.name]} keeps its value during the whole run",),
                    (f"use another name for the artifact: `self.new_{use.name}`",),
                )
            elif use.name in steps and hidden.hides(step.name, use.name):
                yield Diagnostic(
                    "FP233",
                    f"step `{step.name}` sets `self.{use.name}`, which is a step",
                    use.span,
                    (f"`self.next(self.{use.name})` would not find the step any more",),
                    ("rename the artifact or the step",),
                )
            elif use.name in NAMES:
                yield Diagnostic(
                    "FP234",
                    f"an artifact cannot be called `{use.name}`",
                    use.span,
                    ("every flow already has this name",),
                    ("rename the artifact",),
                )
    yield from _unset(flow, steps | set(fixed) | set(flow.members) | NAMES | TITLES)


def _unset(flow: Flow, existing: set[str]) -> Iterator[Diagnostic]:
    """Artifacts that are read before any step can set them; nothing is reported while a transition is unknown."""
    known = {step.name for step in flow.steps}
    if not flow.complete or any(not known.issuperset(targets(step.transition)) for step in flow.steps):
        return
    wanted: dict[str, list[tuple[Step, Use]]] = {}
    for step in flow.steps:
        own = {use.name for use in step.uses.writes}
        named = [use for use in _named(step) if use.name not in own]
        for use in () if step.uses.opaque else (*named, *step.uses.reads):
            # Reading a step is fine in `self.next`, but a foreach or a switch cannot use a step.
            exists = use.name in existing and not (use.name in known and use in named)
            if not exists and use.name not in _provided(step) and not use.name.startswith("__"):
                wanted.setdefault(use.name, []).append((step, use))
    reach = _Reach(flow)
    for name, uses in wanted.items():
        reached = reach.steps(name, {step.name for step, _ in uses})
        for step, use in uses:
            if step.name not in reached:
                yield _diagnostic(reach, step, use, existing)


def _provided(step: Step) -> set[str]:
    """What decorators of the step give it: the artifact of `@catch`, and the writer of `@tensorboard`."""
    return _caught(step) | ({WRITER} if step.settings.tensorboard else set())


def _caught(step: Step) -> set[str]:
    return {step.settings.catch.var} if step.settings.catch and step.settings.catch.var else set()


def _named(step: Step) -> Iterable[Use]:
    """The artifact that a foreach or a switch names."""
    match step.transition:
        case Foreach(gang=True):
            return ()
        case Foreach(over=name) | Switch(condition=name):
            return (Use(name, step.transition_span),)
        case _:
            return ()


def _diagnostic(reach: _Reach, step: Step, use: Use, existing: set[str]) -> Diagnostic:
    if any(use == named and use.span == named.span for named in _named(step)):
        kind = "foreach" if isinstance(step.transition, Foreach) else "condition"
        if use.name not in reach.writers:
            return Diagnostic(
                "FP231",
                f'step `{step.name}` has `{kind}="{use.name}"`, but no step sets `self.{use.name}`',
                use.span,
                help=did_you_mean(use.name, reach.writers) or (f"set `self.{use.name}` in step `{step.name}`",),
            )
    if use.name not in reach.writers:
        if use.name == WRITER:
            message = f"step `{step.name}` reads `self.{WRITER}`, which `@tensorboard` adds"
            return _warning(use.span, message, ("put `@tensorboard` above the step",))
        return _warning(
            use.span,
            f"step `{step.name}` reads `self.{use.name}`, which no step sets",
            did_you_mean(use.name, [*reach.writers, *existing]) or (f"set `self.{use.name}` in an earlier step",),
        )
    where = reach.writers[use.name][0]
    if step.join:
        return _warning(
            use.span,
            f"the join `{step.name}` reads `self.{use.name}`, which it does not take from its inputs",
            (f"write `self.{use.name} = inputs[0].{use.name}`, or `self.merge_artifacts(inputs)`",),
            "a join has several inputs, so it inherits no artifacts",
        )
    if any(step.name in reach.plain(writer) for writer in reach.writers[use.name]):
        return _warning(
            use.span,
            f"step `{step.name}` reads `self.{use.name}`, which an earlier join does not pass on",
            (f"write `self.{use.name} = inputs[0].{use.name}`, or `self.merge_artifacts(inputs)`, in the join",),
            f"step `{where}` sets it",
        )
    return _warning(
        use.span,
        f"step `{step.name}` reads `self.{use.name}` before any step sets it",
        (f"set it in step `{step.name}` or in an earlier step",),
        f"step `{where}` sets it, and does not come before `{step.name}`",
    )


def _warning(span: Span | None, message: str, ways_out: tuple[str, ...], *notes: str) -> Diagnostic:
    return Diagnostic("FP230", message, span, notes, ways_out, "warning")


class _Reach:
    """Which steps an artifact can reach from the steps that set it."""

    def __init__(self, flow: Flow) -> None:
        self.after = {step.name: targets(step.transition) for step in flow.steps}
        self.bars = {step.name for step in flow.steps if step.join and not step.uses.merges and not step.uses.opaque}
        self.opaque = [step.name for step in flow.steps if step.uses.opaque]
        self.writers: dict[str, list[str]] = {}
        self.effort = EFFORT
        for step in flow.steps:
            for name in {use.name: None for use in step.uses.writes} | dict.fromkeys(_caught(step)):
                self.writers.setdefault(name, []).append(step.name)

    def steps(self, name: str, wanted: set[str]) -> set[str]:
        """The steps of `wanted` that the artifact can reach; all of them if the search takes too long."""
        return self._follow([*self.writers.get(name, ()), *self.opaque], wanted, self.bars)

    def plain(self, writer: str) -> set[str]:
        """Every step after `writer`, through joins too."""
        return self._follow([writer], set(self.after), set())

    def hides(self, writer: str, name: str) -> bool:
        """Whether an artifact with the name of a step reaches a step that goes to that step."""
        if name in self.after[writer]:
            return True
        return any(name in self.after[step] for step in self._follow([writer], set(self.after), self.bars))

    def _follow(self, first: list[str], wanted: set[str], bars: set[str]) -> set[str]:
        reached: set[str] = set()
        seen: set[str] = set()
        waiting = list(first)
        while waiting and not wanted <= reached:
            for target in self.after.get(waiting.pop(), ()):
                self.effort -= 1
                if target in seen or target in bars:
                    continue
                seen.add(target)
                waiting.append(target)
                if target in wanted:
                    reached.add(target)
        return reached if self.effort > 0 else wanted
