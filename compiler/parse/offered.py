"""The names that a flow may import from flowport, and from Metaflow, whose place flowport takes while a flow runs."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from flowport.compiler.guess import did_you_mean
from flowport.compiler.parse.later import LATER
from flowport.compiler.parse.marks import FLOW_SETTINGS, SETTINGS
from flowport.compiler.parse.modules import OURS, imports
from flowport.compiler.parse.reading import Reading
from flowport.compiler.parse.source import Source

OFFERED = frozenset({"FlowSpec", "step", "Parameter", "IncludeFile", "JSONType", "current", "flow", *SETTINGS, *FLOW_SETTINGS, *LATER})

CONFIGS = frozenset({"Config", "config_expr"})
"""What a later version brings."""


def check_imports(reading: Reading, sources: Iterable[Source], start: Source) -> None:
    """Say which imports will not be found when the flow in `start` runs, but those that a `try` expects to fail."""
    for source in sources:
        for node, guarded in imports(source.tree):
            if guarded:
                continue
            if source is start and isinstance(node, ast.ImportFrom) and node.level:
                _say_relative(reading, source, node)
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module and node.module.split(".")[0] in OURS:
                _check_from(reading, source, node)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.split(".")[0] in OURS and "." in alias.name:
                        _say(reading, source, alias, f"the module `{alias.name}`")


def _check_from(reading: Reading, source: Source, node: ast.ImportFrom) -> None:
    if node.module not in OURS:
        _say(reading, source, node, f"the module `{node.module}`")
        return
    for alias in node.names:
        if alias.name in CONFIGS:
            say_config(reading, source, alias, alias.name)
        elif alias.name not in OFFERED and alias.name != "*":
            _say(reading, source, alias, f"`{alias.name}`", *did_you_mean(alias.name, OFFERED))


def say_config(reading: Reading, source: Source, node: ast.AST, name: str) -> None:
    """Say that there is no `Config` yet, where it is imported or used."""
    message = f"`{name}` comes with a later version of flowport"
    reading.say("FP140", message, source, node, "use a `Parameter`, or a constant of the module")


def _say_relative(reading: Reading, source: Source, node: ast.ImportFrom) -> None:
    names = ", ".join(f"{alias.name} as {alias.asname}" if alias.asname else alias.name for alias in node.names)
    instead = f"from {node.module} import {names}" if node.module else f"import {names}"
    way_out = f"write `{instead}`"
    if node.level > 1 or (node.module is None and names == "*"):
        way_out = "import the module by its full name, and add its folder to `roots` in flowport.toml"
    notes = ("the flow's file runs as a program, which is in no package",)
    message = f"the flow's own file cannot import with `{'.' * node.level}`"
    reading.say("FP144", message, source, node, way_out, notes=notes)


def _say(reading: Reading, source: Source, node: ast.AST, what: str, *ways_out: str) -> None:
    reading.say(
        "FP143",
        f"flowport does not offer {what}",
        source,
        node,
        *ways_out,
        "remove the import, or put it into a `try` with `except ImportError` when the flow can do without",
        notes=("while a flow runs, flowport takes the place of Metaflow",),
    )
