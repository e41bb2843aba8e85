"""The exceptions of tests that are not those of the user's step."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowport.client.run import Run
    from flowport.compiler.diagnostics.diagnostic import Diagnostic


class FlowMistakes(Exception):
    """The flow does not compile; the message is what `flowport check` prints of it."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        from flowport.compiler.diagnostics.render import render

        errors = tuple(diagnostic for diagnostic in diagnostics if diagnostic.severity == "error")
        super().__init__("the flow does not compile\n" + render(errors, "text"))
        self.diagnostics = errors


class RunFailed(Exception):
    """A run did not succeed; `run` is what there is of it, None if it did not begin."""

    def __init__(self, message: str, run: Run | None) -> None:
        super().__init__(message)
        self.run = run
