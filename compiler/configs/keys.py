"""Checks the keys that the class body of a flow reads of configs, also where nothing else evaluates the expression.

@traced(config.train.name)      a decorator of the user's own, which runs in the task
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowport.compiler.evaluate.configs import EXPRESSION, MissingKey
from flowport.compiler.evaluate.expressions import evaluate
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.evaluate.scope import NotConstant, scope
from flowport.compiler.python.classes import Class, FlowClass
from flowport.compiler.python.modules import External

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
UNSURE = (*FUNCTIONS, ast.Lambda, ast.IfExp, ast.BoolOp, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.If, ast.Try)
"""What does not evaluate all of its parts, or gives their names another meaning."""


def check_keys(reading: Reading, flow_class: FlowClass) -> None:
    """Report keys that configs do not have, but for those that are reported already."""
    for one in flow_class.classes if reading.modules.configs.by_call else ():
        where = scope(reading.modules, one.source, one.members)
        for node in _reads(reading, one):
            try:
                evaluate(node, where)
            except MissingKey as error:
                if not _is_reported(reading, one, node):
                    reading.say_not_constant(error, one.source, node, f"`{one.source.segment(node)}`")
            except NotConstant:
                continue


def _reads(reading: Reading, one: Class) -> Iterator[ast.expr]:
    """`config.key` and `config_expr(...)` in the statements of a class body and in the decorators of its methods."""
    values = reading.modules.configs.by_call
    names = {name for name, bindings in one.members.items() if bindings[-1].value in values}
    waiting: list[ast.AST] = []
    for decorator in one.node.decorator_list:
        yield from (inner for inner in ast.walk(decorator) if isinstance(inner, ast.expr) and _is_expression(reading, one, inner))
    for statement in one.node.body:
        if isinstance(statement, FUNCTIONS):
            waiting += statement.decorator_list
        elif not isinstance(statement, ast.ClassDef):
            waiting.append(statement)
    while waiting:
        node = waiting.pop()
        is_read = isinstance(node, ast.Attribute | ast.Subscript) and _root(node) in names
        if isinstance(node, ast.expr) and (is_read or _is_expression(reading, one, node)):
            yield node
        elif not isinstance(node, UNSURE):
            waiting += ast.iter_child_nodes(node)


def _root(node: ast.expr) -> str:
    """The name that `name.a["b"]` begins with; "" for any other expression."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_expression(reading: Reading, one: Class, node: ast.expr) -> bool:
    thing = reading.modules.resolve(one.source, node.func) if isinstance(node, ast.Call) else None
    return isinstance(thing, External) and thing.name in EXPRESSION


def _is_reported(reading: Reading, one: Class, node: ast.expr) -> bool:
    """Whether a missing key is reported for an expression around this one."""
    span = one.source.span(node)
    begin, end = (span.line, span.column), (span.end_line, span.end_column)
    spans = [found.span for found in reading.diagnostics if found.code == "FP166" and found.span is not None]
    return any(each.file == span.file and (each.line, each.column) <= begin and end <= (each.end_line, each.end_column) for each in spans)
