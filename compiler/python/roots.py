"""Suggests folders for `roots` in flowport.toml that contain a base class which was not found."""

from __future__ import annotations

import ast
import os.path
from collections.abc import Iterator

from flowport.compiler.python.modules import External, Modules
from flowport.compiler.python.source import Source

SETTINGS_FILES = (("flowport.toml", ""), ("pyproject.toml", "[tool.flowport"))
"""The files that `roots` may stand in, and what must stand in them."""


def roots_with(modules: Modules, source: Source, base: ast.expr) -> Iterator[tuple[Modules, str]]:
    """The modules with one more folder that has the module of a base class, and the setting that names the folder."""
    thing = modules.resolve(source, base)
    if isinstance(thing, External):
        first = thing.name.split(".")[0]
        known = [folder for folder, _ in modules.roots]
        for folder in _near(known[0]):
            path = os.path.join(folder, first)
            if folder not in known and (os.path.isfile(f"{path}.py") or os.path.isdir(path)):
                yield Modules((*modules.roots, (folder, "")), modules.shown), _setting(modules, folder)


def _above(folder: str) -> Iterator[str]:
    """The folder and those around it, up to the one that is a repository or belongs to all."""
    while os.path.dirname(folder) != folder:
        yield folder
        if os.path.exists(os.path.join(folder, ".git")):
            return
        folder = os.path.dirname(folder)


def _near(folder: str) -> Iterator[str]:
    """The folder and at most three around it, and those directly inside of them."""
    for _, one in zip(range(4), _above(folder)):
        yield one
        try:
            yield from sorted(entry.path for entry in os.scandir(one) if entry.is_dir() and not entry.name.startswith("."))
        except OSError:
            continue


def _setting(modules: Modules, folder: str) -> str:
    """What to write, and where: `roots` is relative to the file that it stands in."""
    own = modules.roots[0][0]
    found = ((one, name) for one in _above(own) for name, text in SETTINGS_FILES if _has(os.path.join(one, name), text))
    settings, name = next(found, (own, "flowport.toml"))
    place = os.path.join(modules.shown, os.path.relpath(os.path.join(settings, name), own))
    return f'`roots = ["{os.path.relpath(folder, settings)}"]` in `{os.path.normpath(place)}`'


def _has(path: str, text: str) -> bool:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return text in file.read()
    except OSError:
        return False
