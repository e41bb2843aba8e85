"""A file -> a plan, or everything that there is to say about it: parse, check and structure in one call."""

from __future__ import annotations

from flowport.compiler.check.flow import check
from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.ir.plan import Plan
from flowport.compiler.parse.flow import parse
from flowport.compiler.record import record
from flowport.compiler.structure.build import structure

READ_TOO_EARLY = "FP230"


@record
class Loaded:
    """What came of a file: a plan when no diagnostic is an error."""

    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...]


def load(argument: str, roots: tuple[str, ...] = (), included: tuple[str, ...] = ()) -> Loaded:
    """The plan of `FILE.py` or `FILE.py:ClassName`.

    `roots` are folders beside the flow's own that hold its modules, and `included` Python files that go along, by path in the code package.
    """
    path, class_name = split(argument)
    flow, found = parse(path, class_name, roots, included)
    if flow is None:
        return Loaded(None, found)
    found += check(flow)
    if any(diagnostic.severity == "error" for diagnostic in found):
        # Where a transition is broken, every step behind it seems to read what nobody set.
        return Loaded(None, tuple(diagnostic for diagnostic in found if diagnostic.code != READ_TOO_EARLY))
    try:
        return Loaded(structure(flow), found)
    except CompileError as refused:
        return Loaded(None, found + refused.diagnostics)


def split(argument: str) -> tuple[str, str | None]:
    """A flow argument as a path and a class name; a colon that no name follows belongs to the path."""
    path, colon, name = argument.rpartition(":")
    return (path, name) if colon and path and name.isidentifier() else (argument, None)
