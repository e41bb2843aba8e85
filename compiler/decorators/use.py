"""A decorator where it is used."""

from __future__ import annotations

import ast

from flowport.compiler.python.bindings import Names
from flowport.compiler.python.source import Source
from flowport.compiler.record import record


@record(eq=False)
class DecoratorUse:
    """A decorator as it is written in `source`, with its own name, "" when it belongs to the user or to another package."""

    node: ast.expr
    name: str
    source: Source
    members: Names

    @property
    def call(self) -> ast.Call | None:
        """The decorator when it is called, as in `@retry(times=2)`."""
        return self.node if isinstance(self.node, ast.Call) else None
