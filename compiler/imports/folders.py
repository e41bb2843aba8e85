"""The folders that a flow's own modules are in: its own, the settings' `roots`, those of `sys.path`, and the project's for a base class.

    sys.path.append("../shared")             ../shared
    from common.flows import BaseFlow        the folder that has `common/flows.py`, if that is one of those around the flow's, and the
    class TrainFlow(BaseFlow)                file defines the class

All of them are inside the project: the folder with a file of `MARKERS`, at or above the flow's folder, or the one around the flow's
package. Nothing beyond it is read: a flow of somebody else must not copy files of this machine into its code package.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator

from flowport.compiler.evaluate.expressions import evaluate
from flowport.compiler.evaluate.paths import PathText
from flowport.compiler.evaluate.pure import HERE
from flowport.compiler.evaluate.scope import NotConstant, scope
from flowport.compiler.python.bindings import asks_for_main
from flowport.compiler.python.classes import ClassHierarchy, top_classes
from flowport.compiler.python.modules import Definition, External, Modules
from flowport.compiler.python.source import Source, read

OUTSIDE = ".flowport/roots"
"""Where source roots that are not inside the flow's folder go in the code package."""

MARKERS = ("flowport.toml", "pyproject.toml", "setup.py", "setup.cfg", ".git")
"""What the root of a project has."""

_MOST = 8
"""The most folders that base classes add."""


def own_modules(path: str, roots: Iterable[str] = ()) -> tuple[Modules, Source]:
    """The modules of the flow in a file, and its source; raises CompileError if the file cannot be read."""
    full = os.path.abspath(path)
    folder, name = os.path.split(full)
    source = read(full, name, path, name.removesuffix(".py"))
    modules = _with(source, path, places(folder, roots))
    project = project_of(folder)
    for found in _path_folders(modules, source):
        if project is not None and _inside(found, project):
            modules = _with(source, path, _wider(modules.roots, found))
    if project is not None:
        for _ in range(_MOST):
            further = next(_base_folders(modules, source, project), None)
            if further is None:
                break
            modules = _with(source, path, _wider(modules.roots, further))
    return modules, source


def places(folder: str, roots: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The folders of the flow's own modules, each with its place in the code package."""
    found = {folder: ""}
    for number, root in enumerate(roots):
        full = os.path.abspath(root)
        inside = os.path.relpath(full, folder)
        found.setdefault(full, f"{OUTSIDE}/{number}" if inside.split(os.sep)[0] == ".." else inside.replace(os.sep, "/"))
    return tuple(found.items())


def _wider(known: tuple[tuple[str, str], ...], folder: str) -> tuple[tuple[str, str], ...]:
    return places(known[0][0], [*(one for one, _ in known[1:]), folder])


def _with(source: Source, path: str, around: tuple[tuple[str, str], ...]) -> Modules:
    modules = Modules(around, os.path.dirname(path))
    modules.add(source)
    return modules


def project_of(folder: str) -> str | None:
    """The root of the project that a folder belongs to, or the folder around the package that it is; None if it is neither."""
    one = folder
    while os.path.dirname(one) != one:
        if any(os.path.exists(os.path.join(one, name)) for name in MARKERS):
            return one
        one = os.path.dirname(one)
    package = folder
    while os.path.isfile(os.path.join(package, "__init__.py")):
        package = os.path.dirname(package)
    return package if package != folder else None


def _inside(folder: str, project: str) -> bool:
    return os.path.isdir(folder) and (os.path.realpath(folder) + os.sep).startswith(os.path.realpath(project) + os.sep)


def _path_folders(modules: Modules, source: Source) -> Iterator[str]:
    """What the flow's file adds to `sys.path`; a relative folder is meant as one beside the file."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="path") as owner, attr="append" | "insert"), args=[*_, added]):
                thing = modules.resolve(source, owner)
                if isinstance(thing, External) and thing.name == "sys.path":
                    folder = _folder(modules, source, added)
                    if folder is not None:
                        yield os.path.normpath(os.path.join(os.path.dirname(source.path), folder))


def _folder(modules: Modules, source: Source, node: ast.expr) -> str | None:
    try:
        value = evaluate(node, scope(modules, source))
    except NotConstant:
        return None
    return str(value).removeprefix(HERE) if isinstance(value, str | PathText) else None


def _base_folders(modules: Modules, source: Source, project: str) -> Iterator[str]:
    """The folders between the flow's and the project's that have a base class which is not found."""
    hierarchy = ClassHierarchy(modules)
    known = {folder for folder, _ in modules.roots}
    started = {name for block in source.tree.body if isinstance(block, ast.If) and asks_for_main(block.test) for name in _called(block)}
    for node in top_classes(source.tree.body):
        if not (node.name in started or hierarchy.is_flow(source, node) or _has_steps(node)):
            continue
        for one, base in hierarchy.line(source, node).unseen:
            thing = modules.resolve(one.source, base)
            module = thing.name.rpartition(".")[0].replace(".", "/") if isinstance(thing, External) else ""
            for folder in _above(os.path.dirname(source.path), project) if module else ():
                there = any(os.path.isfile(os.path.join(folder, module + tail)) for tail in (".py", "/__init__.py"))
                if folder not in known and there and _defines(modules, folder, one.source, base):
                    yield folder


def _called(block: ast.AST) -> Iterator[str]:
    """The names that a block calls."""
    return (node.func.id for node in ast.walk(block) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name))


def _has_steps(node: ast.ClassDef) -> bool:
    """Whether a method has a decorator that is called `step`."""
    found = (one for method in node.body if isinstance(method, ast.FunctionDef) for one in method.decorator_list)
    return any((one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "")) == "step" for one in found)


def _above(folder: str, project: str) -> Iterator[str]:
    """The folders around a folder up to the project's, and the project's `src`."""
    while folder != project:
        folder = os.path.dirname(folder)
        yield folder
    yield os.path.join(project, "src")


def _defines(modules: Modules, folder: str, source: Source, base: ast.expr) -> bool:
    wider = Modules((*modules.roots, (folder, "")), modules.shown)
    thing = wider.resolve(source, base)
    return isinstance(thing, Definition) and thing.type is not None
