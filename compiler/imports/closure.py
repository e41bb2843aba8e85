"""The flow's own files: those that its file imports, directly or not, by statements or by name."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.imports.dynamic_imports import named_modules
from flowport.compiler.imports.extensions import modules_beside
from flowport.compiler.python.modules import Modules, imports
from flowport.compiler.python.source import Source
from flowport.runtime.names.exports import names_of


def import_closure(reading: Reading, starts: Iterable[Source]) -> tuple[Source, ...]:
    """The sources that `starts` import, directly or not, with the `__init__.py` of every package, sorted by place."""
    modules = reading.modules
    waiting = list(starts)
    seen: dict[str, Source] = {start.path: start for start in waiting}
    while waiting:
        source = waiting.pop()
        for name in (*_imported_modules(modules, source), *named_modules(reading, source)):
            for found in with_packages_around(modules, name):
                if found.path not in seen:
                    seen[found.path] = found
                    waiting.append(found)
    return tuple(sorted(seen.values(), key=lambda source: source.place))


def with_packages_around(modules: Modules, name: str) -> Iterator[Source]:
    """The own files that the import of a module reads: the `__init__.py` of every package around it, and its own."""
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        module = modules.module(".".join(parts[:count]))
        if module is None:
            break
        if module.source is not None:
            yield module.source


def imported_with(modules: Modules, start: Source) -> frozenset[Source]:
    """The own files that are imported together with `start`, without those that only a function or a main block imports."""
    seen = {start.path: start}
    waiting = [start]
    while waiting:
        source = waiting.pop()
        for name in _imported_modules(modules, source, functions=False):
            module = modules.module(name)
            if module is not None and module.source is not None and module.source.path not in seen:
                seen[module.source.path] = module.source
                waiting.append(module.source)
    return frozenset(seen.values())


def _imported_modules(modules: Modules, source: Source, functions: bool = True) -> Iterator[str]:
    for node, guarded in imports(source.tree, functions):
        if guarded and not functions:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
            yield from (name for alias in node.names for name in _of_extensions(modules, alias.name, ()))
        elif not node.level and node.module and node.module.split(".")[0] == "metaflow":
            yield from _of_extensions(modules, node.module, [alias.name for alias in node.names])
        else:
            name = modules.absolute(source, node.module or "", node.level)
            yield from (f"{name}.{alias.name}" if name else alias.name for alias in node.names if alias.name != "*")
            if name:
                yield name


def _of_extensions(modules: Modules, module: str, names: Sequence[str]) -> Iterator[str]:
    """The own modules that are imported as parts of `metaflow`."""
    package, _, inner = module.partition(".")
    known = names_of("metaflow", inner) or frozenset()
    if package == "metaflow" and not known.issuperset(names or [""]):
        yield from modules_beside(modules, inner, names)
