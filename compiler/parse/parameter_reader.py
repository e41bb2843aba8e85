"""The arguments of one call of `Parameter` or `IncludeFile`, by name, and what both have in common."""

from __future__ import annotations

import ast
from typing import Any

from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.evaluate.scope import Known
from flowport.compiler.ir import Option
from flowport.compiler.parse.parameter_arguments import ARGUMENTS, POSITIONAL, REFUSED
from flowport.compiler.parse.parameter_calls import ParameterCall


class ParameterReader:
    """Reads the arguments of a call, and adds a diagnostic for each that does not fit. `folder` is the flow's."""

    def __init__(self, reading: Reading, made: ParameterCall, folder: str) -> None:
        self.reading, self.folder = reading, folder
        self.attribute, self.function, self.node, self.source, self.members = (
            made.attribute,
            made.kind,
            made.call,
            made.source,
            made.members,
        )
        self.arguments = self._arguments_by_name()

    def _arguments_by_name(self) -> dict[str, ast.expr]:
        """The arguments by name, `**NAME` unfolded as far as it is written out."""
        known = ARGUMENTS[self.function]
        arguments: dict[str, ast.expr] = dict(zip(known, self.node.args[: POSITIONAL[self.function]]))
        for extra in self.node.args[POSITIONAL[self.function] :]:
            self.say("FP152", f"`{self.function}` takes this argument by name", extra, f"write `{known[2]}={self.source.segment(extra)}`")
        for keyword in self.node.keywords:
            if keyword.arg is None:
                self._unfold(keyword.value, arguments)
            elif keyword.arg in known:
                arguments[keyword.arg] = keyword.value
            else:
                self.say("FP152", f"`{self.function}` has no argument `{keyword.arg}`", keyword, *did_you_mean(keyword.arg, known))
        return arguments

    def _unfold(self, node: ast.expr, arguments: dict[str, ast.expr]) -> None:
        constant, value = self.constant(node, "`**`")
        if constant and isinstance(value, dict):
            for name, inner in value.items():
                if name in ARGUMENTS[self.function]:
                    arguments[name] = ast.copy_location(
                        ast.Name(inner.name, ast.Load()) if isinstance(inner, Known) else ast.Constant(inner), node
                    )
                else:
                    self.say(
                        "FP152", f"`{self.function}` has no argument `{name}`", node, *did_you_mean(str(name), ARGUMENTS[self.function])
                    )

    def say(self, code: str, message: str, node: ast.AST, *ways_out: str) -> None:
        self.reading.say(code, message, self.source, node, *ways_out)

    def constant(self, node: ast.expr, what: str, located: bool = False) -> tuple[bool, Any]:
        return self.reading.constant(node, self.source, self.members, what, located)

    def argument(self, name: str, kind: type | tuple[type, ...], otherwise: Any) -> Any:
        """The value of an argument, or `otherwise` when it is absent, None, or something else than it may be."""
        node = self.arguments.get(name)
        if node is None:
            return otherwise
        constant, value = self.constant(node, f"`{name}` of `{self.attribute}`")
        if not constant or value is None:
            return otherwise
        if not isinstance(value, kind):
            self.say(
                "FP153",
                f"`{name}` of `{self.attribute}` cannot be `{self.source.segment(node)}`",
                node,
                f"write `{name}={otherwise!r}`",
            )
            return otherwise
        return value

    def name(self) -> str:
        """The name of the parameter; reports arguments that are not supported."""
        name: str = self.argument("name", str, self.attribute)
        if "name" not in self.arguments:
            self.say(
                "FP151", f"the parameter `{self.attribute}` has no name", self.node, f'write `{self.function}("{self.attribute}", ...)`'
            )
        self._refused(name)
        return name

    def option(self) -> Option:
        """How the command line takes the parameter."""
        node = self.arguments.get("envvar")
        variables = self.argument("envvar", (str, list, tuple), ())
        variables = (variables,) if isinstance(variables, str) else tuple(variables)
        if node is not None and not all(isinstance(one, str) for one in variables):
            message = f"`envvar` of `{self.attribute}` is the name of a variable or a list of names, not `{self.source.segment(node)}`"
            self.say("FP153", message, node, f'write `envvar="{self.attribute.upper()}"`')
            variables = ()
        return Option(
            variables,
            bool(self.argument("hidden", (bool, int), False)),
            str(self.argument("metavar", str, "")),
            bool(self.argument("show_default", (bool, int), True)),
        )

    def _refused(self, name: str) -> None:
        """Report arguments that are not supported and would change the value."""
        for argument, (reason, way_out) in REFUSED.items():
            node = self.arguments.get(argument)
            if node is not None and not (isinstance(node, ast.Constant) and node.value is None):
                self.say("FP152", f"`{argument}` of `{self.attribute}` is not supported: {reason}", node, way_out.format(name=name))
