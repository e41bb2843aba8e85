"""What the statements of a module or a class bind, in the order of the source.

RATE = 0.2                 Binding("RATE", value=0.2)
from a import b as c       Binding("c", module="a", member="b")
RATES.append(3)            Binding("RATES"), as its value is another now
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeAlias

from flowport.compiler.record import record


@record(eq=False)
class Binding:
    """One statement that gives `name` a value.

    `value` is set for a plain assignment, `module` and `member` for an import; `member` is "" for `import module` and
    "*" for a star. `guarded`: it is inside a `try` or an `if`.
    """

    name: str
    node: ast.stmt
    value: ast.expr | None = None
    module: str | None = None
    member: str = ""
    level: int = 0
    guarded: bool = False


Names: TypeAlias = "dict[str, list[Binding]]"


def names(body: list[ast.stmt]) -> Names:
    """Everything that the statements of a module or a class bind, without the block under `if __name__ == ...`."""
    found: Names = {}
    for binding in bindings(body, False):
        found.setdefault(binding.name, []).append(binding)
    return found


def bindings(body: list[ast.stmt], guarded: bool) -> Iterator[Binding]:
    """Every binding; `guarded`: the statements are inside a `try` or an `if`."""
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield Binding(node.name, node, guarded=guarded)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _assigned(target, node, value)
            case ast.AnnAssign(target=target, value=value):
                if value is not None:
                    yield from _assigned(target, node, value)
            case ast.Import():
                for alias in node.names:
                    module = alias.name if alias.asname else alias.name.split(".")[0]
                    yield Binding(alias.asname or module, node, module=module, guarded=guarded)
            case ast.ImportFrom():
                for alias in node.names:
                    yield Binding(alias.asname or alias.name, node, None, node.module or "", alias.name, node.level, guarded)
            case _:
                yield from _other(node)


def _other(node: ast.stmt) -> Iterator[Binding]:
    """The bindings of statements that hold others, or that change what a name stands for."""
    if isinstance(node, ast.If) and asks_for_main(node.test):
        yield from bindings(node.orelse, True)
        return
    if isinstance(node, ast.AugAssign | ast.Delete | ast.Expr):
        for name in _changed(node):
            yield Binding(name, node)
        return
    if isinstance(node, ast.For | ast.AsyncFor):
        yield from _assigned(node.target, node, None)
    if isinstance(node, ast.With | ast.AsyncWith):
        for item in node.items:
            if item.optional_vars is not None:
                yield from _assigned(item.optional_vars, node, None)
    for block in ("body", "handlers", "orelse", "finalbody", "cases"):
        for inner in getattr(node, block, ()):
            if isinstance(inner, ast.stmt):
                yield from bindings([inner], True)
            else:
                yield from bindings(inner.body, True)


def _assigned(target: ast.expr, node: ast.stmt, value: ast.expr | None) -> Iterator[Binding]:
    match target:
        case ast.Name(id=name):
            yield Binding(name, node, value)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            values: list[ast.expr | None] = [None] * len(targets)
            if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(targets):
                values = list(value.elts)
            for inner, part in zip(targets, values):
                yield from _assigned(inner, node, part)
        case ast.Starred(value=inner):
            yield from _assigned(inner, node, None)
        case ast.Subscript(value=ast.Name(id=name)) | ast.Attribute(value=ast.Name(id=name)):
            yield Binding(name, node)


def _changed(node: ast.AugAssign | ast.Delete | ast.Expr) -> Iterator[str]:
    """The names that `x += 1`, `del x`, `x.append(1)` leave with another value than they were bound to."""
    places: list[ast.expr]
    match node:
        case ast.AugAssign(target=target):
            places = [target]
        case ast.Delete(targets=targets):
            places = list(targets)
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner))):
            places = [owner]
        case _:
            places = []
    for place in places:
        while isinstance(place, ast.Subscript | ast.Attribute):
            place = place.value
        if isinstance(place, ast.Name):
            yield place.id


def asks_for_main(test: ast.expr) -> bool:
    """Whether the body of an `if` does not run when the module is imported: `__name__`, or TYPE_CHECKING."""
    return any(isinstance(node, ast.Name) and node.id in ("__name__", "TYPE_CHECKING") for node in ast.walk(test))
