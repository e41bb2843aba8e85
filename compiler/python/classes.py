"""Classes: which of them are flows, what they inherit, and their members.

Base flows and mixins may come from any of the flow's own files. The source of a base in another package is not read; the caller reports it.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from flowport.compiler.python.bindings import Binding, Names, asks_for_main, names
from flowport.compiler.python.modules import OURS, Definition, External, Modules, Thing
from flowport.compiler.python.source import Source
from flowport.compiler.record import record

BASES = frozenset(f"{package}.FlowSpec" for package in OURS)
FLOW_DECORATORS = frozenset({"flowport.flow"})
HARMLESS = frozenset({"abc.ABC", "typing.Generic", "typing.Protocol", "object"})


@record(eq=False)
class Class:
    """A class of the flow's own files."""

    source: Source
    node: ast.ClassDef
    members: Names


@record(eq=False)
class Member:
    """A member of a flow: the class that defines it last, and its bindings there."""

    owner: Class
    bindings: tuple[Binding, ...]

    @property
    def node(self) -> ast.stmt:
        return self.bindings[-1].node

    @property
    def function(self) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        return self.node if isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef) else None


@record(eq=False)
class FlowClass:
    """A flow class and what it inherits from, itself first; `unseen` are the bases without source."""

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


class ClassHierarchy:
    """What the classes of a flow's own files inherit; each class is looked at once, however many inherit from it."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self._known: dict[ast.ClassDef, Class] = {}
        self._bases: dict[Class, tuple[Class, ...]] = {}
        self._unseen: dict[Class, list[ast.expr]] = {}
        self._flows: dict[Class, bool] = {}

    def line(self, source: Source, node: ast.ClassDef) -> FlowClass:
        """The class and everything that it inherits, in Python's order."""
        one = self._entered(source, node)
        order = tuple(self._order(one))
        return FlowClass(order, self.is_flow(source, node), tuple((each, base) for each in order for base in self._unseen[each]))

    def is_flow(self, source: Source, node: ast.ClassDef) -> bool:
        """Whether a class is a flow, or inherits from one."""
        waiting = [self._entered(source, node)]
        while waiting:
            one = waiting[-1]
            bases = self.bases(one)
            left = [base for base in bases if base not in self._flows and base not in waiting] if not self._flows.get(one) else []
            if left:
                waiting += left
                continue
            waiting.pop()
            self._flows[one] = self._flows.get(one, False) or any(self._flows.get(base, False) for base in bases)
        return self._flows[self._entered(source, node)]

    def bases_of(self, source: Source, node: ast.ClassDef) -> tuple[Class, ...]:
        """The own classes that a class names as its bases."""
        return self.bases(self._entered(source, node))

    def bases(self, one: Class) -> tuple[Class, ...]:
        """The same of a class that is known; notes what else is among the bases."""
        if one not in self._bases:
            found: list[Class] = []
            self._unseen[one] = []
            if any(
                self._origin(one, decorator.func if isinstance(decorator, ast.Call) else decorator) in FLOW_DECORATORS
                for decorator in one.node.decorator_list
            ):
                self._flows[one] = True
            for expression in one.node.bases:
                inner = expression.value if isinstance(expression, ast.Subscript) else expression
                thing = self.modules.resolve(one.source, inner)
                if isinstance(thing, External) and thing.name in BASES:
                    self._flows[one] = True
                elif isinstance(thing, Definition) and thing.type is not None:
                    found.append(self._entered(thing.source, thing.type))
                elif not _is_harmless(thing, inner):
                    self._unseen[one].append(expression)
            self._bases[one] = tuple(found)
        return self._bases[one]

    def _entered(self, source: Source, node: ast.ClassDef) -> Class:
        if node not in self._known:
            self._known[node] = Class(source, node, names(node.body))
        return self._known[node]

    def _order(self, one: Class) -> list[Class]:
        """Python's order (C3) of a class and its bases; a class that is its own base is left out."""
        orders: dict[Class, list[Class]] = {}
        stack = [self._chain(one, set())]
        below = set(stack[0])
        while stack:
            chain = stack[-1]
            direct = [base for base in self.bases(chain[-1]) if base in orders or base not in below]
            left = next((base for base in direct if base not in orders), None)
            if left is not None:
                stack.append(self._chain(left, below))
                below.update(stack[-1])
                continue
            orders[chain[0]] = [*chain, *merge_orders([*(orders[base] for base in direct), direct])]
            below.difference_update(stack.pop())
        return orders[one]

    def _chain(self, one: Class, below: set[Class]) -> list[Class]:
        """A class and what it inherits as long as each has one base: 10,000 of them take no 10,000 lists."""
        chain, seen = [one], {one}
        while len(bases := self.bases(chain[-1])) == 1 and bases[0] not in seen and bases[0] not in below:
            chain.append(bases[0])
            seen.add(bases[0])
        return chain

    def _origin(self, one: Class, node: ast.expr) -> str:
        thing = self.modules.resolve(one.source, node)
        return thing.name if isinstance(thing, External) else ""


def _is_harmless(thing: Thing | None, node: ast.expr) -> bool:
    """Whether a base brings neither steps nor parameters."""
    return (thing.name if isinstance(thing, External) else node.id if isinstance(node, ast.Name) and thing is None else "") in HARMLESS


def merge_orders(rows: list[list[Class]]) -> Iterator[Class]:
    """The classes of all rows, each once and before none that it stands behind in a row; where that cannot be, in the order of the rows.

    What stands at the front of the first row that allows it comes next, as in Python (C3).
    """
    behind = Counter(one for row in rows for one in row[1:])
    left = [row[::-1] for row in rows if row]
    at_front: dict[Class, list[list[Class]]] = {}
    for row in left:
        at_front.setdefault(row[-1], []).append(row)
    placed: set[Class] = set()
    begin = 0
    while at_front:
        while not left[begin]:
            begin += 1
        fronts = (row[-1] for row in islice(left, begin, None) if row)
        first = next((one for one in fronts if not behind[one]), left[begin][-1])
        yield first
        placed.add(first)
        for row in at_front.pop(first):
            row.pop()
            while row:
                behind[row[-1]] -= 1
                if row[-1] not in placed:
                    at_front.setdefault(row[-1], []).append(row)
                    break
                row.pop()
