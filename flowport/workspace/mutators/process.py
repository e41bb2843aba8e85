"""The process that imports a flow and runs its mutators: `python -m flowport.workspace.mutators.process`.

It reads a request from standard input, and writes what changed to standard output, both as JSON. What the user's code prints goes to
standard error. The flow's files are in a folder as in a code package, so its mutators see what a task sees.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from flowport.runtime.names import exports, flow
from flowport.runtime.names.mutable.changing import Changing
from flowport.runtime.names.mutable.flow import MutableFlow, MutableStep
from flowport.runtime.names.mutable.noted import Noted, Refused, full_name, mutators_of
from flowport.runtime.names.mutators import FlowMutator
from flowport.runtime.names.step_decorators import StepDecorator
from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.package.configs import value as config_value


class Noting:
    """Stands for a decorator of flowport while the flow is imported, and notes where it is used."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *values: Any, **named: Any) -> Any:
        if len(values) == 1 and not named and callable(values[0]):
            return self.note(values[0], {})
        if values:
            raise Refused(f"`@{self.name}` takes its arguments by name, not `{values[0]!r}`")
        return lambda decorated: self.note(decorated, named)

    def note(self, decorated: Any, named: dict[str, Any]) -> Any:
        """Note the decorator on a step or a class."""
        if isinstance(decorated, type):
            own = vars(decorated).get("_flowport_decorators", ())
            decorated._flowport_decorators = [*own, Noted(self.name, named)]  # type: ignore[attr-defined]
        else:
            decorated.__dict__.setdefault("decorators", []).append(Noted(self.name, named))
        return decorated


def main() -> int:
    """Run the mutators; 1 when they cannot be run."""
    request = json.load(sys.stdin)
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        document = changes(CodePackage(request["folder"], request["source"]), request["decorators"])
    except Refused as error:
        document = {"refused": str(error)}
    except (Exception, SystemExit) as error:  # whatever the flow's module or a mutator raises
        import traceback

        traceback.print_exc()
        document = {"refused": f"{type(error).__name__}: {error}", "raised": True}
    json.dump(document, answer)
    answer.close()
    return int("refused" in document)


def changes(program: CodePackage, decorators: list[list[Any]]) -> dict[str, Any]:
    """What the mutators of a flow change; `decorators` are those of the command line: name, arguments, origin."""
    names = _note_decorators()
    kind = program.flow_class()
    configs = {name: config_value(spec) for name, spec in program.configs.items()}
    changing = Changing(kind, lambda asked: _found(asked, names), configs)
    before = {name: _lists(step) for name, step in changing.steps.items()}
    flow_before, parameters = list(changing.flow_decorators), dict(changing.parameters)
    _run(changing, kind, decorators)
    return {
        "steps": {name: _step(program, before[name], _lists(step)) for name, step in changing.steps.items()},
        "flow": _noted(flow_before, changing.flow_decorators),
        "parameters": [[name, _call(one)] for name, one in changing.parameters.items() if parameters.get(name) is not one],
        "removed_parameters": [name for name in parameters if name not in changing.parameters],
    }


def _run(changing: Changing, kind: type, decorators: list[list[Any]]) -> None:
    """Metaflow's order: all `pre_mutate`, those of the flow first; the decorators of the command line; all `mutate`."""
    flow_mutators = mutators_of(kind)
    for one in flow_mutators:
        one.init(*one._args, **one._kwargs)
    for one in flow_mutators:
        _named(changing, one)
        one.pre_mutate(MutableFlow(changing))
        flow_mutators += [new for new in mutators_of(kind) if new not in flow_mutators]
    ready: list[tuple[str, Any, Any]] = []
    for name, step in changing.steps.items():
        own = step.__dict__.get("mutators", [])
        for mutator in own:
            made = mutator.fresh()
            _named(changing, made)
            made.pre_mutate(MutableStep(changing, name, step))
            ready.append((name, step, made))
    changing.early = False
    for name, step in changing.steps.items():
        for decorator, arguments, origin in decorators:
            changing.origin = origin
            MutableStep(changing, name, step).add_decorator(decorator, deco_kwargs=arguments)
    for one in flow_mutators:
        _named(changing, one)
        one.mutate(MutableFlow(changing))
    for name, step, made in ready:
        _named(changing, made)
        made.mutate(MutableStep(changing, name, step))


def _named(changing: Changing, mutator: Any) -> None:
    changing.origin = f"mutator {type(mutator).__name__}"


def _note_decorators() -> frozenset[str]:
    """Put what notes itself in the place of every decorator of flowport, and note the arguments of parameters; the names."""
    names = [name for name, where in exports.MODULES[""].items() if where == exports.FLOW and getattr(flow, name) is flow._setting]
    for name in names:
        setattr(flow, name, Noting(name))
    plain = flow.Parameter.__init__

    def noted(self: Any, *values: Any, **named: Any) -> None:
        self.__dict__.setdefault("_given", (type(self).__name__, values, named))
        plain(self, *values, **named)

    flow.Parameter.__init__ = noted  # type: ignore[method-assign]
    return frozenset(names)


def _found(asked: Any, names: Iterable[str]) -> str | type[Any]:
    """The name of a decorator of flowport, or the class of one of the flow's own."""
    if isinstance(asked, Noting):
        return asked.name
    if isinstance(asked, type) and issubclass(asked, StepDecorator | FlowMutator):
        return asked
    if not isinstance(asked, str):
        raise Refused(f"`{asked!r}` is no decorator")
    if asked in names:
        return asked
    known = {
        full_name(kind): kind for kind in (*_kinds(StepDecorator), *_kinds(FlowMutator)) if not kind.__module__.startswith("flowport.")
    }
    matches = [kind for name, kind in known.items() if f".{name}".endswith(f".{asked}")]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise Refused(f"`{asked}` is the name of several decorators: {', '.join(f'`{full_name(kind)}`' for kind in matches)}")
    module, _, name = asked.rpartition(".")
    found = getattr(import_module(module), name, None) if module else None
    if isinstance(found, type) and issubclass(found, StepDecorator | FlowMutator):
        return found
    near = get_close_matches(asked, [*names, *(name.rpartition(".")[2] for name in known)], 1)
    raise Refused(f"there is no decorator `{asked}`" + (f"; did you mean `{near[0]}`?" if near else ""))


def _kinds(kind: type) -> Iterable[type[Any]]:
    below: list[type[Any]] = type.__subclasses__(kind)
    for one in below:
        yield one
        yield from _kinds(one)


def _lists(step: Any) -> tuple[list[Any], list[Any]]:
    return list(step.__dict__.get("decorators", ())), list(step.__dict__.get("wrappers", ()))


def _step(program: CodePackage, before: tuple[list[Any], list[Any]], after: tuple[list[Any], list[Any]]) -> dict[str, Any]:
    """What changed in the decorators of a step."""
    found = _noted(before[0], after[0])
    kept = after[1][: len(before[1])] == before[1]
    for wrapper in after[1][len(before[1]) if kept else 0 :]:
        kind = type(wrapper)
        name = kind.__qualname__ if kind.__module__ == program.module else full_name(kind)
        found["added"].append([name, _plain(kind.__name__, wrapper._kwargs), getattr(wrapper, "origin", "its source")])
    return {**found, "unwrapped": not kept}


def _noted(before: list[Noted], after: list[Noted]) -> dict[str, Any]:
    """Which names are gone, and what was added; where one of several with a name is gone, all of them are, and the rest is added."""
    removed = [name for name in dict.fromkeys(one.name for one in before) if any(one.name == name and one not in after for one in before)]
    added = [one for one in after if one not in before or one.name in removed]
    return {"removed": removed, "added": [[one.name, _plain(one.name, one.arguments), one.origin or "its source"] for one in added]}


def _plain(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {argument: _json(value, f"`@{name}` the argument `{argument}`") for argument, value in arguments.items()}


def _json(value: Any, what: str) -> Any:
    """A value as JSON has it; raises Refused."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_json(inner, what) for inner in value]
    if isinstance(value, dict):
        return {str(key): _json(inner, what) for key, inner in value.items()}
    raise Refused(f"a mutator gives {what} of type `{type(value).__name__}`: give it a number, a text, a list or a dict")


def _call(parameter: Any) -> str:
    """The call that makes a parameter, as text."""
    kind, values, named = parameter._given
    pieces = [_argument(parameter.name, "", value) for value in values]
    return f"{kind}({', '.join([*pieces, *(f'{name}={_argument(parameter.name, name, value)}' for name, value in named.items())])})"


def _argument(parameter: str, name: str, value: Any) -> str:
    if value in (int, float, str, bool, list, dict):
        return str(value.__name__)
    if value is flow.JSONType:
        return "JSONType"
    return repr(_json(value, f"the parameter `{parameter}` an argument `{name}`"))


if __name__ == "__main__":
    sys.exit(main())
