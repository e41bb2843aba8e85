"""What the decorators of a step or a flow ask for.

`@retry`, `@catch`, `@timeout`, `@resources`, `@environment` and `@kubernetes` become Settings. Those that a later version brings are a
warning where the flow runs the same without them and an error where it does not (`later`). The user's own are left to run in the task.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flowport.compiler.decorators.arguments import Values, is_text
from flowport.compiler.decorators.kubernetes import pod
from flowport.compiler.decorators.resolve import FLOW_DECORATORS, RESOURCES, SETTINGS, DecoratorUse
from flowport.compiler.decorators.unsupported import UNSUPPORTED, Unsupported
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.evaluate.expressions import evaluate
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.evaluate.scope import NotConstant, scope
from flowport.compiler.ir import Catch, Resources, Retry, Settings
from flowport.compiler.record import replace

MOST_TRIES = 100
MOST_SECONDS = 99_999_999
"""The longest `TimeoutSeconds` of Step Functions ("Task workflow state"); Argo counts in 32 bits."""

PROFILED = frozenset({"image", "service_account", "node_selector", "tolerations", "labels", "secrets"})
"""The arguments of `@kubernetes` that a profile has a setting for."""

PACKAGES = frozenset({"conda", "conda_base", "pypi", "pypi_base"})
"""The decorators that install packages, with no need for them where they name none."""

OWN = "FLOWPORT_"
"""How the variables begin that flowport itself gives to a task."""


def settings(reading: Reading, found: Iterable[DecoratorUse], step: str) -> Settings:
    """What a step's decorators ask for."""
    result = Settings()
    asked: list[Values] = []
    seen: set[str] = set()
    for mark in found:
        if mark.name in ("", "step"):
            continue
        if mark.name in seen and mark.name in SETTINGS:
            reading.say("FP132", f"step `{step}` has `@{mark.name}` twice", mark.source, mark.node, "keep one of them")
        elif mark.name in SETTINGS:
            named = arguments(reading, mark)
            if named is not None:
                values = Values(reading, mark, named, step)
                result = _APPLY[mark.name](values, result)
                if mark.name == "resources" or named.keys() & RESOURCES:
                    asked.append(values)
        elif mark.name in FLOW_DECORATORS:
            message = f"`@{mark.name}` belongs on a flow, not on step `{step}`"
            reading.say("FP134", message, mark.source, mark.node, "put it above the class")
        else:
            say_unsupported(reading, mark, f"step `{step}`")
        seen.add(mark.name)
    return replace(result, resources=_resources(asked)) if asked else result


def say_unsupported(reading: Reading, mark: DecoratorUse, place: str) -> None:
    """A decorator that is not flowport's yet."""
    known = _without_packages(reading, mark) or UNSUPPORTED.get(mark.name)
    source = mark.source
    if mark.name in reading.refused:
        return
    if known is None:
        reading.say(
            "FP142",
            f"flowport does not have the decorator `@{mark.name}`",
            source,
            mark.node,
            *did_you_mean(mark.name, {*SETTINGS, "step"}),
            "remove it; packages and services that it brings must then come from the image or from the step's own code",
        )
    elif known.same:
        reading.warn(
            "FP141", f"`@{mark.name}` on {place} comes with a later version of flowport; {known.effect}", source, mark.node, known.way_out
        )
    else:
        reading.say(
            "FP140", f"`@{mark.name}` on {place} comes with a later version of flowport; {known.effect}", source, mark.node, known.way_out
        )


def _without_packages(reading: Reading, mark: DecoratorUse) -> Unsupported | None:
    """What a decorator for packages leaves undone when it names none; None for all others."""
    named: dict[str, Any] = {}
    if mark.name not in PACKAGES or (mark.call and mark.call.args):
        return None
    for keyword in mark.call.keywords if mark.call else ():
        try:
            value = evaluate(keyword.value, scope(reading.modules, mark.source, mark.members))
        except NotConstant:
            return None
        named.update({keyword.arg: value} if keyword.arg else value if isinstance(value, dict) else {"**": value})
    if named.get("disabled"):
        return Unsupported(True, "it is switched off, so nothing is missing", "remove it")
    if any(value for name, value in named.items() if name != "python"):
        return None
    if named.get("python"):
        return Unsupported(
            True, "the image decides which Python runs", f"use an image with Python {named['python']}, and remove the decorator"
        )
    return Unsupported(True, "it names no packages, so nothing is missing", "remove it")


def arguments(reading: Reading, mark: DecoratorUse) -> dict[str, tuple[ast.expr, Any]] | None:
    """The values of a decorator's arguments by name, `**NAME` unfolded; None when one of them is not known."""
    found: dict[str, tuple[ast.expr, Any]] = {}
    known = {**SETTINGS, **FLOW_DECORATORS}[mark.name]
    whole = True
    for node in mark.call.args if mark.call else ():
        reading.say(
            "FP130", f"`@{mark.name}` takes its arguments by name", mark.source, node, f"write `{known[0]}={mark.source.segment(node)}`"
        )
        whole = False
    for keyword in mark.call.keywords if mark.call else ():
        constant, value = reading.constant(
            keyword.value,
            mark.source,
            mark.members,
            f"`@{mark.name}({keyword.arg or '**'}=...)`" if keyword.arg else f"`**` in `@{mark.name}`",
            instead=_instead_of_variable(mark.name, keyword.arg),
        )
        if not constant:
            whole = False
            continue
        if keyword.arg is None and not isinstance(value, dict):
            message = f"`**` in `@{mark.name}` unpacks a dict, not `{value!r}`"
            reading.say("FP133", message, mark.source, keyword.value, f"write `**{{{known[0]!r}: ...}}`")
            whole = False
            continue
        for name, inner in ({keyword.arg: value} if keyword.arg is not None else value).items():
            if name in found:
                reading.say("FP132", f"`{name}` of `@{mark.name}` stands twice", mark.source, keyword.value, "keep one of them")
                whole = False
            elif name in known:
                found[name] = (keyword.value, inner)
            else:
                reading.say(
                    "FP131",
                    f"`@{mark.name}` has no argument `{name}`",
                    mark.source,
                    keyword,
                    *did_you_mean(str(name), known),
                    f"its arguments are {', '.join(f'`{one}`' for one in known)}",
                )
                whole = False
    return found if whole else None


def _instead_of_variable(decorator: str, argument: str | None) -> tuple[str, ...]:
    """What to write where an argument would come from the environment; () where nothing but the value does."""
    if decorator == "environment":
        return ("leave the variable out of `vars`", 'on Argo, `@kubernetes(secrets=["NAME"])` sets the variables of a secret')
    if decorator == "kubernetes" and argument in PROFILED:
        return (f"leave it out, and write `{argument}` into a profile of flowport.toml, under `[profiles.NAME.argo]`",)
    return ()


def _retry(values: Values, so_far: Settings) -> Settings:
    times = values.number("times", 3, 0, whole=True)
    if times > MOST_TRIES:
        values.say(values.named["times"][0], f"`times` of `@retry` is at most {MOST_TRIES}, not {times}", f"write `times={MOST_TRIES}`")
    minutes = values.number("minutes_between_retries", 2, 0)
    if minutes > MOST_SECONDS // 60:
        message = f"`minutes_between_retries` of `@retry` is at most {MOST_SECONDS // 60}, not {minutes:g}"
        values.say(values.named["minutes_between_retries"][0], message, "write `minutes_between_retries=60`")
    return replace(so_far, retry=Retry(times, minutes))


def _catch(values: Values, so_far: Settings) -> Settings:
    node, var = values.named.get("var", (values.mark.node, None))
    if var is not None and not (isinstance(var, str) and var.isidentifier()):
        values.say(node, f"`var` of `@catch` is the name of an artifact, not `{var!r}`", 'write `var="failure"`')
        var = None
    return replace(so_far, catch=Catch(var, bool(values.named.get("print_exception", (None, True))[1])))


def _timeout(values: Values, so_far: Settings) -> Settings:
    seconds = sum(values.number(name, 0, 0) * factor for name, factor in (("seconds", 1), ("minutes", 60), ("hours", 3600)))
    if seconds <= 0:
        if not any(values.named.get(name, (None, 0))[1] for name in SETTINGS["timeout"]):
            values.say(values.mark.node, f"the `@timeout` of step `{values.step}` has no length", "write `@timeout(minutes=10)`")
        return so_far
    if seconds > MOST_SECONDS:
        message = f"the `@timeout` of step `{values.step}` is {seconds:.0f} s, and not every engine counts further than {MOST_SECONDS}"
        values.say(values.mark.node, message, "write `@timeout(hours=27_777)`, or leave it out")
        return so_far
    return replace(so_far, timeout=max(1, int(seconds)))


def _resources(asked: Iterable[Values]) -> Resources:
    """What `@resources` and `@kubernetes` ask for; where both say a size, as in Metaflow, the larger one."""
    plain = Resources()
    found: dict[str, Any] = {}
    for values in asked:
        for name, least in RESOURCES.items():
            if values.named.get(name, (None, None))[1] is not None:
                size = values.number(name, getattr(plain, name), least, whole=name != "cpu")
                found[name] = max(filter(None, (size, found.get(name))), default=size)
    return Resources(**found)


def _environment(values: Values, so_far: Settings) -> Settings:
    node, names = values.named.get("vars", (values.mark.node, {}))
    if not isinstance(names, dict):
        values.say(node, "`vars` of `@environment` is a dict of texts", 'write `vars={"NAME": "value"}`')
        return so_far
    for name, value in names.items():
        if not isinstance(name, str) or not name or {"=", "\0"} & set(name) or not is_text(name):
            values.say(node, f"`{name!r}` cannot be the name of an environment variable", 'write `vars={"NAME": "value"}`')
        elif name.startswith(OWN):
            values.say(node, f"the environment variable `{name}` is flowport's own", f"choose a name that does not begin with `{OWN}`")
        elif not isinstance(value, str) or "\0" in value or not is_text(value):
            values.say(node, f"the environment variable `{name}` is a text, not `{value!r}`", f'write `"{name}": "{value}"`')
    good = {name: value for name, value in names.items() if isinstance(name, str) and isinstance(value, str)}
    return replace(so_far, environment=tuple(sorted(good.items())))


_APPLY: Mapping[str, Callable[[Values, Settings], Settings]] = {
    "retry": _retry,
    "catch": _catch,
    "timeout": _timeout,
    "resources": lambda values, so_far: so_far,
    "environment": _environment,
    "kubernetes": lambda values, so_far: replace(so_far, kubernetes=pod(values)),
}
