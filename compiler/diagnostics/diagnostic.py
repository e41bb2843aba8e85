"""What the compiler has to say about a flow: a code, a place, a reason and a way out.

How a diagnostic looks on a terminal, as JSON or as SARIF is `render`'s business; the long form of each code is in `codes`.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from flowport.compiler.ir import Span
from flowport.compiler.record import field, record

Severity: TypeAlias = Literal["error", "warning"]


@record
class Diagnostic:
    """One thing to say. `code` is stable: FP1xx reading, FP2xx the flow, FP3xx what a target cannot do, FP4xx its limits and settings."""

    code: str
    message: str
    span: Span | None = None
    notes: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    severity: Severity = field(default="error")


class CompileError(Exception):
    """The flow has errors; `diagnostics` holds all that there is to say."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(f"{len(diagnostics)} diagnostics")
        self.diagnostics = diagnostics
