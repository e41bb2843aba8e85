"""Instances of classes in the flow's own files, whose fields have values that are known before the flow runs.

    @dataclass
    class Job:                              Job().memory      4096
        memory: int = 4096                  Job(8).memory     8
        packages: dict = field(default_factory=lambda: {"six": ""})

    class Job:                              Job().memory      4096
        memory = 4096

A class with a base class or a method that Python calls when it makes an instance is left alone.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, TypeAlias

from flowport.compiler.evaluate.scope import Instance, NotConstant, Scope, resolve_name
from flowport.compiler.python.bindings import names
from flowport.compiler.python.modules import Definition, External

Evaluator: TypeAlias = Callable[[ast.expr, Scope], Any]

Given: TypeAlias = tuple[list[Any], dict[str, Any]]
"""The arguments of a call, by position and by name."""

_ACTIVE = frozenset({"__init__", "__new__", "__post_init__", "__getattr__", "__getattribute__", "__setattr__"})
_DEFAULTS = ("default", "default_factory")


def is_plain_class(definition: Definition, where: Scope) -> bool:
    """Whether a call of a class does nothing but set the fields of a data class, or nothing at all."""
    node = definition.type
    if node is None or node.bases or node.keywords or not _ACTIVE.isdisjoint(names(node.body)):
        return False
    inside = Scope(where.modules, definition.source, {}, {}, where.depth)
    marks = [mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list]
    return all(resolve_name(mark, inside) == External("dataclasses.dataclass") for mark in marks)


def instance(
    node: ast.Call, definition: Definition, given: tuple[list[Any], dict[str, Any]], where: Scope, evaluate: Evaluator
) -> Instance:
    """The instance that a call makes; raises NotConstant."""
    kind = definition.type
    assert kind is not None
    positional, named = given
    if not kind.decorator_list:
        if positional or named:
            raise NotConstant(where.source, node, f"`{definition.name}` takes no arguments")
        return Instance(definition, {})
    declared = [part for part in kind.body if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)]
    places = {part.target.id: part.value for part in declared if isinstance(part.target, ast.Name)}
    fields = {**dict(zip(places, positional)), **named}
    inside = Scope(where.modules, definition.source, {}, {}, where.depth + 1)
    for name, value in places.items():
        if name not in fields and value is not None:
            fields[name] = _default(value, inside, evaluate)
    if len(positional) > len(places) or fields.keys() != places.keys() or set([*places][: len(positional)]) & named.keys():
        raise NotConstant(where.source, node, f"the arguments do not match the fields of `{definition.name}`")
    return Instance(definition, fields)


def _default(value: ast.expr, inside: Scope, evaluate: Evaluator) -> Any:
    """The default of a field: its value, or what `field` says."""
    if isinstance(value, ast.Call) and resolve_name(value.func, inside) == External("dataclasses.field"):
        said = {keyword.arg: keyword.value for keyword in value.keywords if keyword.arg in _DEFAULTS}
        for argument, inner in said.items():
            made = inner if argument == "default" else ast.copy_location(ast.Call(inner, [], []), inner)
            return evaluate(made, inside)
        raise NotConstant(inside.source, value, "the field has no default")
    return evaluate(value, inside)
