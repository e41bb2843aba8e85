"""Which functions and classes of the flow's own files are decorators in Metaflow's way: user step decorators and mutators."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Literal, TypeAlias

from flowport.compiler.python.modules import OURS, Definition, External, Modules, Thing

Kind: TypeAlias = Literal["", "user step decorator", "step mutator", "flow mutator"]

_CLASSES: Mapping[str, Kind] = {"UserStepDecorator": "user step decorator", "StepMutator": "step mutator", "FlowMutator": "flow mutator"}
_STRONGEST: tuple[Kind, ...] = ("flow mutator", "step mutator", "user step decorator", "")


def kind(modules: Modules, thing: Thing | None, seen: frozenset[ast.AST] = frozenset()) -> Kind:
    """What a name stands for; "" for everything else, such as a plain function."""
    if isinstance(thing, External):
        package, _, name = thing.name.partition(".")
        return _CLASSES.get(name.rpartition(".")[2], "") if package in OURS else ""
    if not isinstance(thing, Definition) or thing.bindings[-1].node in seen:
        return ""
    seen |= {thing.bindings[-1].node}
    if thing.type is not None:
        found = {kind(modules, modules.resolve(thing.source, base), seen) for base in thing.type.bases}
        return next(one for one in _STRONGEST if one in found or not one)
    if thing.function is not None:
        made = [one.func if isinstance(one, ast.Call) else one for one in thing.function.decorator_list]
        return "user step decorator" if any(_makes_decorator(modules.resolve(thing.source, one)) for one in made) else ""
    return kind(modules, modules.resolve(thing.source, thing.value), seen) if thing.value is not None else ""


def _makes_decorator(thing: Thing | None) -> bool:
    package, _, name = thing.name.partition(".") if isinstance(thing, External) else ("", "", "")
    return package in OURS and name.rpartition(".")[2] == "user_step_decorator"
