"""What changed between the code packages of two tasks of one step, as far as the digest of the step depends on it.

The packages contain the source, so this needs neither the flow's file nor the packages that it imports. Nothing is executed.
"""

from __future__ import annotations

import ast
import os
from difflib import unified_diff
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.imports.closure import import_closure
from flowport.compiler.imports.folders import own_modules
from flowport.compiler.parse.digest import Pieces
from flowport.compiler.parse.flow_class import pick
from flowport.compiler.parse.parameter_calls import find
from flowport.runtime.package.configs import plain_value
from flowport.runtime.text import brief
from flowport.workspace.why.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowport.compiler.parse.digest import Unit
    from flowport.runtime.package.code_package import CodePackage

SETTINGS = ("wrappers", "unwrapped", "ollama", "vllm", "nim")
"""What the plan of a step has of decorators that need not stand above it: those of the flow's class, of mutators and of `--with`."""

VALUE = " = "
"""Stands in what `ConfigUses` says of a config, between its path and its value."""


class _Piece(NamedTuple):
    """A function, a class, a constant or a whole file that a step depends on: its tokens, what it names outside, and its lines."""

    file: str
    tokens: str
    outside: list[str]
    lines: list[str]
    line: int


def source_changes(step: str, before: CodePackage, now: CodePackage) -> tuple[Reason, ...]:
    """Why the digest of a step is another one; at least one reason."""
    found = (*_pieces_changed(step, before, now), *_settings_changed(step, before, now))
    return found or (Reason("source", step),)


def definition_change(noted: str, before: CodePackage, now: CodePackage) -> Reason:
    """That the code of a class or a function changed, of which a step read an instance; `noted` is `module:name`, as it was recorded."""
    module, _, name = noted.partition(":")
    is_there = name in now.definitions.get(module, {}), name in before.definitions.get(module, {})
    return Reason("definition", name, None if is_there[1] else "", None if is_there[0] else "", module or now.flow["file"])


def _pieces_changed(step: str, before: CodePackage, now: CodePackage) -> Iterator[Reason]:
    try:
        old, new = _pieces(step, before), _pieces(step, now)
    except CompileError:
        return
    for key in dict.fromkeys([*new, *old]):
        yield from _piece_changed(key, old.get(key), new.get(key))
    was, is_now = _configs(old), _configs(new)
    for path in dict.fromkeys([*is_now, *was]):
        if was.get(path) != is_now.get(path):
            yield Reason("config", path, was.get(path), is_now.get(path))


def _piece_changed(key: tuple[str, str], was: _Piece | None, is_now: _Piece | None) -> Iterator[Reason]:
    name, piece = key[1], is_now or was
    assert piece is not None
    place = f"{piece.file}:{piece.line}" if name else piece.file
    if was is None or is_now is None or was.tokens != is_now.tokens:
        removed, added = _differing(was.lines if was else [], is_now.lines if is_now else [])
        yield Reason("source", name, removed, added, place)
    elif gone := [one for one in was.outside if VALUE not in one and one not in is_now.outside]:
        yield Reason("source", name, "\n".join(gone), "\n".join(one for one in is_now.outside if one not in was.outside), place)


def _configs(pieces: dict[tuple[str, str], _Piece]) -> dict[str, str]:
    """What a step reads of configs: values by path."""
    return dict(one.split(VALUE, 1) for piece in pieces.values() for one in piece.outside if VALUE in one)


def _pieces(step: str, program: CodePackage) -> dict[tuple[str, str], _Piece]:
    """The pieces that a step depends on by file, "" for the flow's own, and name; its own source first. Raises CompileError."""
    roots = tuple(os.path.join(program.folder, root) for root in program.flow["roots"] if root)
    modules, source = own_modules(program.file, roots)
    reading = Reading(modules, True)
    flow_class = pick(reading, source, program.flow["class"])
    if flow_class is None or step not in flow_class.members:
        return {}
    files = import_closure(reading, [source])
    members = flow_class.members
    apart: dict[str, tuple[Any] | None] = dict.fromkeys([call.attribute for call in find(reading, flow_class, files)])
    apart |= {name: (plain_value(spec),) for name, spec in program.configs.items()}
    pieces = Pieces(modules, flow_class, frozenset(name for name in program.plan["steps"] if name in members), apart)
    waiting, found = [pieces.step(members[step])], dict[tuple[str, str], _Piece]()
    while waiting:
        unit = waiting.pop(0)
        key = ("" if unit.source is source else unit.source.place, _name(unit))
        if key not in found:
            units, outside = pieces.named(unit)
            found[key] = _piece(unit, pieces.text(unit), outside)
            waiting += units
    return found


def _name(unit: Unit) -> str:
    """What users call a piece: `Train.features`; "" for a whole file."""
    named = [node for node in unit.nodes if isinstance(node, ast.stmt)]
    if not unit.nodes:
        return ""
    node = named[-1] if named else unit.nodes[-1]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        name = node.name
    elif isinstance(node, ast.Assign):
        name = ast.unparse(node.targets[0])
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        name = ast.unparse(node.target)
    else:
        name = ast.unparse(node).split("\n")[0]
    return f"{unit.owner.node.name}.{name}" if unit.owner is not None else name


def _piece(unit: Unit, tokens: str, outside: list[str]) -> _Piece:
    spans = [unit.source.span(node) for node in unit.nodes]
    lines = [line for span in spans for line in unit.source.lines[span.line - 1 : span.end_line]] if spans else list(unit.source.lines)
    return _Piece(unit.source.place, tokens, outside, lines, spans[-1].line if spans else 1)


def _differing(before: list[str], now: list[str]) -> tuple[str, str]:
    """The lines of code that were removed, and those that were added."""
    changed = [line for line in unified_diff(before, now, n=0, lineterm="") if line[:3] not in ("---", "+++") and line[:1] in "+-"]
    code = [line for line in changed if line[1:].strip() and not line[1:].lstrip().startswith("#")]
    removed, added = ("\n".join(line[1:].strip() for line in code if line[0] == sign) for sign in "-+")
    return removed, added


def _settings_changed(step: str, before: CodePackage, now: CodePackage) -> Iterator[Reason]:
    """What changed in the packages of a step and in its decorators."""
    old, new = before.step(step), now.step(step)
    packages = [{**(plan.get("packages") or {}), "lock": plan.get("locked")} for plan in (old, new)]
    for name in dict.fromkeys([*packages[0], *packages[1]]):
        was, is_now = packages[0].get(name), packages[1].get(name)
        if was != is_now:
            yield Reason("packages", name, brief(was), brief(is_now))
    for name in SETTINGS:
        if old.get(name) != new.get(name):
            yield Reason("decorator", name, _shown(old.get(name)), _shown(new.get(name)))


def _shown(value: Any) -> str | None:
    return None if value is None else brief(value)
