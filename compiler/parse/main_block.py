"""Code in a flow's file that tasks do not run: the main block and the `__init__` of the flow.

    if __name__ == "__main__":
        logging.basicConfig()      FP115: a task does not do it
        TrainFlow()

Starting a flow outside the main block is an error, because tasks import the file.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.python.classes import ClassHierarchy, FlowClass
from flowport.compiler.python.modules import Definition, Function
from flowport.compiler.python.source import Source

NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
QUIET = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Pass)
"""Statements that change nothing for a task."""


def check_main_block(reading: Reading, source: Source, flow_class: FlowClass) -> None:
    """Report code that tasks do not run, and calls by which a task would start the flow again."""
    reader = _Starts(reading, source)
    for node in source.tree.body:
        if isinstance(node, ast.If) and _is_main(node.test):
            _say_more(reading, source, next(reader.others(node.body, frozenset()), None))
        elif not isinstance(node, QUIET):
            call = next(reader.started(node), None)
            if call is not None:
                _say_unguarded(reading, source, call)
    _check_init(reading, flow_class)


def started_flows(reading: Reading, source: Source) -> list[str]:
    """The flow classes of a file that its main block starts, itself or by a function of the file."""
    reader = _Starts(reading, source)
    found: dict[str, None] = {}
    for node in source.tree.body:
        if isinstance(node, ast.If) and _is_main(node.test):
            found.update(dict.fromkeys(name for part in node.body for name in reader.names(part)))
    return list(found)


def _is_main(test: ast.expr) -> bool:
    """Whether a test is `__name__ == "__main__"`, also the other way round."""
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.Eq):
        return False
    sides = (test.left, test.comparators[0])
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)


class _Starts:
    """Where a file starts flows, itself or by a function of its own."""

    def __init__(self, reading: Reading, source: Source) -> None:
        self.reading, self.source = reading, source

    def started(self, node: ast.AST) -> Iterator[ast.Call]:
        """The calls in a statement that start a flow."""
        for call in _calls(node):
            function = self.function(call)
            starts = function is not None and any(self.is_flow(inner) for part in function.body for inner in _calls(part))
            if starts or self.is_flow(call):
                yield call

    def names(self, node: ast.AST) -> Iterator[str]:
        """The flow classes of the file that a statement starts."""
        for call in _calls(node):
            function = self.function(call)
            calls = [inner for part in function.body for inner in _calls(part)] if function is not None else [call]
            for inner in calls:
                thing = self.reading.modules.resolve(self.source, inner.func) if self.is_flow(inner) else None
                if isinstance(thing, Definition) and thing.source is self.source and thing.type is not None:
                    yield thing.type.name

    def is_flow(self, call: ast.Call) -> bool:
        """Whether a call makes a flow, and has it run the command line."""
        quiet = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "use_cli")]
        if any(isinstance(value, ast.Constant) and value.value is False for value in quiet):
            return False
        thing = self.reading.modules.resolve(self.source, call.func)
        kind = thing.type if isinstance(thing, Definition) else None
        return isinstance(thing, Definition) and kind is not None and ClassHierarchy(self.reading.modules).is_flow(thing.source, kind)

    def function(self, call: ast.Call) -> Function | None:
        """The function of the same file that is called."""
        thing = self.reading.modules.resolve(self.source, call.func)
        return thing.function if isinstance(thing, Definition) and thing.source is self.source else None

    def others(self, body: Iterable[ast.stmt], seen: frozenset[ast.AST]) -> Iterator[ast.stmt]:
        """The statements that do something else than to start a flow."""
        for node in body:
            if isinstance(node, QUIET) or _is_shown(node):
                continue
            if isinstance(node, ast.Try | ast.If):
                yield from self.others((*node.body, *node.orelse, *getattr(node, "finalbody", ())), seen)
                continue
            calls = list(self.started(node)) if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign | ast.Return) else []
            if not calls:
                yield node
            for function in {self.function(call) for call in calls} - {None} - seen:
                if function is not None:
                    yield from self.others(function.body, seen | {function})


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    """The calls that a statement makes when it is run, but those in a main block."""
    waiting = [node]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, NESTED) or (isinstance(inner, ast.If) and _is_main(inner.test)):
            continue
        if isinstance(inner, ast.Call):
            yield inner
        waiting += ast.iter_child_nodes(inner)


def _is_shown(node: ast.stmt) -> bool:
    """Whether a statement is a text, or prints something."""
    value = node.value if isinstance(node, ast.Expr) else None
    prints = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "print"
    return prints or isinstance(value, ast.Constant)


def _say_more(reading: Reading, source: Source, node: ast.stmt | None) -> None:
    if node is not None:
        message = "the block under `if __name__` does more than start the flow, and tasks do not run it"
        way_out = "move what tasks need to the top of the file, above the flow, or to the steps that need it"
        reading.warn("FP115", message, source, node, way_out)


def _say_unguarded(reading: Reading, source: Source, call: ast.Call) -> None:
    text = source.segment(call)
    message = f"`{text}` starts the flow when its file is imported, and every task imports it"
    way_out = f'write `if __name__ == "__main__":` above it, and `{text}` indented below'
    reading.say("FP116", message, source, call, way_out)


def _check_init(reading: Reading, flow_class: FlowClass) -> None:
    """Warn about an `__init__` that does more than call the one of the base class."""
    member = flow_class.members.get("__init__")
    if member is None or member.function is None:
        return
    if all(isinstance(node, ast.Pass) or _is_shown(node) or _is_super(node) for node in member.function.body):
        return
    ways_out = (
        "set artifacts in the first step: `self.scale = 10`",
        "or set constants in the class body: `scale = 10`",
    )
    reading.warn("FP117", "tasks do not call the `__init__` of a flow", member.owner.source, member.function, *ways_out)


def _is_super(node: ast.stmt) -> bool:
    """Whether a statement is `super().__init__(...)` or `FlowSpec.__init__(self, ...)`."""
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "__init__"
