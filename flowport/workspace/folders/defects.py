"""What flowport itself fails on: such a flow is named as an error, and the other flows of its folder are read all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, ParamSpec, TypeVar

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Span
from flowport.workspace.errors import BadVariable

P = ParamSpec("P")
T = TypeVar("T")

CODE = "defect"
"""Stands for the code of a diagnostic."""

WAY_OUT = "report it with what `flowport check FLOW` prints: flowport must not fail on any source"


class Defect(NamedTuple):
    """An error of flowport; `text` is the last line of its traceback."""

    text: str

    def diagnostic(self, path: str, line: int = 1) -> Diagnostic:
        """The error as one about a flow in a file."""
        return Diagnostic(CODE, f"flowport fails on `{path}`: {self.text}", Span(path, line, 1, line, 2), help=(WAY_OUT,))


def attempt(read: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T | Defect:
    """What `read` returns, or the error of flowport that it ends with.

    Raises BadVariable: a variable of the shell is the same for all flows.
    """
    try:
        return read(*arguments, **named)
    except BadVariable:
        raise
    except Exception as error:
        return Defect(f"{type(error).__name__}: {error}")
