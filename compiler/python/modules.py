"""The flow's own modules, and the meaning of the names in them.

Nothing is imported. A name leads to a definition in an own file, or to the dotted name of something external:

    from metaflow import FlowSpec as Base      Base -> External("metaflow.FlowSpec")
    from shared.rates import RATE              RATE -> Definition(shared/rates.py, RATE = 0.2)
"""

from __future__ import annotations

import ast
import builtins
import os.path
from collections.abc import Iterator
from typing import Any, TypeAlias

from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.python.bindings import Binding, Names, asks_for_main, bindings, names
from flowport.compiler.python.containment import leads_out
from flowport.compiler.python.source import Source, read
from flowport.compiler.record import field, record
from flowport.runtime.extensions.installed import PACKAGE, Extensions
from flowport.runtime.names.exports import MODULES, names_of

OURS = ("flowport", "metaflow")
"""The packages that flows are written with; a folder with this name next to the flow is ignored."""

Function: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef"


@record(eq=False)
class Definition:
    """A name that one of the flow's own files defines, by all of `bindings`."""

    source: Source
    name: str
    bindings: tuple[Binding, ...]

    @property
    def function(self) -> Function | None:
        """The function, when that is all that the name ever stands for."""
        node = self.bindings[0].node
        return node if len(self.bindings) == 1 and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else None

    @property
    def type(self) -> ast.ClassDef | None:
        """The class, when that is all that the name ever stands for."""
        node = self.bindings[-1].node
        return node if isinstance(node, ast.ClassDef) else None

    @property
    def value(self) -> ast.expr | None:
        """The expression that is assigned, when there is only one."""
        return self.bindings[0].value if len(self.bindings) == 1 else None


@record
class External:
    """Something of another package, by its dotted name."""

    name: str


def external(name: str) -> External:
    """Something of another package; what a module of Metaflow has of `metaflow` itself is named as that: `metaflow.Parameter`."""
    package, _, rest = name.partition(".")
    module, _, member = rest.rpartition(".")
    if package in OURS and module and (where := MODULES.get(module, {}).get(member)) and MODULES[""].get(member) == where:
        return External(f"{package}.{member}")
    return External(name)


@record(eq=False)
class Own:
    """A module of the flow's own files; `source` is None for a folder without `__init__.py`."""

    module: str
    source: Source | None


Thing: TypeAlias = "Definition | External | Own"


@record(eq=False)
class ConfigTable:
    """The values of the flow's configs: by the calls that make them, by their names, and by the attributes of the flow."""

    by_call: dict[ast.Call, Any] = field(default_factory=dict)
    by_name: dict[str, Any] = field(default_factory=dict)
    by_attribute: dict[str, Any] = field(default_factory=dict)


@record(frozen=False, eq=False)
class Modules:
    """The files of one flow, read on first access. `roots` pairs a folder on disk with its place in the package."""

    roots: tuple[tuple[str, str], ...]
    shown: str
    diagnostics: list[Diagnostic] = field(default_factory=list)
    worked: int = 0
    """The effort spent on the flow's expressions so far, in the units of `expressions.WORK`."""
    named: dict[ast.Call, tuple[str, ...]] = field(default_factory=dict)
    """The modules that calls of `import_module` import, once `closure` has found them."""
    configs: ConfigTable = field(default_factory=lambda: ConfigTable())
    _sources: dict[str, Source | None] = field(default_factory=dict)
    _names: dict[Source, Names] = field(default_factory=dict)
    _extensions: list[Extensions] = field(default_factory=list)

    @property
    def extensions(self) -> Extensions:
        """The extensions of Metaflow in the flow's own folders."""
        if not self._extensions:
            places = [os.path.join(folder, PACKAGE) for folder, _ in self.roots]
            self._extensions.append(Extensions([place for place in places if os.path.isdir(place)]))
        return self._extensions[0]

    def names(self, source: Source) -> Names:
        """What the module binds."""
        if source not in self._names:
            self._names[source] = names(source.tree.body)
        return self._names[source]

    def module(self, name: str) -> Own | None:
        """The own module called `name`, or None when it is not in the flow's folders."""
        parts = name.split(".")
        if (
            parts[0] == "metaflow"
            and (real := self.extensions.module(".".join(parts[1:])))
            and names_of(parts[0], ".".join(parts[1:])) is None
        ):
            return self.module(real)
        if not all(parts) or parts[0] in OURS or "/" in name:
            return None
        path = name.replace(".", "/")
        for folder, place in self.roots:
            for tail in (f"{path}/__init__.py", f"{path}.py"):
                source = self._source(folder, place, tail, name)
                if source is not None:
                    return Own(name, source)
        return Own(name, None) if any(os.path.isdir(os.path.join(folder, path)) for folder, _ in self.roots) else None

    def _source(self, folder: str, place: str, tail: str, module: str) -> Source | None:
        path = os.path.join(folder, tail)
        if path not in self._sources:
            self._sources[path] = None
            if os.path.isfile(path) and self._contained(path):
                try:
                    self._sources[path] = read(
                        path, os.path.join(place, tail), os.path.join(self.shown, os.path.relpath(path, self.roots[0][0])), module
                    )
                except CompileError as error:
                    self.diagnostics += error.diagnostics
        return self._sources[path]

    def _contained(self, path: str) -> bool:
        """Whether a module's file is inside the flow's folders; one that is not is reported and left out."""
        reason = leads_out(path, [folder for folder, _ in self.roots])
        if reason is not None:
            shown = os.path.join(self.shown, os.path.relpath(path, self.roots[0][0]))
            way_out = "copy the file to this place, or add its folder to `roots` in flowport.toml"
            self.diagnostics.append(Diagnostic("FP105", f"the module `{shown}` {reason}", help=(way_out,)))
        return reason is None

    @property
    def sources(self) -> list[Source]:
        """The files that were read so far."""
        return [source for source in self._sources.values() if source is not None]

    @property
    def start(self) -> Source:
        """The flow's own file, which was added first."""
        return self.sources[0]

    def add(self, source: Source) -> None:
        """Make `source` known under its path."""
        self._sources[source.path] = source

    def absolute(self, source: Source, module: str, level: int) -> str:
        """The full name of what `from ..module import x` names in `source`."""
        if not level:
            return module
        package = source.module.split(".") if source.module else []
        if package and not source.path.endswith("__init__.py"):
            package = package[:-1]
        package = package[: len(package) - level + 1]
        return ".".join([*package, module] if module else package)

    def look(self, source: Source, name: str, seen: frozenset[tuple[Source, str]] = frozenset()) -> Thing | None:
        """What a global name of `source` stands for; None for a builtin or a name that nothing binds."""
        bound_names = self.names(source).get(name)
        if bound_names and bound_names[0].module is None:
            return Definition(source, name, tuple(bound_names))
        if (source, name) in seen:
            return None
        if bound_names:
            return self.imported(source, bound_names[0], seen | {(source, name)})
        for star in self.names(source).get("*", ()):
            module = self.module(self.absolute(source, star.module or "", star.level))
            if module is not None and module.source is not None:
                thing = self.look(module.source, name, seen | {(source, name)})
                if thing is not None:
                    return thing
            elif star.module and star.module.split(".")[0] in OURS:
                return external(f"{star.module}.{name}") if name not in _BUILTINS else None
        return None

    def imported(self, source: Source, binding: Binding, seen: frozenset[tuple[Source, str]] = frozenset()) -> Thing:
        """What an import stands for."""
        name = self.absolute(source, binding.module or "", binding.level)
        if not binding.member:
            return self.module(name) or External(name)
        return self.member(self.module(name) or (Own("", None) if binding.level and not name else External(name)), binding.member, seen)

    def local(self, source: Source, node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Thing]]:
        """What the names stand for that an import inside a function binds."""
        for binding in bindings([node], False):
            yield binding.name, self.imported(source, binding)

    def member(self, thing: Thing, name: str, seen: frozenset[tuple[Source, str]] = frozenset()) -> Thing:
        """What `thing.name` stands for."""
        if isinstance(thing, External):
            return self._of_extension(thing, name, seen) or external(f"{thing.name}.{name}")
        if isinstance(thing, Own):
            inside = self.look(thing.source, name, seen) if thing.source is not None else None
            full = f"{thing.module}.{name}" if thing.module else name
            return inside or self.module(full) or External(full)
        return External(f"{thing.source.module or thing.source.place}.{thing.name}.{name}")

    def _of_extension(self, thing: External, name: str, seen: frozenset[tuple[Source, str]]) -> Thing | None:
        """What `metaflow.name` is in an extension beside the flow."""
        if thing.name != "metaflow" and not thing.name.startswith("metaflow."):
            return None
        if thing.name == "metaflow" and name not in MODULES[""] and name in self.extensions.names:
            owner, member = self.extensions.names[name]
            module = self.module(owner)
            return None if module is None else self.member(module, member, seen)
        return self.module(f"{thing.name}.{name}")

    def resolve(self, source: Source, node: ast.expr) -> Thing | None:
        """What a name or a dotted name stands for; None for everything else."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        thing = self.look(source, node.id) if isinstance(node, ast.Name) else None
        for part in reversed(parts):
            if thing is None:
                return None
            thing = self.member(thing, part)
        return thing


def bound_names(modules: Modules, source: Source, function: ast.AST) -> dict[str, Thing | None]:
    """The names that a function binds: what an import stands for, and None for all others."""
    found: dict[str, Thing | None] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.update(modules.local(source, node))
        elif isinstance(node, ast.arg):
            found[node.arg] = None
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found[node.id] = None
    return found


_BUILTINS = frozenset(dir(builtins))


def imports(tree: ast.AST, functions: bool = True) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Every import inside a module or a statement, and whether it may fail, or is not done in a task.

    Without `functions` only those that are done when the module is imported.
    """
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, guarded = waiting.pop()
        expected = guarded or (isinstance(node, ast.Try) and any(_catches_imports(handler) for handler in node.handlers))
        for block in ("body", "handlers", "orelse", "finalbody", "cases"):
            inside = expected or (block == "body" and isinstance(node, ast.If) and asks_for_main(node.test))
            for inner in getattr(node, block, ()):
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    yield inner, inside
                elif isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and not functions:
                    continue
                elif not isinstance(inner, ast.Expr | ast.Assign | ast.Return):
                    waiting.append((inner, inside))


def _catches_imports(handler: ast.ExceptHandler) -> bool:
    """Whether a handler catches an ImportError."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {kind.attr if isinstance(kind, ast.Attribute) else kind.id if isinstance(kind, ast.Name) else "" for kind in kinds}
    return handler.type is None or not names.isdisjoint(("ImportError", "ModuleNotFoundError", "Exception", "BaseException"))
