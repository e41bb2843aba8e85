"""Finds the libraries that a flow's file imports first. They can be imported once for all tasks.

Imports after the first statement of another kind, such as a call, are left to the tasks: they may depend on that statement.
"""

from __future__ import annotations

import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


def preload(path: str, own: Collection[str]) -> None:
    """Import the libraries that the file at `path` begins with; `own` are the names of the flow's modules, at which it ends.

    What cannot be imported is left to the tasks, which say so.
    """
    with open(path, "rb") as file:
        tree = ast.parse(file.read(), path)
    for name, members in leading(tree.body, own):
        try:
            __import__(name, fromlist=members)
        except Exception:  # whatever a library raises: a task meets it again, and shows it with the user's line
            return


def leading(statements: list[ast.stmt], own: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """The module and the names of each import at the beginning of a file."""
    for statement in statements:
        match statement:
            case ast.Expr(value=ast.Constant()):
                continue
            case ast.ImportFrom(module="flowport" | "metaflow", level=0):
                continue
            case ast.Import():
                for alias in statement.names:
                    if alias.name.partition(".")[0] in own:
                        return
                    yield alias.name, []
            case ast.ImportFrom(module=str() as module, level=0) if module.partition(".")[0] not in own:
                yield module, [alias.name for alias in statement.names if alias.name != "*"]
            case _:
                return
