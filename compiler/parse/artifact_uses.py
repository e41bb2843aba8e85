"""Which artifacts a step reads and sets, itself and through the methods that it calls."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from flowport.compiler.ir import Use, Uses
from flowport.compiler.python.classes import Member
from flowport.compiler.python.modules import Function
from flowport.compiler.python.source import Source
from flowport.compiler.record import field, record

HARMLESS = frozenset({"getattr", "hasattr", "isinstance", "issubclass", "type", "print", "repr", "str", "id", "super", "len"})
"""Functions that may take `self` and set nothing on it."""


@record(frozen=False, eq=False)
class UseReader:
    """The uses of the methods of one flow, each found once."""

    members: Mapping[str, Member]
    _known: dict[Function, Uses] = field(default_factory=dict)

    def uses(self, source: Source, function: Function) -> Uses:
        """The uses of a step or another method."""
        if function not in self._known:
            self._known[function] = Uses()
            self._known[function] = _Walk(self, source, function).uses()
        return self._known[function]


class _Walk:
    def __init__(self, reader: UseReader, source: Source, function: Function) -> None:
        self.reader, self.source, self.function = reader, source, function
        self.me = me(function)
        self.reads: dict[str, Use] = {}
        self.writes: dict[str, Use] = {}
        self.grown: dict[str, Use] = {}
        self.tested: set[str] = set()
        self.uncertain: set[str] = set()
        self.attempts: set[ast.AST] = set()
        """Calls in a `try` or a lambda, which may be meant to fail."""
        self.merges = self.must_merge = self.opaque = False

    def uses(self) -> Uses:
        waiting: list[ast.AST] = list(reversed(self.function.body))
        while waiting:
            waiting += self.visit(waiting.pop())
        reads = {**self.grown, **self.reads}
        writes = {**self.writes, **self.grown}
        return Uses(
            tuple(use for name, use in reads.items() if name not in self.tested and name not in self.writes),
            tuple(use for name, use in writes.items() if name not in self.uncertain),
            self.merges,
            self.must_merge,
            self.opaque,
        )

    def visit(self, node: ast.AST) -> list[ast.AST]:
        """Note what a node does; the nodes inside it that are still to be visited."""
        if isinstance(node, ast.Call):
            return self.call(node)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == self.me:
            self.note(node, node.attr, isinstance(node.ctx, ast.Load))
            return []
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Attribute) and self.is_me(node.target.value):
            self.grown.setdefault(node.target.attr, Use(node.target.attr, self.source.span(node.target)))
            return [node.value]
        if isinstance(node, ast.Name) and node.id == self.me:
            self.opaque = True
        if isinstance(node, ast.Try | ast.Lambda):
            self.attempts.update(inner for inner in ast.walk(node) if isinstance(inner, ast.Call))
        if isinstance(node, ast.Try):
            self.guarded(node)
        return list(reversed(list(ast.iter_child_nodes(node))))

    def guarded(self, node: ast.Try) -> None:
        """Reads in a `try` may fail; with `except AttributeError`, setting a parameter may fail too."""
        kinds = {kind for handler in node.handlers for kind in _kinds(handler)}
        if kinds.isdisjoint(("", "AttributeError", "Exception", "BaseException")):
            return
        inside = [inner for part in node.body for inner in ast.walk(part) if isinstance(inner, ast.Attribute) and self.is_me(inner.value)]
        self.tested.update(inner.attr for inner in inside if isinstance(inner.ctx, ast.Load))
        if "AttributeError" in kinds:
            self.uncertain.update(inner.attr for inner in inside if not isinstance(inner.ctx, ast.Load))

    def is_me(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id == self.me

    def note(self, node: ast.AST, name: str, reads: bool) -> None:
        (self.reads if reads else self.writes).setdefault(name, Use(name, self.source.span(node)))

    def call(self, node: ast.Call) -> list[ast.AST]:
        inside: list[ast.AST] = [*node.args, *(keyword.value for keyword in node.keywords)]
        function = node.func
        if isinstance(function, ast.Attribute) and self.is_me(function.value):
            if function.attr == "next":
                return []
            if function.attr == "merge_artifacts":
                self.merges = True
                self.must_merge |= node not in self.attempts
            elif not self.method(node, function.attr):
                self.note(function, function.attr, True)
        elif isinstance(function, ast.Attribute) and isinstance(function.value, ast.Call) and _is_named(function.value.func, "super"):
            self.method(node, function.attr)
        elif isinstance(function, ast.Name) and node.args and self.is_me(node.args[0]) and function.id in HARMLESS | {"setattr", "delattr"}:
            self.builtin(node, function.id)
            return inside[1:]
        else:
            inside.append(function)
        return inside

    def builtin(self, node: ast.Call, name: str) -> None:
        """`hasattr(self, "x")`, `setattr(self, "x", 1)`: what is named as text."""
        text = node.args[1].value if len(node.args) > 1 and isinstance(node.args[1], ast.Constant) else None
        if name == "hasattr" and isinstance(text, str):
            self.tested.add(text)
        elif name == "setattr" and isinstance(text, str):
            self.note(node, text, False)
        elif name == "setattr":
            self.opaque = True

    def method(self, node: ast.Call, name: str) -> bool:
        """Add the uses of a method of the flow; False if it is not one."""
        member = self.reader.members.get(name)
        if member is None or member.function is None:
            return False
        inner = self.reader.uses(member.owner.source, member.function)
        for use in inner.reads:
            self.note(node.func, use.name, True)
        for use in inner.writes:
            self.writes.setdefault(use.name, use)
        self.merges, self.opaque = self.merges or inner.merges, self.opaque or inner.opaque
        self.must_merge |= inner.must_merge
        return True


def _is_named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _kinds(handler: ast.ExceptHandler) -> list[str]:
    """The names of what a handler catches, "" for everything."""
    if handler.type is None:
        return [""]
    parts = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return [part.id for part in parts if isinstance(part, ast.Name)]


def me(function: Function) -> str:
    """What a method calls the flow: its first argument; "" for a static method."""
    if any(_is_named(decorator, "staticmethod") for decorator in function.decorator_list):
        return ""
    arguments = function.args.posonlyargs + function.args.args
    return arguments[0].arg if arguments else ""
