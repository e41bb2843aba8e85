"""The events that the steps of a flow send, and the fields that these carry, as far as the source shows them.

    ArgoEvent("labels").add_to_payload("date", day).publish(payload={"rows": 10})      SentEvent("labels", {"date": UNKNOWN, "rows": 10})

It reads what the steps reach in the flow's own files, and runs none of it. An event whose name is computed is left out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Final, TypeAlias

from flowport.compiler.evaluate.expressions import evaluate
from flowport.compiler.evaluate.scope import NotConstant, scope
from flowport.compiler.imports.folders import own_modules
from flowport.compiler.ir import Span
from flowport.compiler.ir.values import Atom
from flowport.compiler.parse.digest import Pieces, Unit
from flowport.compiler.python.classes import ClassHierarchy, top_classes
from flowport.compiler.python.modules import OURS, External, Modules, Thing, bound_names
from flowport.compiler.python.source import Source
from flowport.compiler.record import field, record

SENDER = "ArgoEvent"
PUBLISH = ("publish", "safe_publish")
STAMP = frozenset({"name", "id", "timestamp", "utc_date", "generated-by-metaflow"})
"""The fields that every event has (`runtime.names.argo_event`)."""


class Unknown(Enum):
    """The value of a field that is known only when the step runs."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
Fields: TypeAlias = "Mapping[str, Atom | Unknown]"


@record
class SentEvent:
    """An event that a flow sends. `fields` are None if the source does not show all of them."""

    name: str
    fields: Fields | None
    span: Span | None = field(default=None, compare=False)


def sent_events(path: str, class_name: str, steps: tuple[str, ...], roots: tuple[str, ...] = ()) -> tuple[SentEvent, ...]:
    """The events that the steps of a flow send; raises CompileError if its file cannot be read."""
    modules, source = own_modules(path, roots)
    node = next(node for node in top_classes(source.tree.body) if node.name == class_name)
    line = ClassHierarchy(modules).line(source, node)
    pieces = Pieces(modules, line, frozenset(steps), {})
    waiting = [pieces.step(member) for name, member in line.members.items() if name in steps]
    reached = dict.fromkeys(waiting)
    while waiting:
        following = [unit for unit in pieces.named(waiting.pop())[0] if unit not in reached]
        reached.update(dict.fromkeys(following))
        waiting += following
    return tuple(event for unit in reached for root in unit.nodes or (unit.source.tree,) for event in _Reader(modules, unit, root).events())


class _Reader:
    """Reads one function, class or file: `local` has the names that it binds itself, and `around` what each expression is a part of."""

    def __init__(self, modules: Modules, unit: Unit, root: ast.AST) -> None:
        self.modules, self.unit, self.root = modules, unit, root
        self.source: Source = unit.source
        self.local = {} if isinstance(root, ast.Module) else bound_names(modules, unit.source, root)
        self.around = {inner: outer for outer in ast.walk(root) for inner in ast.iter_child_nodes(outer)}

    def events(self) -> Iterator[SentEvent]:
        for node in ast.walk(self.root):
            if isinstance(node, ast.Call) and self._is_sender(node.func):
                name = self._argument(node, 0, "name")
                value = self._value(name) if name is not None else UNKNOWN
                if isinstance(value, str):
                    yield SentEvent(value, self._fields(node), self.source.span(node))

    def _is_sender(self, node: ast.expr) -> bool:
        thing = self._thing(node)
        package, _, name = thing.name.partition(".") if isinstance(thing, External) else ("", "", "")
        return package in OURS and name.split(".")[-1] == SENDER

    def _thing(self, node: ast.expr) -> Thing | None:
        if isinstance(node, ast.Attribute):
            owner = self._thing(node.value)
            return None if owner is None else self.modules.member(owner, node.attr)
        if isinstance(node, ast.Name):
            return self.local[node.id] if node.id in self.local else self.modules.look(self.source, node.id)
        return None

    def _argument(self, call: ast.Call, place: int, name: str) -> ast.expr | None:
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        return call.args[place] if len(call.args) > place else named.get(name)

    def _value(self, node: ast.expr) -> Atom | Unknown:
        """The value of an expression; UNKNOWN if a step computes it, and for lists and the like."""
        if any(isinstance(inner, ast.Name) and inner.id in self.local for inner in ast.walk(node)):
            return UNKNOWN
        try:
            value = evaluate(node, scope(self.modules, self.source))
        except NotConstant:
            return UNKNOWN
        return value if value is None or isinstance(value, str | bool | int | float) else UNKNOWN

    def _fields(self, call: ast.Call) -> Fields | None:
        """What an event carries: from its own call, and from those of `add_to_payload` and `publish`."""
        calls = self._calls(call)
        if calls is None or not any(name in PUBLISH for name, _ in calls):
            return None
        found: dict[str, Atom | Unknown] = dict.fromkeys(STAMP, UNKNOWN)
        for name, one in calls:
            more = self._added(one) if name == "add_to_payload" else self._payload(one, 2 if name == SENDER else 0)
            if more is None:
                return None
            found.update(more)
        return found

    def _calls(self, call: ast.Call) -> list[tuple[str, ast.Call]] | None:
        """The call that makes an event, and those of its methods; None if the event goes where they are not seen."""
        calls = [(SENDER, call), *self._chain(call)]
        if calls[-1][0] in PUBLISH:
            return calls
        end = self.around.get(calls[-1][1])
        if not isinstance(end, ast.Assign) or len(end.targets) != 1 or not isinstance(end.targets[0], ast.Name):
            return None
        name = end.targets[0].id
        for node in ast.walk(self.root):
            if isinstance(node, ast.Name) and node.id == name and node is not end.targets[0]:
                if not (more := self._chain(node)):
                    return None
                calls += more
        return calls

    def _chain(self, node: ast.expr) -> list[tuple[str, ast.Call]]:
        """The calls of methods, one on the result of the other: `node.add_to_payload(...).publish()`."""
        found = []
        while isinstance(method := self.around.get(node), ast.Attribute) and isinstance(call := self.around.get(method), ast.Call):
            found.append((method.attr, call))
            node = call
        return found

    def _added(self, call: ast.Call) -> dict[str, Atom | Unknown] | None:
        key, value = self._argument(call, 0, "key"), self._argument(call, 1, "value")
        name = self._value(key) if key is not None else UNKNOWN
        if not isinstance(name, str) or value is None:
            return None
        known = self._value(value)
        return {name: known if known is UNKNOWN else str(known)}

    def _payload(self, call: ast.Call, place: int) -> dict[str, Atom | Unknown] | None:
        given = self._argument(call, place, "payload")
        if given is None:
            # `**options` may have a payload.
            return None if any(keyword.arg is None for keyword in call.keywords) else {}
        if isinstance(given, ast.Dict):
            pairs = [(self._value(key) if key is not None else UNKNOWN, value) for key, value in zip(given.keys, given.values, strict=True)]
            found = {key: self._value(value) for key, value in pairs if isinstance(key, str)}
            return found if len(found) == len(pairs) else None
        return None
