"""A file -> a plan and diagnostics: parse, check and structure in one call."""

from __future__ import annotations

from flowport.compiler.check.flow import check
from flowport.compiler.decorators.attach import without_places
from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.ir.plan import Plan
from flowport.compiler.options import NO_OPTIONS, CompileOptions
from flowport.compiler.parse.flow import parse
from flowport.compiler.record import record
from flowport.compiler.structure.build import structure

READ_TOO_EARLY = "FP230"


@record
class LoadResult:
    """The result: a plan if no diagnostic is an error."""

    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...]


def load(argument: str, roots: tuple[str, ...] = (), included: tuple[str, ...] = (), options: CompileOptions = NO_OPTIONS) -> LoadResult:
    """The plan of `FILE.py` or `FILE.py:ClassName`.

    `roots` are further folders with modules of the flow. `included` are the paths in the code package of further Python files.
    """
    path, class_name = split(argument)
    flow, found = parse(path, class_name, roots, included, options)
    if flow is None:
        return LoadResult(None, found)
    found = tuple(without_places((*found, *check(flow)), options.origins))
    if any(diagnostic.severity == "error" for diagnostic in found):
        # After a broken transition, every step would seem to read artifacts that no step sets.
        return LoadResult(None, tuple(diagnostic for diagnostic in found if diagnostic.code != READ_TOO_EARLY))
    try:
        return LoadResult(structure(flow), found)
    except CompileError as error:
        return LoadResult(None, found + error.diagnostics)


def split(argument: str) -> tuple[str, str | None]:
    """A flow argument as a path and a class name; a colon without a name after it belongs to the path."""
    path, colon, name = argument.rpartition(":")
    return (path, name) if colon and path and name.isidentifier() else (argument, None)
