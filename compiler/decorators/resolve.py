"""Which decorators of a step or a flow are flowport's.

@retry(times=2)       of flowport or Metaflow: DecoratorUse("retry")
@robust               robust = retry(times=2) in the flow's own files: also DecoratorUse("retry")
@traced               custom: DecoratorUse(""), it runs in the task
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from flowport.compiler.decorators.registry import ARGUMENTS, FLOW_DECORATORS
from flowport.compiler.decorators.unsupported import UNSUPPORTED
from flowport.compiler.decorators.use import DecoratorUse
from flowport.compiler.decorators.user_defined import kind
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.python.bindings import Names
from flowport.compiler.python.classes import Class
from flowport.compiler.python.modules import OURS, Definition, External, Thing
from flowport.compiler.python.source import Source

_PLAIN = frozenset({"staticmethod", "classmethod", "property"})


def decorator_uses(reading: Reading, owner: Class, decorators: Iterable[ast.expr], before: int) -> tuple[DecoratorUse, ...]:
    """The decorators of a class or of one of its members; `before` is the line of the class or member."""
    reader = _Reader(reading, before)
    return tuple(use for node in decorators for use in reader.read(owner.source, owner.members, node, frozenset()))


class _Reader:
    def __init__(self, reading: Reading, before: int) -> None:
        self.reading, self.before = reading, before

    def read(self, source: Source, members: Names, node: ast.expr, seen: frozenset[ast.AST]) -> list[DecoratorUse]:
        """The decorators that one decorator means: itself, or those that a custom name or function combines."""
        called = node.func if isinstance(node, ast.Call) else node
        if isinstance(called, ast.Name) and self._hidden(source, members, called):
            return [DecoratorUse(node, "", source, members)]
        thing = self.reading.modules.resolve(source, called)
        if isinstance(thing, External) and thing.name.split(".")[0] in OURS:
            return [DecoratorUse(node, thing.name.rpartition(".")[2], source, members)]
        if isinstance(thing, Definition) and thing.bindings[0].node not in seen:
            made = self._unfolded(thing, node, seen | {thing.bindings[0].node})
            if made and isinstance(node, ast.Call) and not made[0].call:
                made = [DecoratorUse(node, made[0].name, source, members)]
            return made if made is not None else [DecoratorUse(node, "", source, members)]
        return [DecoratorUse(node, self._unknown(source, called, thing), source, members)]

    def _hidden(self, source: Source, members: Names, node: ast.Name) -> bool:
        """Whether the class sets the name before it is used here."""
        first = members[node.id][0] if node.id in members else None
        if first is None or first.node.lineno >= self.before or first.module is not None:
            return False
        if not isinstance(first.node, ast.FunctionDef) and node.id in {"step", *ARGUMENTS, *UNSUPPORTED}:
            message = f"`@{node.id}` is the class attribute from line {first.node.lineno} here, not the decorator"
            way_out = (
                f"rename the attribute, or import the decorator under another name: `from flowport import {node.id} as {node.id}_step`"
            )
            self.reading.say("FP124", message, source, node, way_out)
        return True

    def _unfolded(self, thing: Definition, node: ast.expr, seen: frozenset[ast.AST]) -> list[DecoratorUse] | None:
        """The decorators that a custom decorator combines, if the source shows them; None to keep it as it is."""
        function = thing.function
        if function is None:
            if thing.value is not None and not isinstance(thing.value, ast.Lambda) and not self._partial(thing.source, thing.value):
                return self.read(thing.source, {}, thing.value, seen)
            self._unseen(thing)
            return None
        nodes = None if isinstance(node, ast.Call) else _composed(function)
        if nodes is not None:
            return [use for inner in nodes for use in self.read(thing.source, {}, inner, seen)]
        self._unseen(thing)
        return None

    def _partial(self, source: Source, node: ast.expr) -> bool:
        made = self.reading.modules.resolve(source, node.func) if isinstance(node, ast.Call) else None
        return isinstance(made, External) and made.name == "functools.partial"

    def _unseen(self, thing: Definition) -> None:
        """Warn about decorators of flowport inside a custom decorator. Those in Metaflow's way get the step as it is."""
        if kind(self.reading.modules, thing):
            return
        made = [each.node for each in thing.bindings]
        names = {self._ours(thing.source, inner) for each in made for inner in ast.walk(each)}
        if inside := sorted(names & set(ARGUMENTS)):
            listed = ", ".join(f"`@{name}`" for name in inside)
            message = f"flowport does not see how the decorator `{thing.name}` uses {listed}"
            place = "the flow" if set(inside) <= set(FLOW_DECORATORS) else "the steps"
            self.reading.warn(
                "FP126", message, thing.source, made[0], f"put {listed} on {place}, or write `{thing.name} = {inside[0]}(...)`"
            )

    def _ours(self, source: Source, node: ast.AST) -> str:
        thing = self.reading.modules.resolve(source, node) if isinstance(node, ast.Name | ast.Attribute) else None
        return thing.name.rpartition(".")[2] if isinstance(thing, External) and thing.name.split(".")[0] in OURS else ""

    def _unknown(self, source: Source, node: ast.expr, thing: Thing | None) -> str:
        """Report a name that neither flowport nor the flow's own files define; returns the name that was probably meant."""
        if isinstance(thing, External):
            package = thing.name.split(".")[0]
            message = f"flowport does not know the decorator `{source.segment(node)}`, which comes from `{package}`"
            way_out = "flowport keeps it, and it runs in the task; it must not change `self` and `self.next`"
            self.reading.warn("FP123", message, source, node, way_out)
        elif thing is None and isinstance(node, ast.Name) and node.id not in _PLAIN:
            own = {"step", *ARGUMENTS}
            known = {*self.reading.modules.names(source), *own}
            ways_out = (f"add `from flowport import {node.id}`",) if node.id in own | set(UNSUPPORTED) else did_you_mean(node.id, known)
            self.reading.say("FP122", f"`{source.shown}` does not define `{node.id}`", source, node, *ways_out)
            return node.id if node.id in own else ""
        return ""


def _composed(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr] | None:
    """The decorators that `def both(f): return retry(times=2)(catch(f))` applies, outermost first."""
    body = [part for part in function.body if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))]
    if len(body) != 1 or not isinstance(body[0], ast.Return) or len(function.args.args) != 1 or function.decorator_list:
        return None
    found = []
    node = body[0].value
    while isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        found.append(node.func)
        node = node.args[0]
    return found if isinstance(node, ast.Name) and node.id == function.args.args[0].arg else None
