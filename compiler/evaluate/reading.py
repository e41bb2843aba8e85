"""What reading a flow collects: its files, and everything there is to say about them."""

from __future__ import annotations

import ast
from typing import Any

from flowport.compiler.diagnostics.diagnostic import Diagnostic, Severity
from flowport.compiler.evaluate.expressions import evaluate
from flowport.compiler.evaluate.pure import has_flow_path
from flowport.compiler.evaluate.scope import NotConstant, OutOfWork, ReadsEnvironment, scope
from flowport.compiler.python.bindings import Names
from flowport.compiler.python.modules import Modules
from flowport.compiler.python.source import Source
from flowport.compiler.record import field, record


@record(frozen=False, eq=False)
class Reading:
    """One flow being read. Nothing raises over what the user wrote: it is said, and reading goes on."""

    modules: Modules
    includes_modules: bool = False
    """Whether the settings name Python files that go along, whatever imports them."""
    found: list[Diagnostic] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    """The names, and the full names of modules, whose import has been refused: their uses are no further errors."""

    def say(
        self,
        code: str,
        message: str,
        source: Source,
        node: ast.AST,
        *ways_out: str,
        notes: tuple[str, ...] = (),
        severity: Severity = "error",
    ) -> None:
        """Note a diagnostic at a node."""
        span = source.name_span(node) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else source.span(node)
        self.found.append(Diagnostic(code, message, span, notes, ways_out, severity))

    def warn(self, code: str, message: str, source: Source, node: ast.AST, *ways_out: str) -> None:
        """Note a warning at a node."""
        self.say(code, message, source, node, *ways_out, severity="warning")

    def constant(
        self, node: ast.expr, source: Source, members: Names, what: str, located: bool = False, instead: tuple[str, ...] = ()
    ) -> tuple[bool, Any]:
        """Whether the expression is constant, and its value; says so when it is not.

        `what` names the place that it stands in; with `located` it may be a path that begins at `__file__`. `instead` is what to do
        where the value is read from the environment.
        """
        try:
            value = evaluate(node, scope(self.modules, source, members))
            if not located and has_flow_path(value):
                raise NotConstant(source, node, "it depends on where the flow's files are")
            return True, value
        except ReadsEnvironment as error:
            self.say_environment(error, source, node, what, *instead)
        except NotConstant as error:
            self.say_not_constant(error, source, node, what)
        return False, None

    def say_environment(self, error: ReadsEnvironment, source: Source, node: ast.expr, what: str, *instead: str) -> None:
        """An expression that reads the environment."""
        variable = f"`{error.variable}`" if error.variable else "the environment"
        name = error.variable or "NAME"
        self.say(
            "FP121",
            f"{what} reads {variable} from the environment: `{source.segment(node)}`",
            source,
            node,
            *(instead or ("write the value itself, or a constant that the file sets once",)),
            f'where a step needs the variable, set it where the step runs, and read `os.environ["{name}"]` inside the step',
            notes=("the environment is never read while compiling: its values would be written into the deployed files",),
        )

    def say_not_constant(self, error: NotConstant, source: Source, node: ast.expr, what: str) -> None:
        """An expression whose value cannot be known from the source; what takes too long has been said."""
        if isinstance(error, OutOfWork):
            return
        where = "" if error.node is node else f"`{_inner(error)}`: "
        self.say(
            "FP120",
            f"{what} cannot be known before the flow runs: `{source.segment(node)}`",
            source,
            node,
            "write a literal, a name that is set once at the top of a file or class, or arithmetic, f-strings and plain calls over those",
            notes=(where + error.reason,),
        )


def _inner(error: NotConstant) -> str:
    return error.source.segment(error.node) if isinstance(error.node, ast.expr) else error.source.shown
