"""The scope of an expression, and why it may have no value at compile time."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from flowport.compiler.python.bindings import Names
from flowport.compiler.python.modules import Definition, External, Modules, Own, Thing
from flowport.compiler.python.source import Source
from flowport.compiler.record import record


class NotConstant(Exception):
    """An expression that has no value at compile time, with the place and the reason."""

    def __init__(self, source: Source, node: ast.AST, reason: str) -> None:
        super().__init__(reason)
        self.source, self.node, self.reason = source, node, reason


class ReadsEnvironment(NotConstant):
    """An expression that depends on the environment; `variable` is the name if it is known."""

    def __init__(self, source: Source, node: ast.AST, variable: str | None) -> None:
        super().__init__(source, node, "flowport never reads environment variables at compile time")
        self.variable = variable


class OutOfWork(NotConstant):
    """An expression that exceeds the limit for the whole flow."""

    def __init__(self, source: Source, node: ast.AST) -> None:
        super().__init__(source, node, "it takes too long to compute")


@record
class Known:
    """A function or type of the standard library or of flowport, by its dotted name."""

    name: str


@record(eq=False)
class Instance:
    """An object of a class of the flow (`instances`), which is no value that a decorator takes."""

    type: Definition
    fields: Mapping[str, Any]


@record(eq=False)
class Scope:
    """The file of an expression, the names of the class around it, and values that are already known."""

    modules: Modules
    source: Source
    members: Names
    known: Mapping[str, Any]
    depth: int = 0


def scope(modules: Modules, source: Source, members: Names | None = None) -> Scope:
    """The scope of a module or, with `members`, of a class body in it."""
    return Scope(modules, source, members or {}, {})


def attempt(node: ast.AST, where: Scope, compute: Callable[..., Any], /, *values: Any, **named: Any) -> Any:
    """The result of `compute`; an error that it raises becomes the reason."""
    try:
        return compute(*values, **named)
    except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError) as error:
        raise NotConstant(where.source, node, f"it raises {type(error).__name__}: {error}") from None


def is_name(value: object) -> bool:
    """Whether a value is a function, a class, a module or an object: something that only parts of are plain values."""
    return isinstance(value, (Known, Definition, External, Own, Instance))


def named_in(value: object) -> str | None:
    """The name of something in a value that is known by its name alone; None if all of it is plain."""
    if isinstance(value, Own):
        return value.module
    if isinstance(value, Known | Definition | External):
        return value.name
    if isinstance(value, Instance):
        return f"{value.type.name}()"
    inner = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list | tuple | set | frozenset) else ()
    return next((name for each in inner if (name := named_in(each)) is not None), None)


def resolve_name(node: ast.expr, where: Scope) -> Thing | None:
    """The meaning of a dotted name, imports of the function around it included."""
    if isinstance(node, ast.Attribute):
        owner = resolve_name(node.value, where)
        return None if owner is None else where.modules.member(owner, node.attr)
    if isinstance(node, ast.Name):
        if node.id in where.known:
            known = where.known[node.id]
            return External(known.name) if isinstance(known, Known) else known if isinstance(known, Own) else None
        if node.id in where.members:
            first = where.members[node.id][0]
            return None if first.module is None else where.modules.imported(where.source, first)
        return where.modules.look(where.source, node.id)
    return None


def unpack(target: ast.expr, value: Any, where: Scope) -> dict[str, Any]:
    """The names that an assignment to `target` sets, with their values."""
    if isinstance(target, ast.Name):
        return {target.id: value}
    if not isinstance(target, (ast.Tuple, ast.List)):
        raise NotConstant(where.source, target, "only names are supported here")
    parts = attempt(target, where, list, value)
    if len(parts) != len(target.elts):
        raise NotConstant(where.source, target, f"{len(target.elts)} names are set from {len(parts)} values")
    return {name: inner for part, one in zip(target.elts, parts) for name, inner in unpack(part, one, where).items()}
