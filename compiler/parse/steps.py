"""The steps of a flow: the methods with `@step`, and which of them are the start and the end."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from flowport.compiler.decorators.mutations import Further, StepDecorators, say_mutators
from flowport.compiler.decorators.read import settings
from flowport.compiler.decorators.resolve import decorator_uses
from flowport.compiler.decorators.use import DecoratorUse
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.ir import Step
from flowport.compiler.parse.artifact_uses import UseReader, me
from flowport.compiler.parse.transition_forms import StepMethod
from flowport.compiler.parse.transitions import next_calls, transition
from flowport.compiler.python.classes import Member
from flowport.compiler.python.modules import Function
from flowport.compiler.record import record, replace


@record(eq=False)
class Method:
    """A method with `@step`, and its decorators."""

    member: Member
    function: Function
    changed: StepDecorators

    @property
    def decorators(self) -> tuple[DecoratorUse, ...]:
        """All of them: those in the source, and those from outside."""
        return (*self.changed.own, *(one.use for one in self.changed.attached))


def methods(reading: Reading, members: Mapping[str, Member], further: Further) -> dict[str, Method]:
    """The methods with `@step`, by name, with the decorators that come from outside of the source."""
    found = {}
    for name, member in members.items():
        function = member.function
        if function is not None and function.decorator_list:
            aside = Reading(reading.modules)
            own = decorator_uses(aside, member.owner, function.decorator_list, function.lineno)
            is_step = any(use.name == "step" for use in own)
            # Only a step has a `self` and a `self.next` that decorators of other packages must leave alone.
            reading.diagnostics += [one for one in aside.diagnostics if is_step or one.code != "FP123"]
            if is_step:
                if further.mutations is None:
                    say_mutators(reading, own, f"step `{name}`")
                found[name] = Method(member, function, further.of_step(name, own))
                _check(reading, found[name])
    return found


def _check(reading: Reading, method: Method) -> None:
    """Report methods that cannot be called as a step."""
    function, source, arguments = method.function, method.member.owner.source, method.function.args
    _check_once(reading, method)
    if isinstance(function, ast.AsyncFunctionDef):
        message = f"step `{function.name}` is `async`, and nothing awaits it"
        reading.say("FP222", message, source, function, "write `def`, and call `asyncio.run(...)` inside the step")
    taken = arguments.posonlyargs + arguments.args
    if not taken:
        reading.say("FP222", f"step `{function.name}` does not take `self`", source, function, f"write `def {function.name}(self):`")
    elif len(taken) > 2 or arguments.kwonlyargs or arguments.vararg or arguments.kwarg:
        ways_out = (
            f"write `def {function.name}(self):`, or `def {function.name}(self, inputs):` for a join",
            "pass values to later steps as artifacts: `self.x = 1`",
        )
        reading.say("FP222", f"step `{function.name}` takes more than `self` and `inputs`", source, function, *ways_out)


def _check_once(reading: Reading, method: Method) -> None:
    """Report steps that are defined twice or under a condition."""
    function, owner = method.function, method.member.owner
    earlier = [one.node for one in method.member.bindings[:-1] if isinstance(one.node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = [one.node for one in method.member.bindings if one.guarded]
    around = block(owner.node.body, inside[-1]) if inside else None
    if around is not None:
        kind, line = around
        message = f"step `{function.name}` depends on the `{kind}` in line {line} of the class body"
        ways_out = (
            f"define `{function.name}` once, outside the `{kind}`, and test the condition inside the step",
            "or write two steps, and choose one at run time: `self.next({...}, condition=...)`",
        )
        notes = ("flowport does not run the statements of a class body, so it does not know which steps the flow has",)
        reading.say("FP125", message, owner.source, function, *ways_out, notes=notes)
    elif earlier:
        notes = (f"the second definition replaces the one in line {earlier[-1].lineno}",)
        reading.say("FP125", f"`{function.name}` is defined twice", owner.source, function, "rename one of them, or remove it", notes=notes)


def block(body: list[ast.stmt], member: ast.AST) -> tuple[str, int] | None:
    """The keyword and the line of the statement of a class body that a member stands in; None for a member of the body itself."""
    for node in body:
        is_block = not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if is_block and any(inner is member for inner in ast.walk(node)):
            return type(node).__name__.removeprefix("Async").removesuffix("Star").lower(), node.lineno
    return None


def ends(reading: Reading, found: Mapping[str, Method]) -> tuple[str, str]:
    """The names of the first and the last step, "" where there is none; the only step of a flow is both."""
    marked = _marked(reading, found)
    start, end = (_one(reading, found, kind, marked[kind]) for kind in ("start", "end"))
    if len(found) == 1:
        name, method = next(iter(found.items()))
        if not next_calls(method.function, me(method.function)):
            start = end = name
    return start, end


def _marked(reading: Reading, found: Mapping[str, Method]) -> dict[str, list[str]]:
    """The steps with `@step(start=True)` and those with `@step(end=True)`."""
    marked: dict[str, list[str]] = {"start": [], "end": []}
    for name, method in found.items():
        keywords = [(use, keyword) for use in method.decorators if use.name == "step" and use.call for keyword in use.call.keywords]
        for use, keyword in keywords:
            if keyword.arg not in marked:
                message = f"`@step` has no argument `{keyword.arg}`"
                reading.say("FP131", message, use.source, keyword, "its arguments are `start` and `end`")
                continue
            constant, value = reading.constant(keyword.value, use.source, use.members, f"`{keyword.arg}` of `@step`")
            if constant and value:
                marked[keyword.arg].append(name)
    return marked


def _one(reading: Reading, found: Mapping[str, Method], kind: str, marked: list[str]) -> str:
    names = list(dict.fromkeys([kind, *marked])) if kind in found else marked
    if len(names) > 1:
        other = found[names[1]]
        message = f"the flow has {len(names)} {kind} steps: {', '.join(f'`{name}`' for name in names)}"
        way_out = f"write `@step({kind}=True)` above one step, and call no other step `{kind}`"
        reading.say("FP221", message, other.member.owner.source, other.function, way_out)
    return names[0] if names else ""


def step(reading: Reading, reader: UseReader, method: Method, is_end: bool, digest: str) -> Step:
    """The step that a method defines. Custom decorators may set artifacts that the source does not show."""
    function, owner = method.function, method.member.owner
    place = StepMethod(reading, owner.source, owner.members, function, me(function) or "self")
    wanted = settings(reading, method.decorators, function.name)
    going, span = transition(place, is_end)
    uses = reader.uses(owner.source, function)
    return Step(
        function.name,
        going,
        join=len(function.args.posonlyargs + function.args.args) == 2,
        settings=wanted,
        doc=ast.get_docstring(function) or "",
        digest=digest,
        span=owner.source.name_span(function),
        transition_span=span,
        uses=uses if all(use.name for use in method.decorators) else replace(uses, opaque=True),
        wrappers=tuple(one.wrapper for one in method.changed.attached if one.wrapper is not None),
        unwrapped=method.changed.unwrapped,
    )
