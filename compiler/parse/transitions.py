"""Where a step goes next: the `self.next(...)` at its end. `transition_forms` reads the call."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import End, Foreach, Gang, Span, Step, Transition
from flowport.compiler.parse.transition_forms import StepMethod, is_member, read_call
from flowport.compiler.python.modules import Function
from flowport.compiler.record import replace


def transition(place: StepMethod, is_end: bool) -> tuple[Transition, Span | None]:
    """The transition of a step and its span; End, with a diagnostic unless `is_end`, if there is none or it has errors."""
    calls = list(_calls(place.function, place.me))
    if not calls:
        if not is_end:
            _say_missing(place)
        return End(), None
    last = calls[-1]
    span = place.source.span(last)
    if is_end:
        place.say(
            "FP205",
            f"step `{place.step}` is the end, but has a `self.next`",
            last,
            "remove it",
            notes=("the end is the step called `end`, or the step with `@step(end=True)`",),
        )
        return End(), span
    if not _stands_last(place.function, last) and not _say_not_last(place, last):
        return End(), span
    read = [read_call(place, call) for call in calls]
    final = read[-1]
    for call, other in zip(calls[:-1], read):
        if other is not None and final is not None and other != final:
            place.say(
                "FP203",
                f"step `{place.step}` has several different transitions",
                call,
                'choose with a switch: `self.next({"a": self.a, "b": self.b}, condition="artifact")`',
                notes=("a step has one `self.next`; an earlier one may only repeat it",),
            )
            return End(), span
    return final or End(), span


def with_gangs(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps, those behind a `num_parallel` with the number of their nodes."""
    nodes = {
        step.transition.target: step.transition.items for step in steps if isinstance(step.transition, Foreach) and step.transition.gang
    }
    return tuple(
        replace(step, settings=replace(step.settings, gang=replace(step.settings.gang or Gang(), nodes=nodes[step.name])))
        if step.name in nodes
        else step
        for step in steps
    )


def next_calls(function: Function, me: str) -> list[ast.Call]:
    """Every `self.next(...)` of a step."""
    return list(_calls(function, me))


def _calls(function: Function, me: str) -> Iterator[ast.Call]:
    """The calls of `self.next` in the order of the source, without those of functions inside."""
    waiting: list[ast.AST] = list(reversed(function.body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call) and is_member(node.func, me) == "next":
            yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting += reversed(list(ast.iter_child_nodes(node)))


def _stands_last(function: Function, call: ast.Call) -> bool:
    tail = function.body[-1]
    if isinstance(tail, ast.Return) and tail.value is None and len(function.body) > 1:
        tail = function.body[-2]
    return isinstance(tail, ast.Expr | ast.Return) and tail.value is call


def _say_missing(place: StepMethod) -> None:
    place.reading.diagnostics.append(
        Diagnostic(
            "FP202",
            f"step `{place.step}` does not say which step comes next",
            place.source.name_span(place.function),
            (),
            ("add `self.next(self.step)` as its last line, or write `@step(end=True)` above it if the flow ends here",),
        )
    )


def _say_not_last(place: StepMethod, call: ast.Call) -> bool:
    """Report why; True if the transition is clear anyway."""
    behind = place.function.body[-1]
    if any(call in ast.walk(part) for part in place.function.body if not isinstance(part, ast.Expr | ast.Return)):
        place.say(
            "FP204",
            f"the `self.next` of step `{place.step}` is inside another statement",
            call,
            "make it the last line of the step, not indented further than the rest",
            'to choose between steps write a switch: `self.next({...}, condition="artifact")`',
        )
        return False
    place.say(
        "FP204",
        f"step `{place.step}` continues after its `self.next`",
        call,
        "make `self.next` the last line of the step",
        notes=(f"line {behind.lineno} comes after it",),
    )
    return True
