"""Imports by name: which modules the calls of `import_module` and `__import__` import.

import_module("plugins.one")                              plugins.one
for name in ("one", "two"):
    import_module(f"plugins.{name}")                      plugins.one, plugins.two
import_module(name)                                       FP146: the module is unknown, and would not be packaged
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flowport.compiler.evaluate.candidates import FUNCTIONS, Candidates, ScopeChain
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.python.bindings import Binding, asks_for_main
from flowport.compiler.python.modules import Definition, External, Thing, bound_names
from flowport.compiler.python.source import Source

IMPORTERS: Mapping[str, tuple[str, ...]] = {
    "import_module": ("name", "package"),
    "__import__": ("name", "globals", "locals", "fromlist", "level"),
}
"""The functions, and the names of their arguments."""


def named_modules(reading: Reading, source: Source) -> Iterator[str]:
    """The full names of the modules that a file imports by name; records them for each call, and warns if they are not known."""
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
        f"the module that `{text}` imports is not known before the flow runs",
        source,
        call,
        'if it is your own module, list the possible files in flowport.toml: `include = ["plugins/*.py"]`',
        'or write its name as a string, or as an element of a list of strings: `import_module("plugins.one")`',
        notes=("the code package does not contain modules of your own that are imported this way; installed packages are found",),
        severity="warning",
    )


class _Reader:
    def __init__(self, reading: Reading, source: Source) -> None:
        self.modules, self.source = reading.modules, source
        self.values = Candidates(reading.modules, source).values

    def calls(self) -> Iterator[tuple[ast.Call, str, ScopeChain]]:
        """The calls that import by name, each with the function that it calls; main blocks do not run in tasks."""
        waiting: list[tuple[ast.AST, ScopeChain, ast.ClassDef | None]] = [(self.source.tree, ScopeChain((), self.source.tree), None)]
        while waiting:
            node, place, owner = waiting.pop()
            if isinstance(node, FUNCTIONS):
                names = bound_names(self.modules, self.source, node)
                if owner is not None:
                    # What a method reads of `self` may be a constant of the class.
                    names.update({each.arg: _class(self.source, owner) for each in node.args.args[:1]})
                place = ScopeChain(((node, names), *place.functions), place.module)
            if isinstance(node, ast.Call) and (importer := self.importer(_mapped(node) or node.func, place)):
                yield node, importer, place
            asks = isinstance(node, ast.If) and asks_for_main(node.test)
            parts: Sequence[ast.AST] = node.orelse if isinstance(node, ast.If) and asks else list(ast.iter_child_nodes(node))
            inside = node if isinstance(node, ast.ClassDef) else None if isinstance(node, FUNCTIONS) else owner
            waiting += [(part, place, inside) for part in reversed(parts)]

    def importer(self, node: ast.expr, place: ScopeChain) -> str:
        """`import_module` or `__import__` when an expression is one of them, else ""."""
        thing = self.resolved(node, place)
        package, _, name = thing.name.rpartition(".") if isinstance(thing, External) else ("", "", "")
        if thing is None and isinstance(node, ast.Name) and node.id == "__import__" and not place.where(node.id).functions:
            return node.id
        return name if package in ("importlib", "builtins") and name in IMPORTERS else ""

    def resolved(self, node: ast.expr, place: ScopeChain) -> Thing | None:
        """What a name or a dotted name stands for."""
        if isinstance(node, ast.Attribute):
            owner = self.resolved(node.value, place)
            return None if owner is None else self.modules.member(owner, node.attr)
        if not isinstance(node, ast.Name):
            return None
        where = place.where(node.id)
        return where.imported(node.id) if where.functions else self.modules.look(self.source, node.id)

    def imported(self, call: ast.Call, importer: str, place: ScopeChain) -> tuple[str, ...] | None:
        """The modules that a call may import; None if it may import any."""
        if _mapped(call) is not None:
            lists = self.values(call.args[1], place) if len(call.args) == 2 else None
            return _texts([each for one in lists or () if isinstance(one, list | tuple) for each in one])
        arguments = dict(zip(IMPORTERS[importer], call.args))
        arguments.update({keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None})
        name = arguments.get("name")
        if name is None or isinstance(name, ast.Starred):
            return None
        found = _texts(self.values(name, place))
        if found is None:
            return () if self.is_elsewhere(name) else None
        return self.beside(found, arguments, place) if importer == "import_module" else self.inside(found, arguments, place)

    def beside(self, found: tuple[str, ...], arguments: Mapping[str, ast.expr], place: ScopeChain) -> tuple[str, ...] | None:
        """The full names of modules; one that begins with dots is beside a package."""
        if not any(name.startswith(".") for name in found):
            return found
        package = arguments.get("package")
        if isinstance(package, ast.Name) and package.id == "__package__":
            packages: tuple[str, ...] | None = (self.modules.absolute(self.source, "", 1),)
        else:
            packages = _texts(self.values(package, place)) if package is not None else None
        return None if packages is None else tuple(_beside(name, one) for name in found for one in packages)

    def inside(self, found: tuple[str, ...], arguments: Mapping[str, ast.expr], place: ScopeChain) -> tuple[str, ...] | None:
        """The full names of what `__import__` imports: modules, and what its `fromlist` names inside of them."""
        levels = self.values(arguments["level"], place) if "level" in arguments else [0]
        lists = self.values(arguments["fromlist"], place) if "fromlist" in arguments else [()]
        if levels is None or lists is None or not all(isinstance(level, int) for level in levels):
            return None
        full = [self.modules.absolute(self.source, name, level) for name in found for level in levels]
        names = [name for each in lists if isinstance(each, list | tuple) for name in each]
        return (*full, *(f"{module}.{name}" if module else str(name) for module in full for name in names))

    def is_elsewhere(self, node: ast.expr) -> bool:
        """Whether only the first part of a name is known, and it belongs to an installed package."""
        match node:
            case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]) | ast.BinOp(left=ast.Constant(value=str(text))):
                pass
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
                pass
            case _:
                return False
        first, dot, _ = text.partition(".")
        return bool(dot) and first.isidentifier() and self.modules.module(first) is None


def _class(source: Source, node: ast.ClassDef) -> Definition:
    return Definition(source, node.name, (Binding(node.name, node),))


def _mapped(call: ast.Call) -> ast.expr | None:
    """The function in `map(function, values)`."""
    return call.args[0] if isinstance(call.func, ast.Name) and call.func.id == "map" and call.args else None


def _texts(values: Sequence[Any] | None) -> tuple[str, ...] | None:
    """The values if all of them are strings."""
    return tuple(dict.fromkeys(values)) if values and all(isinstance(each, str) for each in values) else None


def _beside(name: str, package: str) -> str:
    """The full name of `.name` in a package, as `importlib` finds it; of any other name itself."""
    rest = name.lstrip(".")
    above = len(name) - len(rest) - 1
    parts = package.split(".")
    return ".".join([*parts[: max(len(parts) - above, 0)], *filter(None, [rest])]) if above >= 0 else name
