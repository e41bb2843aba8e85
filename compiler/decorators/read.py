"""The decorators of a step or a flow -> the settings of the step, and what they say of the flow.

`unsupported` handles decorators that flowport does not support. Custom decorators run in the task.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import FlowSetting
from flowport.compiler.decorators.registry import ARGUMENTS, FLOW_DECORATORS, STEP_DECORATORS
from flowport.compiler.decorators.unsupported import say_unsupported
from flowport.compiler.decorators.use import DecoratorUse
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.evaluate.scope import NotConstant, named_in
from flowport.compiler.ir import ExitHooks, Packages, Project, RunLimits, Schedule, Served, Settings, Trigger
from flowport.compiler.python.classes import Class, FlowClass
from flowport.compiler.record import record


@record
class FlowSettings:
    """What the decorators of a flow say of it: what starts and limits its runs, its project, its packages, what is served, and hooks."""

    triggers: tuple[Trigger, ...] = ()
    limits: RunLimits = RunLimits()
    project: Project | None = None
    packages: tuple[Packages, ...] = ()
    served: tuple[Served, ...] = ()
    exit_hooks: ExitHooks = ExitHooks()


def settings(reading: Reading, uses: Iterable[DecoratorUse], step: str) -> Settings:
    """What a step's decorators ask for."""
    result = Settings()
    earlier: list[Arguments] = []
    seen: set[str] = set()
    for use in uses:
        decorator = STEP_DECORATORS.get(use.name)
        if use.name in ("", "step"):
            continue
        if decorator is not None and use.name in seen and not decorator.repeats:
            reading.say("FP132", f"step `{step}` has `@{use.name}` twice", use.source, use.node, "keep one of them")
        elif decorator is not None:
            named = _arguments(reading, use)
            if named is not None:
                read = Arguments(reading, use, named, step, tuple(earlier))
                _say_without_effect(read, decorator.without_effect)
                result = decorator.read(read, result)
                earlier.append(read)
        elif use.name in FLOW_DECORATORS:
            message = f"`@{use.name}` belongs on a flow, not on step `{step}`"
            reading.say("FP134", message, use.source, use.node, "put it above the class")
        else:
            say_unsupported(reading, use, f"step `{step}`")
        seen.add(use.name)
    return result


def flow_settings(reading: Reading, flow_class: FlowClass, uses: Mapping[Class, Iterable[DecoratorUse]]) -> FlowSettings:
    """What a flow's decorators say; one of a class counts before one of the same name that the class inherits."""
    found: dict[str, FlowSetting] = {}
    hooks = ExitHooks()
    for one in flow_class.classes:
        seen: set[str] = set()
        for use in uses[one]:
            decorator = FLOW_DECORATORS.get(use.name)
            if decorator is not None and use.name in seen and not decorator.repeats:
                reading.say("FP132", f"`{one.node.name}` has `@{use.name}` twice", use.source, use.node, "keep one of them")
            elif decorator is not None:
                seen.add(use.name)
                named = _arguments(reading, use)
                read = decorator.read(Arguments(reading, use, named, "")) if named is not None else None
                if isinstance(read, ExitHooks):
                    hooks = hooks.beside(read)
                elif read is not None:
                    found.setdefault(use.name, read)
            elif use.name in STEP_DECORATORS or use.name == "step":
                message = f"`@{use.name}` belongs on a step, not on a flow"
                reading.say("FP134", message, use.source, use.node, "put it above each step that needs it")
            elif use.name not in ("", "flow"):
                say_unsupported(reading, use, f"`{one.node.name}`")
    return FlowSettings(
        tuple(trigger for each in found.values() for trigger in _triggers(each)),
        next((each for each in found.values() if isinstance(each, RunLimits)), RunLimits()),
        next((each for each in found.values() if isinstance(each, Project)), None),
        tuple(each for each in found.values() if isinstance(each, Packages)),
        tuple(each for each in found.values() if isinstance(each, Served)),
        hooks,
    )


def _triggers(found: FlowSetting) -> tuple[Trigger, ...]:
    return found if isinstance(found, tuple) else (found,) if isinstance(found, Schedule) else ()


def _arguments(reading: Reading, use: DecoratorUse) -> dict[str, tuple[ast.expr, Any]] | None:
    """The arguments of a decorator by name, with `**NAME` unpacked; None if one of them is wrong or not known."""
    found: dict[str, tuple[ast.expr, Any]] = {}
    known = ARGUMENTS[use.name]
    positional = use.call.args if use.call else []
    for node in positional:
        way_out = f"write `{known[0]}={use.source.segment(node)}`"
        reading.say("FP130", f"`@{use.name}` takes its arguments by name", use.source, node, way_out)
    complete = not positional
    for keyword in use.call.keywords if use.call else ():
        values = _values(reading, use, keyword)
        complete = complete and values is not None
        for name, value in (values or {}).items():
            if name in known and name not in found:
                found[name] = (keyword.value, value)
            else:
                complete = False
                _say_wrong(reading, use, keyword, name)
    return found if complete else None


def _values(reading: Reading, use: DecoratorUse, keyword: ast.keyword) -> dict[Any, Any] | None:
    """The arguments that `name=value` or `**value` stands for; None if the value is not known."""
    decorator = STEP_DECORATORS.get(use.name)
    instead = decorator.instead_of_variable(keyword.arg) if decorator else ()
    forwards = decorator is not None and keyword.arg in decorator.forwards
    what = f"`@{use.name}({keyword.arg}=...)`" if keyword.arg else f"`**` in `@{use.name}`"
    constant, value = reading.constant(keyword.value, use.source, use.members, what, instead=instead, forwards=forwards)
    if not constant:
        return None
    of_flow = FLOW_DECORATORS.get(use.name)
    if (name := named_in(value)) is not None and not (of_flow is not None and of_flow.names_functions):
        reason = f"`{name}` is not a value that the flow's own files set"
        reading.say_not_constant(NotConstant(use.source, keyword.value, reason), use.source, keyword.value, what)
        return None
    if keyword.arg is not None:
        return {keyword.arg: value}
    if not isinstance(value, dict):
        message = f"`**` in `@{use.name}` unpacks a dict, not `{value!r}`"
        reading.say("FP133", message, use.source, keyword.value, f"write `**{{{ARGUMENTS[use.name][0]!r}: ...}}`")
        return None
    return value


def _say_without_effect(arguments: Arguments, reasons: Mapping[str, str]) -> None:
    """Warn about arguments that change nothing anywhere."""
    use = arguments.use
    for name, (node, value) in arguments.named.items():
        if name in reasons and value is not None:
            message = f"`{name}` of `@{use.name}` has no effect: {reasons[name]}"
            arguments.reading.warn("FP141", message, use.source, node, f"remove `{name}`")


def _say_wrong(reading: Reading, use: DecoratorUse, keyword: ast.keyword, name: Any) -> None:
    """Report an argument that is given twice, or that the decorator does not have."""
    known = ARGUMENTS[use.name]
    if name in known:
        reading.say("FP132", f"`{name}` of `@{use.name}` is given twice", use.source, keyword.value, "keep one of them")
        return
    listed = ", ".join(f"`{one}`" for one in known)
    ways_out = (*did_you_mean(str(name), known), f"its arguments are {listed}" if known else f"write `@{use.name}`: it has no arguments")
    reading.say("FP131", f"`@{use.name}` has no argument `{name}`", use.source, keyword, *ways_out)
