"""Imports by name: which modules the calls of `import_module` and `__import__` import.

import_module("plugins.one")                              plugins.one
for name in ("one", "two"):
    import_module(f"plugins.{name}")                      plugins.one, plugins.two
import_module(name)                                       FP146: any module, and it would not go along
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from flowport.compiler.parse.bindings import asks_for_main
from flowport.compiler.parse.evaluate import evaluate, unpacked
from flowport.compiler.parse.modules import Definition, External, Thing, bound
from flowport.compiler.parse.reading import Reading
from flowport.compiler.parse.scope import Known, NotConstant, Scope, guarded, scope
from flowport.compiler.parse.source import Source
from flowport.compiler.record import record

IMPORTERS: Mapping[str, tuple[str, ...]] = {
    "import_module": ("name", "package"),
    "__import__": ("name", "globals", "locals", "fromlist", "level"),
}
"""The functions, and the names of their arguments."""

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
MOST, DEEPEST = 1000, 5
"""How many values a name may have, and how many names may lead to it."""


@record(eq=False)
class _Place:
    """What is around an expression: the functions with the names that each of them binds, innermost first, and the module."""

    functions: tuple[tuple[ast.AST, Mapping[str, Thing | None]], ...]
    module: ast.AST

    def around(self, name: str) -> tuple[ast.AST, Thing | None]:
        """Where a name is bound, and what it stands for when that is an import of a function."""
        return next(((node, names[name]) for node, names in self.functions if name in names), (self.module, None))


def named_modules(reading: Reading, source: Source) -> Iterator[str]:
    """The full names of the modules that a file imports by name; notes them for each call, and warns where they are not known."""
    if "import_module" in source.text or "__import__" in source.text:
        reader = _Reader(reading, source)
        for call, importer, place in reader.calls():
            found = reader.imported(call, importer, place)
            if found is not None:
                reading.modules.named[call] = found
                yield from found
            elif not reading.includes_modules:
                _say(reading, source, call)


def _say(reading: Reading, source: Source, call: ast.Call) -> None:
    text = source.segment(call)
    reading.say(
        "FP146",
        f"which module this imports is not known before the flow runs: `{text}`",
        source,
        call,
        'where it is a module of your own, name the files that it may be in `include` of flowport.toml: `include = ["plugins/*.py"]`',
        'or write its name as a text, or as one of a list of texts: `import_module("plugins.one")`',
        notes=("modules of the flow's own folders that are imported so are not in the code package; installed packages are found",),
        severity="warning",
    )


class _Reader:
    def __init__(self, reading: Reading, source: Source) -> None:
        self.modules, self.source = reading.modules, source

    def calls(self) -> Iterator[tuple[ast.Call, str, _Place]]:
        """The calls that import by name, each with the function that does; a main block is not run in tasks."""
        waiting: list[tuple[ast.AST, _Place]] = [(self.source.tree, _Place((), self.source.tree))]
        while waiting:
            node, place = waiting.pop()
            if isinstance(node, FUNCTIONS):
                place = _Place(((node, bound(self.modules, self.source, node)), *place.functions), place.module)
            if isinstance(node, ast.Call) and (importer := self.importer(_mapped(node) or node.func, place)):
                yield node, importer, place
            main = node.body if isinstance(node, ast.If) and asks_for_main(node.test) else []
            waiting += [(part, place) for part in reversed(list(ast.iter_child_nodes(node))) if part not in main]

    def importer(self, node: ast.expr, place: _Place) -> str:
        """`import_module` or `__import__` when an expression is one of them, else ""."""
        thing = self.resolved(node, place)
        package, _, name = thing.name.rpartition(".") if isinstance(thing, External) else ("", "", "")
        if thing is None and isinstance(node, ast.Name) and node.id == "__import__":
            return node.id if place.around(node.id)[0] is place.module else ""
        return name if package in ("importlib", "builtins") and name in IMPORTERS else ""

    def resolved(self, node: ast.expr, place: _Place) -> Thing | None:
        """What a name or a dotted name stands for."""
        if isinstance(node, ast.Attribute):
            owner = self.resolved(node.value, place)
            return None if owner is None else self.modules.member(owner, node.attr)
        if not isinstance(node, ast.Name):
            return None
        where, thing = place.around(node.id)
        return self.modules.look(self.source, node.id) if where is place.module else thing

    def imported(self, call: ast.Call, importer: str, place: _Place) -> tuple[str, ...] | None:
        """The modules that a call may import; None where any may be."""
        if _mapped(call) is not None:
            lists = self.values(call.args[1], place) if len(call.args) == 2 else None
            return _texts([each for one in lists or () if isinstance(one, list | tuple) for each in one])
        given = dict(zip(IMPORTERS[importer], call.args))
        given.update({keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None})
        name = given.get("name")
        if name is None or isinstance(name, ast.Starred):
            return None
        found = _texts(self.values(name, place))
        if found is None:
            return () if self.is_elsewhere(name) else None
        return self.beside(found, given, place) if importer == "import_module" else self.inside(found, given, place)

    def beside(self, found: tuple[str, ...], given: Mapping[str, ast.expr], place: _Place) -> tuple[str, ...] | None:
        """The full names of modules; one that begins with dots is beside a package."""
        if not any(name.startswith(".") for name in found):
            return found
        package = given.get("package")
        if isinstance(package, ast.Name) and package.id == "__package__":
            packages: tuple[str, ...] | None = (self.modules.absolute(self.source, "", 1),)
        else:
            packages = _texts(self.values(package, place)) if package is not None else None
        return None if packages is None else tuple(_beside(name, one) for name in found for one in packages)

    def inside(self, found: tuple[str, ...], given: Mapping[str, ast.expr], place: _Place) -> tuple[str, ...] | None:
        """The full names of what `__import__` imports: modules, and what its `fromlist` names inside of them."""
        levels = self.values(given["level"], place) if "level" in given else [0]
        lists = self.values(given["fromlist"], place) if "fromlist" in given else [()]
        if levels is None or lists is None or not all(isinstance(level, int) for level in levels):
            return None
        full = [self.modules.absolute(self.source, name, level) for name in found for level in levels]
        names = [name for each in lists if isinstance(each, list | tuple) for name in each]
        return (*full, *(f"{module}.{name}" if module else str(name) for module in full for name in names))

    def is_elsewhere(self, node: ast.expr) -> bool:
        """Whether all that is known of a name is its first part, a package that is not of the flow's own files."""
        match node:
            case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]) | ast.BinOp(left=ast.Constant(value=str(text))):
                pass
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
                pass
            case _:
                return False
        first, dot, _ = text.partition(".")
        return bool(dot) and first.isidentifier() and self.modules.module(first) is None

    def values(self, node: ast.expr, place: _Place, depth: int = 0) -> list[Any] | None:
        """The values that an expression may have, through the loops around it and the tables that it looks into; None if any."""
        if depth > DEEPEST:
            return None
        rows: list[dict[str, Any]] = [{}]
        own = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)}
        for name in dict.fromkeys(inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and inner.id not in own):
            found = self.of_name(name, place, depth)
            rows = rows if found is None else [{**row, name: value} for row in rows for value in found[:MOST]][:MOST]
        try:
            found = [evaluate(node, Scope(self.modules, self.source, {}, row)) for row in rows]
        except NotConstant:
            found = []
        return found or self.looked_up(node, place, depth)

    def looked_up(self, node: ast.expr, place: _Place, depth: int) -> list[Any] | None:
        """Everything in a table, where nothing is known of the key: `MODULES[self.kind]`, `MODULES.get(self.kind, "plugins.one")`."""
        match node:
            case ast.Subscript(value=owner):
                tables, others = self.values(owner, place, depth + 1), []
            case ast.Call(func=ast.Attribute(value=owner, attr="get"), args=[_, *rest]):
                tables, others = self.values(owner, place, depth + 1), [self.values(one, place, depth + 1) for one in rest]
            case _:
                return None
        if tables is None or None in others or not all(isinstance(table, list | tuple | dict) for table in tables):
            return None
        found = [value for table in tables for value in (table.values() if isinstance(table, dict) else table)]
        return [*found, *(value for values in others for value in values or ())]

    def of_name(self, name: str, place: _Place, depth: int) -> list[Any] | None:
        """The values that a name may have, none where it may be any; None for a name that `evaluate` knows."""
        where, thing = place.around(name)
        if thing is not None:
            return [Known(thing.name) if isinstance(thing, External) else thing]
        bound_here = list(_bound_to(where, name))
        if where is place.module:
            known = self.modules.look(self.source, name)
            if not bound_here or (known is not None and not (isinstance(known, Definition) and known.value is None)):
                return None
        found: list[Any] = []
        for one in bound_here:
            values = self.values(one.value, place, depth + 1) if one is not None else None
            if one is None or values is None:
                return []
            inside = scope(self.modules, self.source)
            try:
                each = [item for value in values for item in (guarded(one.value, inside, list, value) if one.loops else [value])]
                found += [unpacked(one.target, item, inside)[name] for item in each]
            except NotConstant:
                return []
        return found


@record(eq=False)
class _Bound:
    """What binds a name: an assignment, or a loop over a value."""

    target: ast.expr
    value: ast.expr
    loops: bool


def _bound_to(where: ast.AST, name: str) -> Iterator[_Bound | None]:
    """What binds a name in a function or a module, not in the functions inside; None for what no value can be told of."""
    if isinstance(where, FUNCTIONS) and any(argument.arg == name for argument in ast.walk(where.args) if isinstance(argument, ast.arg)):
        yield None
    waiting = list(ast.iter_child_nodes(where))
    stores = 0
    while waiting:
        node = waiting.pop()
        if isinstance(node, FUNCTIONS):
            continue
        stores += _stores(node, name)
        found: list[_Bound] = []
        match node:
            case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                found = [_Bound(target, value, True)]
            case ast.Assign(targets=targets, value=value):
                found = [_Bound(target, value, False) for target in targets]
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                found = [_Bound(target, value, False)]
        for one in found:
            count = sum(_stores(inner, name) for inner in ast.walk(one.target))
            stores -= count
            if count:
                yield one
        waiting += ast.iter_child_nodes(node)
    if stores:
        yield None


def _stores(node: ast.AST, name: str) -> int:
    return int(isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store))


def _mapped(call: ast.Call) -> ast.expr | None:
    """The function in `map(function, values)`."""
    return call.args[0] if isinstance(call.func, ast.Name) and call.func.id == "map" and call.args else None


def _texts(values: list[Any] | None) -> tuple[str, ...] | None:
    """The values when all of them are texts."""
    return tuple(dict.fromkeys(values)) if values and all(isinstance(each, str) for each in values) else None


def _beside(name: str, package: str) -> str:
    """The full name of `.name` in a package, as `importlib` finds it; of any other name itself."""
    rest = name.lstrip(".")
    above = len(name) - len(rest) - 1
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - above], *filter(None, [rest])]) if above >= 0 else name
