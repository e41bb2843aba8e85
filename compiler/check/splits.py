"""Checks that branches and foreaches end in joins.

Each step gets the chain of splits that are open when it starts. A join closes the innermost one. All paths into a step must agree.

    start -> a, b        a: (start>a)      b: (start>b)      join: closes `start`
"""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Branch, Flow, Foreach, Step, targets
from flowport.compiler.record import record


@record(eq=False)
class _Open:
    """An open split: the step that made it, the step that it leads to, and what is open around it."""

    origin: str
    target: str
    around: _Open | None
    depth: int


def check_splits(flow: Flow) -> Iterator[Diagnostic]:
    """What is wrong with the joins of a flow whose transitions all lead to steps."""
    walk = _Walk(flow)
    walk.run()
    yield from walk.ended()
    yield from walk.found
    yield from walk.apart()


class _Walk:
    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.step = {step.name: step for step in flow.steps}
        self.found: list[Diagnostic] = []
        self.open: dict[str, _Open | None] = {flow.start: None}
        self.entered_from: dict[str, str] = {}
        self.unclear: set[str] = set()
        self.unjoined: list[tuple[Step, _Open]] = []
        self.closes: dict[str, _Open | None] = {}
        self.joins: dict[str, dict[str, None]] = {}

    def run(self) -> None:
        waiting = [self.flow.start]
        while waiting:
            step = self.step[waiting.pop()]
            inside = self.open[step.name]
            for target in targets(step.transition):
                opened = inside
                if isinstance(step.transition, Branch | Foreach):
                    opened = _Open(step.name, target, inside, inside.depth + 1 if inside else 1)
                if self.enter(step, target, opened):
                    waiting.append(target)

    def say(self, code: str, message: str, step: Step, way_out: str, *notes: str) -> None:
        self.found.append(Diagnostic(code, message, step.transition_span or step.span, notes, (way_out,)))

    def enter(self, source: Step, target: str, opened: _Open | None) -> bool:
        """Whether the step is entered for the first time, and its open splits are known."""
        step = self.step[target]
        if step.join:
            return self.enter_join(source, step, opened)
        if target == self.flow.end and opened is not None:
            self.unjoined.append((source, opened))
            return False
        if target not in self.open:
            self.open[target] = opened
            self.entered_from[target] = source.name
            return True
        self.compare(source, step, opened)
        return False

    def kind(self, opened: _Open) -> str:
        transition = self.step[opened.origin].transition
        return ("gang" if transition.gang else "foreach") if isinstance(transition, Foreach) else "branch"

    def enter_join(self, source: Step, step: Step, opened: _Open | None) -> bool:
        known = step.name in self.closes
        if opened is None:
            self.closes.setdefault(step.name, None)
            if not known:
                self.say(
                    "FP225",
                    f"step `{source.name}` goes to the join `{step.name}`, but there is no branch or foreach to join",
                    source,
                    f"take only `self` in `{step.name}`, or start a branch or a foreach before it",
                )
            return False
        if opened.target == step.name:
            self.say(
                "FP219",
                f"step `{source.name}` leads a {self.kind(opened)} directly to the join `{step.name}`",
                source,
                "add a step between them",
            )
        elif not known:
            self.joins.setdefault(opened.origin, {})[step.name] = None
        first = self.closes.setdefault(step.name, opened)
        if known and first is not None and (first.origin != opened.origin or not _same(first.around, opened.around)):
            self.say(
                "FP227",
                f"the join `{step.name}` combines paths of different splits: of `{first.origin}` and of `{opened.origin}`",
                source,
                "add a join for each branch and each foreach, the inner one first",
                f"the path through `{source.name}` comes from `{opened.origin}`, another one from `{first.origin}`",
            )
        if not known:
            self.open[step.name] = opened.around
        return not known

    def compare(self, source: Step, step: Step, opened: _Open | None) -> None:
        """Compare two paths into a step that is not a join. Going back to the start is a loop, which `structure` rejects."""
        first = self.open[step.name]
        if _same(first, opened) or step.name == self.flow.start:
            return
        if first and opened and first.origin == opened.origin and _same(first.around, opened.around):
            self.unclear.add(first.origin)
            ways = f"`{self.entered_from[step.name]}` and `{source.name}`"
            self.found.append(
                Diagnostic(
                    "FP226",
                    f"the branches of `{first.origin}` meet in `{step.name}`, which is not a join",
                    step.span,
                    (f"{ways} of different branches go there",),
                    (f"write `def {step.name}(self, inputs)`",),
                )
            )
        else:
            self.beside(source, step, opened, first)

    def beside(self, source: Step, step: Step, opened: _Open | None, first: _Open | None) -> None:
        """One path comes from inside a branch or a foreach, the other does not."""
        deep, inner, outer = (source, opened, self.entered_from[step.name])
        if inner is None or (first and first.depth > inner.depth):
            deep, inner, outer = self.step[self.entered_from[step.name]], first, source.name
        assert inner is not None
        self.unclear.add(inner.origin)
        self.say(
            "FP229",
            f"`{deep.name}` and `{outer}` go to `{step.name}`, but only `{deep.name}` is inside the {self.kind(inner)} of `{inner.origin}`",
            deep,
            f"go to the join of `{inner.origin}` first, or let one of them go to another step",
        )

    def ended(self) -> Iterator[Diagnostic]:
        """Paths that reach the end with an open split, unless another error about the split is known."""
        for source, opened in self.unjoined:
            if opened.origin not in self.unclear:
                message = f"step `{source.name}` goes to the end before the {self.kind(opened)} of `{opened.origin}` is joined"
                yield Diagnostic(
                    "FP224",
                    message,
                    source.transition_span or source.span,
                    help=(f"go to a join first: a step `def join(self, inputs)` that goes to `{self.flow.end}`",),
                )

    def apart(self) -> Iterator[Diagnostic]:
        """Splits whose branches end in different joins."""
        for origin, joins in self.joins.items():
            if len(joins) > 1:
                step = self.step[origin]
                names = ", ".join(f"`{name}`" for name in joins)
                yield Diagnostic(
                    "FP228",
                    f"the paths from `{origin}` end in different joins: {names}",
                    step.transition_span or step.span,
                    help=(f"let all paths from `{origin}` go to one join",),
                )


def _same(first: _Open | None, second: _Open | None) -> bool:
    """Whether two chains of open splits are the same."""
    while first is not second:
        if first is None or second is None or first.origin != second.origin or first.target != second.target:
            return False
        first, second = first.around, second.around
    return True
