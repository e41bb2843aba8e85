"""Which classes of a file are flows, what they inherit, and what each of their members is.

Base flows and mixins may come from any of the flow's own files. A base of another package is not looked into; the caller says so.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from flowport.compiler.parse.bindings import Binding, Names, asks_for_main, names
from flowport.compiler.parse.modules import OURS, Definition, External, Modules, Thing
from flowport.compiler.parse.source import Source
from flowport.compiler.record import record

BASES = frozenset(f"{package}.FlowSpec" for package in OURS)
MARKS = frozenset({"flowport.flow"})
HARMLESS = frozenset({"abc.ABC", "typing.Generic", "typing.Protocol", "object"})


@record(eq=False)
class Class:
    """A class of the flow's own files."""

    source: Source
    node: ast.ClassDef
    members: Names


@record(eq=False)
class Member:
    """What a name stands for in a flow: the class that has the last word, and its bindings there."""

    owner: Class
    bindings: tuple[Binding, ...]

    @property
    def node(self) -> ast.stmt:
        return self.bindings[-1].node

    @property
    def function(self) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        return self.node if isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef) else None


@record(eq=False)
class Line:
    """A flow class and what it inherits from, itself first; `unseen` are the bases that no source was found for."""

    classes: tuple[Class, ...]
    is_flow: bool
    unseen: tuple[tuple[Class, ast.expr], ...]

    @property
    def members(self) -> dict[str, Member]:
        """Every member, what is inherited first, in the order of the source."""
        found: dict[str, Member] = {}
        for one in reversed(self.classes):
            found.update({name: Member(one, tuple(bindings)) for name, bindings in one.members.items()})
        return found


def top_classes(body: Sequence[ast.stmt]) -> Iterator[ast.ClassDef]:
    """The classes of a module, also those inside an `if` or a `try`."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield node
        elif isinstance(node, ast.If | ast.Try | ast.With):
            asks = isinstance(node, ast.If) and asks_for_main(node.test)
            for block in ("orelse",) if asks else ("body", "orelse", "finalbody"):
                yield from top_classes(getattr(node, block, ()))


def line(modules: Modules, source: Source, node: ast.ClassDef) -> Line:
    """The class and everything that it inherits, in Python's order."""
    reader = _Lineage(modules)
    first = reader.entered(source, node)
    order = reader.order(first, ())
    return Line(order, first in reader.flows, tuple(reader.unseen))


class _Lineage:
    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self.known: dict[ast.ClassDef, Class] = {}
        self.flows: set[Class] = set()
        self.unseen: list[tuple[Class, ast.expr]] = []

    def entered(self, source: Source, node: ast.ClassDef) -> Class:
        if node not in self.known:
            self.known[node] = Class(source, node, names(node.body))
        return self.known[node]

    def order(self, one: Class, below: tuple[Class, ...]) -> tuple[Class, ...]:
        """Python's order (C3) of a class and its bases; a class that is its own base is left out."""
        rows = []
        direct: list[Class] = []
        if any(self.origin(one, mark.func if isinstance(mark, ast.Call) else mark) in MARKS for mark in one.node.decorator_list):
            self.flows.add(one)
        for expression in one.node.bases:
            inner = expression.value if isinstance(expression, ast.Subscript) else expression
            thing = self.modules.resolve(one.source, inner)
            if isinstance(thing, External) and thing.name in BASES:
                self.flows.add(one)
            elif isinstance(thing, Definition) and thing.type is not None:
                base = self.entered(thing.source, thing.type)
                if base is not one and base not in below:
                    rows.append(list(self.order(base, (*below, one))))
                    direct.append(base)
                    if base in self.flows:
                        self.flows.add(one)
            elif not _is_harmless(thing, inner) and (one, expression) not in self.unseen:
                self.unseen.append((one, expression))
        return (one, *_merged([*rows, direct]))

    def origin(self, one: Class, node: ast.expr) -> str:
        thing = self.modules.resolve(one.source, node)
        return thing.name if isinstance(thing, External) else ""


def _is_harmless(thing: Thing | None, node: ast.expr) -> bool:
    """Whether a base brings neither steps nor parameters."""
    return (thing.name if isinstance(thing, External) else node.id if isinstance(node, ast.Name) and thing is None else "") in HARMLESS


def _merged(rows: list[list[Class]]) -> Iterator[Class]:
    while rows := [row for row in rows if row]:
        good = [row[0] for row in rows if not any(row[0] in other[1:] for other in rows)]
        first = good[0] if good else rows[0][0]
        yield first
        rows = [[one for one in row if one is not first] for row in rows]
