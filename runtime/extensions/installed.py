"""What packages below `metaflow_extensions` add to `metaflow`: modules, and names of `metaflow` itself.

    metaflow_extensions/acme/plugins/mfextinit_acme.py     __mf_promote_submodules__ = ["lake"]
    metaflow_extensions/acme/plugins/lake.py               is `metaflow.plugins.lake`
    metaflow_extensions/acme/toplevel/__init__.py          toplevel = "names"
    metaflow_extensions/acme/toplevel/names.py             from ..plugins.lake import Lake: is `metaflow.Lake`

The files that say so are read, not imported: most of them import what only Metaflow has. What decorators of extensions do needs Metaflow
itself, so their lists of decorators are not read. The format is that of `metaflow/extension_support` of Metaflow 2.19.
"""

from __future__ import annotations

import ast
import os
from importlib._bootstrap_external import PathFinder  # type: ignore[import-not-found, unused-ignore]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "metaflow_extensions"
PROMOTED = "__mf_promote_submodules__"
TOPLEVEL = ("module_overrides", "toplevel")
"""What the file of the folder `toplevel` sets to the name of a module beside it."""


class Extensions:
    """The extensions in some folders called `metaflow_extensions`."""

    def __init__(self, folders: list[str]) -> None:
        self.folders = folders
        self.modules: dict[str, str] = {}
        """The full names of modules, by their paths below `metaflow`."""
        self.names: dict[str, tuple[str, str]] = {}
        """The modules that define names of `metaflow`, and what they call them."""
        self.declared: dict[str, list[str]] = {}
        """For each extension the modules in it that say what it adds."""
        for folder in folders:
            for name in sorted(os.listdir(folder)):
                if os.path.isdir(os.path.join(folder, name)):
                    self._read(os.path.join(folder, name), f"{PACKAGE}.{name}")

    def module(self, path: str) -> str:
        """The full name of the module that is `metaflow.<path>`, or ""."""
        parts = path.split(".")
        for count in range(len(parts), 0, -1):
            found = self.modules.get(".".join(parts[:count]))
            if found is not None:
                return ".".join([found, *parts[count:]])
        return ""

    def _read(self, folder: str, package: str) -> None:
        declared = self.declared.setdefault(package, [])
        for name, tree in _trees(os.path.join(folder, "plugins")):
            declared.append(f"plugins.{name}".removesuffix(".__init__"))
            self._promote(tree, "plugins", f"{package}.plugins")
            for imported, alias in _imported(tree, f"{package}.plugins"):
                self._add(f"plugins.{alias}", imported)
        for name, tree in _trees(os.path.join(folder, "toplevel")):
            declared.append(f"toplevel.{name}".removesuffix(".__init__"))
            for inner in [one for variable in TOPLEVEL for one in _texts(tree, variable)]:
                declared.append(f"toplevel.{inner}")
                path = os.path.join(folder, "toplevel", *inner.split("."))
                for _, module in _trees(path) if os.path.isdir(path) else _parsed(f"{path}.py"):
                    self._toplevel(module, package, f"{package}.toplevel.{inner}", os.path.isdir(path))

    def _toplevel(self, tree: ast.Module, package: str, module: str, is_package: bool) -> None:
        self._promote(tree, "", package)
        for imported, alias in _imported(tree, module if is_package else module.rpartition(".")[0]):
            self._add(alias, imported)
            owner, _, member = imported.rpartition(".")
            self.names[alias] = owner, member
        for name in _defined(tree):
            self.names[name] = module, name

    def _promote(self, tree: ast.Module, where: str, package: str) -> None:
        for name in _texts(tree, PROMOTED):
            self.modules[f"{where}.{name}".lstrip(".")] = f"{package}.{name}"

    def _add(self, path: str, module: str) -> None:
        """A module that another one imports is an alias of its own; a class or a function is not."""
        inside = module.split(".")[1:]
        places = [os.path.join(folder, *inside) for folder in self.folders]
        if any(os.path.isdir(place) or os.path.isfile(f"{place}.py") for place in places):
            self.modules[path] = module


_found: dict[tuple[str, ...], Extensions] = {}


def extensions() -> Extensions:
    """The extensions that can be imported now."""
    spec = PathFinder.find_spec(PACKAGE)
    folders = [*(spec.submodule_search_locations or ())] if spec is not None else []
    key = tuple(folder for folder in folders if os.path.isdir(folder))
    if key not in _found:
        _found[key] = Extensions([*key])
    return _found[key]


def _trees(folder: str) -> Iterator[tuple[str, ast.Module]]:
    """The files of a folder that say what it adds: the names of the modules, and their trees."""
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        if name == "__init__.py" or (name.startswith("mfextinit_") and name.endswith(".py")):
            yield from _parsed(os.path.join(folder, name))


def _parsed(path: str) -> list[tuple[str, ast.Module]]:
    """The name of a module and its tree; nothing if there is no file that Python can read."""
    try:
        with open(path, "rb") as file:
            return [(os.path.basename(path)[:-3], ast.parse(file.read()))]
    except (OSError, SyntaxError, ValueError):  # an import of it says what is wrong
        return []


def _texts(tree: ast.Module, name: str) -> Iterator[str]:
    """The texts that a module assigns to a name."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign) else []
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    yield inner.value


def _imported(tree: ast.Module, package: str) -> Iterator[tuple[str, str]]:
    """What a module imports from its own extension: the full name, and what the module calls it."""
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom):
            continue
        above = package.split(".")
        above = above[: len(above) - node.level + 1] if node.level else []
        module = ".".join([*above, *(node.module or "").split(".")]).rstrip(".")
        if module.startswith(PACKAGE):
            yield from ((f"{module}.{alias.name}", alias.asname or alias.name) for alias in node.names if alias.name != "*")


def _defined(tree: ast.Module) -> Iterator[str]:
    """The names that a module gives to what it makes itself."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name) and not target.id.startswith("_"))
