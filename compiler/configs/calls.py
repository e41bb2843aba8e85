"""Reads the arguments of `Config(...)`."""

from __future__ import annotations

import ast
from typing import Any

from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.evaluate.scope import Scope, scope
from flowport.compiler.python.bindings import Names
from flowport.compiler.python.source import Source
from flowport.compiler.record import record

ARGUMENTS = ("name", "default", "default_value", "help", "required", "parser", "plain", "show_default")
POSITIONAL = 7


@record(eq=False)
class ConfigCall:
    """A `Config(...)`: what it says of itself, and the expressions of its default and its parser."""

    attribute: str
    name: str
    help: str
    required: bool
    plain: bool
    default: ast.expr | None
    default_value: ast.expr | None
    parser: ast.expr | None
    call: ast.Call
    source: Source
    members: Names

    def scope(self, reading: Reading) -> Scope:
        """The scope of the arguments."""
        return scope(reading.modules, self.source, self.members)


def read_call(reading: Reading, attribute: str, call: ast.Call, source: Source, members: Names) -> ConfigCall:
    """The arguments of a call; adds a diagnostic for each that is wrong."""
    reader = _Arguments(reading, attribute, call, source, members)
    name = reader.value("name", str, "")
    if "name" not in reader.named:
        reader.say(f"the config `{attribute}` has no name", call, f'write `Config("{attribute}", ...)`')
    default, default_value = reader.expression("default"), reader.expression("default_value")
    if default is not None and default_value is not None:
        way_out = "keep `default`, the path of a file, or `default_value`, the value itself"
        reader.say(f"the config `{attribute}` has both `default` and `default_value`", default_value, way_out)
    return ConfigCall(
        attribute,
        name or attribute,
        str(reader.value("help", str, "")),
        bool(reader.value("required", (bool, int), False)),
        bool(reader.value("plain", (bool, int), False)),
        default,
        default_value if default is None else None,
        reader.expression("parser"),
        call,
        source,
        members,
    )


class _Arguments:
    def __init__(self, reading: Reading, attribute: str, call: ast.Call, source: Source, members: Names) -> None:
        self.reading, self.attribute, self.source, self.members = reading, attribute, source, members
        self.named: dict[str, ast.expr] = dict(zip(ARGUMENTS, call.args[:POSITIONAL]))
        for extra in call.args[POSITIONAL:]:
            self.say("`Config` takes this argument by name", extra, f"write `{ARGUMENTS[POSITIONAL]}={source.segment(extra)}`")
        for keyword in call.keywords:
            if keyword.arg is None:
                self._unpack(keyword.value)
            else:
                self._add(keyword.arg, keyword.value, keyword)

    def _unpack(self, node: ast.expr) -> None:
        constant, value = self.reading.constant(node, self.source, self.members, f"`**` in the config `{self.attribute}`")
        for name, inner in value.items() if constant and isinstance(value, dict) else ():
            self._add(str(name), ast.copy_location(ast.Constant(inner), node), node)

    def _add(self, name: str, value: ast.expr, node: ast.AST) -> None:
        if name in ARGUMENTS:
            self.named[name] = value
        else:
            self.say(f"`Config` has no argument `{name}`", node, *did_you_mean(name, ARGUMENTS))

    def expression(self, name: str) -> ast.expr | None:
        """The expression of an argument; None where it is absent or None."""
        node = self.named.get(name)
        return None if isinstance(node, ast.Constant) and node.value is None else node

    def value(self, name: str, kind: type | tuple[type, ...], otherwise: Any) -> Any:
        """The value of an argument, or `otherwise` where it is absent, None or of another type."""
        node = self.expression(name)
        if node is None:
            return otherwise
        constant, value = self.reading.constant(node, self.source, self.members, f"`{name}` of the config `{self.attribute}`")
        if constant and value is not None and not isinstance(value, kind):
            example = '"..."' if kind is str else "True"
            self.say(
                f"`{name}` of the config `{self.attribute}` cannot be `{self.source.segment(node)}`", node, f"write `{name}={example}`"
            )
        return value if constant and isinstance(value, kind) else otherwise

    def say(self, message: str, node: ast.AST, *ways_out: str) -> None:
        self.reading.say("FP160", message, self.source, node, *ways_out)
