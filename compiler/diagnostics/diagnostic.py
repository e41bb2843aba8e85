"""Errors and warnings about a flow: a code, a place, a reason and a fix.

`render` turns them into text, JSON and SARIF; `codes` has the long text of each code.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from flowport.compiler.ir import Span
from flowport.compiler.record import field, record

Severity: TypeAlias = Literal["error", "warning"]


@record
class Diagnostic:
    """An error or a warning. `code` is stable: FP1xx reading, FP2xx the flow, FP3xx features of targets, FP4xx limits and settings."""

    code: str
    message: str
    span: Span | None = None
    notes: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    severity: Severity = field(default="error")


class CompileError(Exception):
    """The flow has errors; `diagnostics` has all of them, and the warnings. As text it is the errors, each with what to write instead."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        errors = [found for found in diagnostics if found.severity == "error"]
        super().__init__("\n".join("\n  help: ".join((f"{found.code}: {found.message}", *found.help)) for found in errors))
        self.diagnostics = diagnostics
