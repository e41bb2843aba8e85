"""Functions of the user's that parse a config or give its default, computed from their source where that is possible."""

from __future__ import annotations

import ast
from typing import Any

from flowport.compiler.evaluate.expressions import evaluate
from flowport.compiler.evaluate.formats import PARSERS
from flowport.compiler.evaluate.scope import Known, NotConstant, Scope
from flowport.compiler.python.modules import Definition, External, Own, Thing

FUNCTION = "function"


def is_function(node: ast.expr, where: Scope) -> bool:
    """Whether an expression is a function: a lambda, or the name of one."""
    if isinstance(node, ast.Lambda):
        return True
    try:
        value = evaluate(node, where)
    except NotConstant:
        return False
    return isinstance(value, Definition | External | Known)


def call_function(node: ast.expr, argument: str | None, where: Scope) -> Any:
    """What a function returns for one argument; raises NotConstant when it does more than assign names and return a value."""
    if isinstance(node, ast.Lambda):
        return evaluate(_call(node, argument, node), where)
    return call_thing(evaluate(node, where), argument, node, where)


def call_thing(thing: Any, argument: str | None, node: ast.expr, where: Scope) -> Any:
    """The same for what a name stands for."""
    call = _call(ast.Name(FUNCTION, ast.Load()), argument, node)
    return evaluate(call, Scope(where.modules, where.source, {}, {FUNCTION: thing}, where.depth + 1))


def _call(function: ast.expr, argument: str | None, node: ast.expr) -> ast.Call:
    """A call that stands where `node` does, for messages."""
    call = ast.Call(function, [ast.Constant(argument)], [])
    for part in (call, call.func, *call.args):
        ast.copy_location(part, node)
    return call


def named_parser(node: ast.expr, where: Scope) -> Thing | None:
    """What the `parser=` of a config stands for, by a name or by a text such as `tomllib.loads`; None for a lambda, a call and the like."""
    try:
        value = evaluate(node, where)
    except NotConstant:
        return None
    if isinstance(value, Known):
        return External(value.name)
    if isinstance(value, str):
        return _named(f"metaflow{value}" if value.startswith(".") else value, where)
    return value if isinstance(value, Definition | External) else None


def _named(name: str, where: Scope) -> Thing:
    """A function by its module and its name."""
    module, _, function = name.rpartition(".")
    own = where.modules.module(module) if module and name not in PARSERS else None
    return where.modules.member(own, function) if isinstance(own, Own) else External(name)
