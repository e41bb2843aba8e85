"""The modules of `snippets`, taken apart: what they import, and the source of each function and class in them."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterable, Iterator, Mapping

from flowport.compiler.record import record

FOLDER = os.path.join(os.path.dirname(__file__), "snippets")

Imports = dict[str, set[str]]
"""Module -> the names that are imported from it, `a as b` among them; no name where the module itself is."""


@record
class Snippet:
    """A module of `snippets`: `new` is imported on Airflow 3 and `old` on Airflow 2, and `definitions` are pieces of source by name."""

    always: Imports
    new: Imports
    old: Imports
    definitions: Mapping[str, str]


def snippet(name: str) -> Snippet:
    """The snippet with this name."""
    with open(os.path.join(FOLDER, f"{name}.py"), encoding="utf-8") as file:
        text = file.read()
    found = Snippet({}, {}, {}, definitions := {})
    lines = text.splitlines()
    for node in ast.parse(text).body:
        if isinstance(node, ast.Try):
            _collect(node.body, found.new)
            _collect(node.handlers[0].body, found.old)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            definitions[node.name] = "\n".join(lines[first - 1 : node.end_lineno])
        else:
            _collect([node], found.always)
    return found


def _collect(nodes: Iterable[ast.stmt], into: Imports) -> None:
    for node in nodes:
        if isinstance(node, ast.Import):
            into.update({alias.name: set() for alias in node.names})
        elif isinstance(node, ast.ImportFrom):
            into.setdefault(str(node.module), set()).update(alias.name for alias in node.names)


def merged(imports: Iterable[Imports]) -> Imports:
    """What several modules import, together."""
    found: Imports = {}
    for each in imports:
        for module, names in each.items():
            found.setdefault(module, set()).update(names)
    return found


def import_lines(always: Imports, new: Imports, old: Imports) -> Iterator[str]:
    """The lines that import everything: the standard library's, what both versions of Airflow have, and what each has elsewhere."""
    own = {module: names for module, names in always.items() if module.partition(".")[0] in sys.stdlib_module_names}
    yield from _lines(own)
    if rest := {module: names for module, names in always.items() if module not in own}:
        yield ""
        yield from _lines(rest)
    yield from ("", "try:  # Airflow 3", *(f"    {line}" for line in _lines(new)))
    yield from ("except ImportError:  # Airflow 2", *(f"    {line}" for line in _lines(old)))


def _lines(imports: Imports) -> Iterator[str]:
    yield from (f"import {module}" for module in sorted(imports) if not imports[module])
    yield from (f"from {module} import {', '.join(sorted(imports[module], key=_order))}" for module in sorted(imports) if imports[module])


def _order(name: str) -> tuple[int, str]:
    """Constants first, then classes, then the rest, as linters have it."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2), name
