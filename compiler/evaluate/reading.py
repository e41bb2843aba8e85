"""What reading a flow collects: its files and diagnostics."""

from __future__ import annotations

import ast
from typing import Any

from flowport.compiler.diagnostics.diagnostic import Diagnostic, Severity
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.evaluate.configs import MissingKey, UnreadConfig
from flowport.compiler.evaluate.expressions import evaluate, forwarding
from flowport.compiler.evaluate.pure import has_flow_path
from flowport.compiler.evaluate.scope import NotConstant, OutOfWork, ReadsEnvironment, scope
from flowport.compiler.python.bindings import Names
from flowport.compiler.python.modules import Modules
from flowport.compiler.python.source import Source
from flowport.compiler.record import field, record
from flowport.runtime.names.config import plain


@record(frozen=False, eq=False)
class Reading:
    """One flow being read. Mistakes of the user do not raise: they become diagnostics, and reading continues."""

    modules: Modules
    includes_modules: bool = False
    """Whether `include` adds Python files to the code package."""
    diagnostics: list[Diagnostic] = field(default_factory=list)
    rejected_imports: set[str] = field(default_factory=set)
    """Names and modules whose import is already an error, so that their uses are not reported again."""

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
        """Add a diagnostic at a node."""
        span = source.name_span(node) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else source.span(node)
        self.diagnostics.append(Diagnostic(code, message, span, notes, ways_out, severity))

    def warn(self, code: str, message: str, source: Source, node: ast.AST, *ways_out: str) -> None:
        """Add a warning at a node."""
        self.say(code, message, source, node, *ways_out, severity="warning")

    def constant(
        self,
        node: ast.expr,
        source: Source,
        members: Names,
        what: str,
        located: bool = False,
        instead: tuple[str, ...] = (),
        forwards: bool = False,
    ) -> tuple[bool, Any]:
        """Whether the expression is constant, and its value; adds a diagnostic if it is not.

        `what` describes the expression in the message. With `located` it may be a path that begins at `__file__`. With `forwards` it may
        contain texts that are read from the environment of the task; `instead` is the help if it reads the environment otherwise.
        """
        try:
            value = (forwarding if forwards else evaluate)(node, scope(self.modules, source, members))
            if not located and has_flow_path(value):
                raise NotConstant(source, node, "it depends on where the flow's files are installed")
            return True, plain(value) if self.modules.configs.by_call else value
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
            *(instead or ("write the value itself, or use a constant that the file sets once",)),
            f'if a step needs the variable, set it where the step runs, and read `os.environ["{name}"]` inside the step',
            notes=("flowport never reads environment variables at compile time: their values would end up in the deployed files",),
        )

    def say_not_constant(self, error: NotConstant, source: Source, node: ast.expr, what: str) -> None:
        """An expression without a value at compile time; one that takes too long or has a config without a value is already reported."""
        if isinstance(error, OutOfWork | UnreadConfig):
            return
        if isinstance(error, MissingKey):
            self._say_missing_key(error, source, node, what)
            return
        where = "" if error.node is node else f"`{_inner(error)}`: "
        self.say(
            "FP120",
            f"{what} is not known before the flow runs: `{source.segment(node)}`",
            source,
            node,
            "use a literal, a name that a file or a class sets once, or arithmetic, f-strings and simple calls of these",
            notes=(where + error.reason,),
        )

    def _say_missing_key(self, error: MissingKey, source: Source, node: ast.expr, what: str) -> None:
        """A key that a config lacks."""
        if error.keys is None:
            message = f"{what} reads the key `{error.key}` of `{error.owner}`, which has no value"
            ways_out = ["give it one: `--config NAME FILE`, or a `default` of the config"]
        else:
            message = f"{what} reads the key `{error.key}`, which `{error.owner}` does not have"
            ways_out = [*did_you_mean(error.key, error.keys), "its keys are " + (", ".join(f"`{key}`" for key in error.keys) or "none")]
        self.say("FP166", message, source, node, *ways_out)


def _inner(error: NotConstant) -> str:
    return error.source.segment(error.node) if isinstance(error.node, ast.expr) else error.source.shown
