"""What the store knows of an item, for its default card: how it went, where it stands in the flow, and its step's source."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

from flowport.drawing.stored import stored_plan
from flowport.drawing.svg import fragment
from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.run.items import ItemReader
from flowport.runtime.run.reader import UNREADABLE
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.workspace.times import duration, moment

STEPS = 200
"""The most steps of a graph that a card shows."""

LOG = 16_000
"""The bytes at the end of the log that a card shows."""


def program_of(item: ItemReader) -> CodePackage:
    """The code that ran the item."""
    code = item.shelf[0].doc["code"] if item.shelf else item.run.code_of(item.step, item.slice)
    return CodePackage.fetched(item.run.store, code)


def status(item: ItemReader) -> str:
    """`done`, `failed` or `running`."""
    return "done" if item.is_done else "failed" if item.failure is not None else "running"


def times(item: ItemReader) -> list[str]:
    """When the item's task began and how long it took, and how many attempts it needed."""
    began, ended = item.times()
    words = [f"{moment(began)} UTC"]
    if ended is not None:
        words.append(duration(max(0.0, ended - began)))
    if item.latest_attempt:
        words.append(f"attempt {item.latest_attempt + 1}")
    taken = item.taken_from()
    return [*words, *([f"taken over from run {taken}"] if taken else [])]


def place(item: ItemReader) -> str:
    """Where the item stands in its foreaches: `item 4 of 6`; "" outside of them."""
    found = [f"item {index + 1:,} of {count:,}" for _, _, index, count in item.lineage.indexes(item.row)]
    return ", ".join(found)


def graph(item: ItemReader) -> str:
    """The drawing of the flow with the step in it; "" for a flow that is too large, or whose plan cannot be read."""
    try:
        plan = stored_plan(program_of(item))
        return fragment(plan, item.step) if len(plan.flow.steps) <= STEPS else ""
    except (*UNREADABLE, Missing):
        return ""


def source(item: ItemReader) -> tuple[str, str, int]:
    """The source of the step with its decorators, the path of its file in the code package, and the number of its first line.

    Three times nothing where it cannot be found: a class that the flow inherits from may be of a package.
    """
    try:
        program = program_of(item)
        for path in _files(program):
            with open(os.path.join(program.folder, path), encoding="utf-8") as file:
                text = file.read()
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef) and node.name == item.step and node.decorator_list:
                    first = min(one.lineno for one in node.decorator_list)
                    lines = text.splitlines()[first - 1 : node.end_lineno]
                    return dedent("\n".join(lines)), path, first
    except (*UNREADABLE, SyntaxError):
        pass
    return "", "", 0


def doc(item: ItemReader) -> str:
    """The docstring of the step."""
    text = source(item)[0]
    try:
        body = ast.parse(text).body
    except SyntaxError:
        return ""
    return (ast.get_docstring(body[0]) or "") if body and isinstance(body[0], ast.FunctionDef) else ""


def _files(program: CodePackage) -> Iterator[str]:
    """The flow's own file, then the other files of Python in its package."""
    yield program.flow["file"]
    for folder, folders, names in os.walk(program.folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), program.folder)
            if name.endswith(".py") and path != program.flow["file"]:
                yield path


def log(item: ItemReader) -> str:
    """The end of what the item's task printed; a task with several items has one log for all of them."""
    key = item.log
    if key is None:
        return ""
    store = item.run.store
    try:
        length = store.size(key)
        data = store.part(key, max(0, length - LOG), min(length, LOG)) if length else b""
    except (Missing, Corrupt, StoreError):
        return ""
    text = data.decode(errors="replace")
    return text if length <= LOG else "... " + text.partition("\n")[2]


def failure(item: ItemReader) -> dict[str, Any] | None:
    """Why the item failed: its type, message and traceback."""
    return item.failure
