"""Where the flows of a folder are: its Python files, and those of them that may have flows."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.workspace.config import find

SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__", "__pypackages__"})
"""Folders with files that are nobody's flows, besides hidden ones and virtual environments."""

FROM_ANY = re.compile(rb"\b(?:metaflow|flowport|FlowSpec)\b")
CLASS = re.compile(rb"^[ \t]*class\s+(\w+)\s*\(([^)]*)\)", re.MULTILINE)
NAME = re.compile(rb"\w+")
LOOKS_LIKE_A_FLOW = re.compile(rb"^[ \t]*class\s+\w+\s*\([^)]*\bFlowSpec\b", re.MULTILINE)


def python_files(folder: str) -> Iterator[str]:
    """The Python files below a folder, relative to it, without hidden folders and installed packages; links are not followed."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_skipped(place, name))
        for name in sorted(files):
            path = os.path.join(place, name)
            if name.endswith(".py") and not name.startswith(".") and os.path.isfile(path):
                yield os.path.relpath(path, folder)


def _is_skipped(place: str, name: str) -> bool:
    return name.startswith(".") or name in SKIPPED or os.path.isfile(os.path.join(place, name, "pyvenv.cfg"))


def files_with_flows(folder: str, files: Iterable[str]) -> list[str]:
    """The files that may have flows: they mention Metaflow or flowport, or a class of theirs inherits from a class of such a file."""
    likely: dict[str, None] = {}
    others: dict[str, list[tuple[bytes, bytes]]] = {}
    known: set[bytes] = set()
    for file in files:
        try:
            with open(os.path.join(folder, file), "rb") as opened:
                data = opened.read()
        except OSError:
            continue
        classes = CLASS.findall(data)
        if FROM_ANY.search(data) and (classes or b"class" in data):
            likely[file] = None
            known.update(name for name, _ in classes)
        elif classes:
            others[file] = classes
    while more := [file for file, classes in others.items() if any(not known.isdisjoint(NAME.findall(bases)) for _, bases in classes)]:
        for file in more:
            likely[file] = None
            known.update(name for name, _ in others.pop(file))
    return sorted(likely)


def roots_of(path: str, profile: str | None) -> tuple[str, ...]:
    """The further folders of a flow; none if its settings have mistakes, which its examination reports."""
    try:
        return find(os.path.dirname(os.path.abspath(path)), profile).roots
    except CompileError:
        return ()


def looks_like_a_flow(path: str) -> bool:
    """Whether a file that cannot be read as Python has a class that names `FlowSpec` as its base."""
    try:
        with open(path, "rb") as file:
            return LOOKS_LIKE_A_FLOW.search(file.read()) is not None
    except OSError:
        return False
