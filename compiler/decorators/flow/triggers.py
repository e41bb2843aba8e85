"""`@trigger(event="features")` and `@trigger_on_finish(flow="FeaturesFlow")`, with Metaflow's arguments: what starts runs of a flow.

    @trigger(events=["features", {"name": "labels", "parameters": {"day": "date"}}])
    @trigger_on_finish(flows=["FeaturesFlow", "demo.prod.LabelsFlow"])

Of several events or flows a run starts when all of them have come, as in Metaflow.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from flowport.compiler.decorators.arguments import Arguments, is_text
from flowport.compiler.decorators.decorator import FlowDecorator
from flowport.compiler.ir import OnEvent, OnFinish

T = TypeVar("T", OnEvent, OnFinish)

WITHOUT_OPTIONS = "how an engine collects events is decided by flowport and the settings of the profile"
EVENT = 'write `@trigger(event="features")`, or `event={"name": "features", "parameters": {"day": "date"}}`'
FLOW = 'write `@trigger_on_finish(flow="FeaturesFlow")`, or `flow="project.branch.FeaturesFlow"`'


def _read_events(arguments: Arguments) -> tuple[OnEvent, ...]:
    return _distinct(arguments, "event", _event, lambda event: event.name)


def _read_flows(arguments: Arguments) -> tuple[OnFinish, ...]:
    return _distinct(arguments, "flow", _flow, lambda flow: flow.flow)


def _distinct(
    arguments: Arguments, kind: str, read: Callable[[Arguments, ast.expr, Any], T | None], name: Callable[[T], str]
) -> tuple[T, ...]:
    """The events or flows; those that are wrong, or there a second time, are reported and left out."""
    found: dict[str, T] = {}
    for node, value in _listed(arguments, kind, f"{kind}s"):
        each = read(arguments, node, value)
        if each is not None and name(each) in found:
            arguments.say(node, f"`@{arguments.use.name}` has the {kind} `{name(each)}` twice", "keep one of them")
        elif each is not None:
            found[name(each)] = each
    return tuple(found.values())


def _listed(arguments: Arguments, one: str, several: str) -> Iterator[tuple[ast.expr, Any]]:
    """What the decorator names, in the argument for one or in that for several."""
    name = arguments.use.name
    given = {key: arguments.named[key] for key in (one, several) if arguments.named.get(key, (None, None))[1]}
    if arguments.named.get("options", (None, None))[1]:
        message = f"`options` of `@{name}` has no effect: {WITHOUT_OPTIONS}"
        arguments.reading.warn("FP141", message, arguments.use.source, arguments.named["options"][0], "remove `options`")
    if len(given) != 1:
        is_both = f"has both `{one}` and `{several}`" if given else f"names no {one}"
        arguments.say(arguments.use.node, f"`@{name}` {is_both}", EVENT if one == "event" else FLOW)
        return
    key, (node, value) = next(iter(given.items()))
    if key == one:
        yield node, value
    elif isinstance(value, list | tuple):
        yield from ((node, each) for each in value)
    else:
        arguments.say(node, f"`{several}` of `@{name}` must be a list, not `{value!r}`", f"write `{several}=[...]`")


def _event(arguments: Arguments, node: ast.expr, value: Any) -> OnEvent | None:
    span = arguments.use.source.span(arguments.use.node)
    named = {"name": value} if isinstance(value, str) else value
    if not isinstance(named, dict) or not _is_name(named.get("name")) or not named.keys() <= {"name", "parameters"}:
        arguments.say(node, f"an event of `@trigger` is a name, or a dict with `name` and `parameters`, not `{value!r}`", EVENT)
        return None
    pairs = _pairs(named.get("parameters") or {})
    if pairs is None:
        message = f"the parameters of the event `{named['name']}` are a dict from parameters to fields of the event, or a list of names"
        arguments.say(node, message, 'write `"parameters": {"day": "date"}`')
        return None
    return OnEvent(named["name"], tuple(pairs.items()), span)


def _pairs(given: Any) -> Mapping[str, str] | None:
    """The fields of an event by parameter; in Metaflow `["alpha", ("beta", "b")]` stands for `{"alpha": "alpha", "beta": "b"}`."""
    if isinstance(given, list | tuple):
        words = [(each, each) if isinstance(each, str) else each for each in given]
        if not all(isinstance(each, list | tuple) and len(each) == 2 for each in words):
            return None
        given = dict(words)
    if isinstance(given, dict) and all(_is_name(each) for pair in given.items() for each in pair):
        return given
    return None


def _flow(arguments: Arguments, node: ast.expr, value: Any) -> OnFinish | None:
    """`FeaturesFlow`, `project.branch.FeaturesFlow` with a branch such as `prod` or `test.main`, or the same as a dict."""
    span = arguments.use.source.span(arguments.use.node)
    if isinstance(value, dict):
        parts = {key: value.get(key) or "" for key in ("name", "project", "project_branch")}
        is_known = value.keys() <= parts.keys() and all(isinstance(each, str) and is_text(each) for each in parts.values())
        if is_known and _is_flow(parts["name"]):
            return OnFinish(parts["name"], parts["project"], parts["project_branch"], span)
    elif _is_name(value):
        *before, name = value.split(".")
        if len(before) != 1 and all(before) and _is_flow(name):
            project, branch = (before[0], ".".join(before[1:])) if before else ("", "")
            return OnFinish(name, project, branch, span)
    arguments.say(node, f"a flow of `@trigger_on_finish` is the name of a flow, not `{value!r}`", FLOW)
    return None


def _is_flow(name: str) -> bool:
    """Whether engines can look for a flow of this name: a class, or what `@flow` calls it, in letters, digits, `_` and `-`."""
    return bool(re.fullmatch(r"[\w-]+", name))


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and is_text(value) and value.isprintable()


TRIGGER = FlowDecorator("trigger", ("event", "events", "options"), _read_events)
TRIGGER_ON_FINISH = FlowDecorator("trigger_on_finish", ("flow", "flows", "options"), _read_flows)
