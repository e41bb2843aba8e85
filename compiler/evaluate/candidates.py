"""The possible values of an expression, if the source allows a few.

for name in ("one", "two"):
    f"plugins.{name}"                     "plugins.one", "plugins.two"
MODULES[self.kind]                        every value of the dict MODULES
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from flowport.compiler.evaluate.expressions import evaluate
from flowport.compiler.evaluate.scope import Known, NotConstant, Scope, attempt, scope, unpack
from flowport.compiler.python.modules import Definition, External, Modules, Thing
from flowport.compiler.python.source import Source
from flowport.compiler.record import record

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
MOST, DEEPEST = 1000, 20
"""The most values of an expression, and the most names that may refer to one another."""


@record(eq=False)
class ScopeChain:
    """The functions around an expression, innermost first and with the names that they bind, and the module."""

    functions: tuple[tuple[ast.AST, Mapping[str, Thing | None]], ...]
    module: ast.AST

    def where(self, name: str) -> ScopeChain:
        """The place that binds a name: that of a function, or else of the module."""
        numbers = [number for number, (_, names) in enumerate(self.functions) if name in names]
        return ScopeChain(self.functions[numbers[0] :] if numbers else (), self.module)

    @property
    def node(self) -> ast.AST:
        """The innermost function, or the module."""
        return self.functions[0][0] if self.functions else self.module

    def imported(self, name: str) -> Thing | None:
        """What an import of the innermost function binds a name to."""
        return self.functions[0][1].get(name) if self.functions else None


@record(eq=False)
class _Bound:
    """An assignment of a value to a name, or a loop over it."""

    target: ast.expr
    value: ast.expr
    loops: bool


class Candidates:
    """The values of the expressions of one file; the bindings of a name are searched once."""

    def __init__(self, modules: Modules, source: Source) -> None:
        self.modules, self.source = modules, source
        self.bound: dict[ast.AST, dict[str, list[_Bound | None]]] = {}
        self.known: dict[tuple[ast.AST, str], list[Any]] = {}
        self.depth = 0

    def values(self, node: ast.expr, place: ScopeChain) -> list[Any] | None:
        """The possible values of an expression; None if it may have any."""
        rows: list[dict[str, Any]] = [{}]
        used = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name)]
        own = {inner.id for inner in used if isinstance(inner.ctx, ast.Store)}
        for name in dict.fromkeys(inner.id for inner in used if inner.id not in own):
            found = self.of_name(name, place.where(name))
            if found is not None:
                rows = [{**row, name: value} for row in rows for value in found] if len(rows) * len(found) <= MOST else []
        try:
            found = [evaluate(node, Scope(self.modules, self.source, {}, row)) for row in rows]
        except NotConstant:
            found = []
        return found or self.looked_up(node, place)

    def looked_up(self, node: ast.expr, place: ScopeChain) -> list[Any] | None:
        """All values of a table, if the key is unknown: `MODULES[self.kind]`, `MODULES.get(self.kind, "plugins.one")`."""
        match node:
            case ast.Subscript(value=owner):
                tables, others = self.values(owner, place), []
            case ast.Call(func=ast.Attribute(value=owner, attr="get"), args=[_, *rest]):
                tables, others = self.values(owner, place), [self.values(one, place) for one in rest]
            case _:
                return None
        if tables is None or None in others or not all(isinstance(table, list | tuple | dict) for table in tables):
            return None
        found = [value for table in tables for value in (table.values() if isinstance(table, dict) else table)]
        return [*found, *(value for values in others for value in values or ())]

    def of_name(self, name: str, place: ScopeChain) -> list[Any] | None:
        """The possible values of a name, empty if it may have any; None for a name that `evaluate` knows."""
        thing = place.imported(name)
        if thing is not None:
            return [Known(thing.name) if isinstance(thing, External) else thing]
        if place.node not in self.bound:
            self.bound[place.node] = _bindings(place.node)
        binds = self.bound[place.node].get(name, [])
        if not place.functions:
            known = self.modules.look(self.source, name)
            if not binds or (known is not None and not (isinstance(known, Definition) and known.value is None)):
                return None
        key = place.node, name
        if key not in self.known:
            self.known[key] = []
            self.depth += 1
            self.known[key] = self.assigned(name, binds, place) if self.depth < DEEPEST else []
            self.depth -= 1
        return self.known[key]

    def assigned(self, name: str, binds: list[_Bound | None], place: ScopeChain) -> list[Any]:
        """The values that assignments and loops give a name; empty if one of them may give any."""
        found: list[Any] = []
        where = scope(self.modules, self.source)
        for one in binds:
            values = self.values(one.value, place) if one is not None else None
            if one is None or values is None:
                return []
            try:
                each = [item for value in values for item in (attempt(one.value, where, list, value) if one.loops else [value])]
                found += [unpack(one.target, item, where)[name] for item in each]
            except NotConstant:
                return []
        return found


def _bindings(root: ast.AST) -> dict[str, list[_Bound | None]]:
    """The bindings of a function or a module, without the functions inside; None stands for an unknown value."""
    found: dict[str, list[_Bound | None]] = {}
    understood: set[ast.AST] = set()
    waiting = list(ast.iter_child_nodes(root))
    while waiting:
        node = waiting.pop()
        if isinstance(node, FUNCTIONS):
            continue
        for one in _binds(node):
            names = [inner for inner in ast.walk(one.target) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)]
            understood.update(names)
            for inner in names:
                found.setdefault(inner.id, []).append(one)
        if isinstance(node, ast.arg):
            found.setdefault(node.arg, []).append(None)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in understood:
            found.setdefault(node.id, []).append(None)
        waiting += ast.iter_child_nodes(node)
    return found


def _binds(node: ast.AST) -> Iterator[_Bound]:
    match node:
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            yield _Bound(target, value, True)
        case ast.Assign(targets=targets, value=value):
            yield from (_Bound(target, value, False) for target in targets)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield _Bound(target, value, False)
