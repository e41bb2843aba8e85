"""Calls in constant expressions: of pure functions and methods, and of functions in the flow's own files that only name values."""

from __future__ import annotations

import ast
from typing import Any

from flowport.compiler.parse.evaluate import evaluate, items, text_of, unpacked
from flowport.compiler.parse.modules import Definition, External, Thing
from flowport.compiler.parse.pure import CALLS, method
from flowport.compiler.parse.scope import Known, NotConstant, ReadsEnvironment, Scope, guarded, is_name, resolved

_TAKE_FUNCTIONS = frozenset({"map", "sorted", "min", "max"})


def call(node: ast.Call, where: Scope) -> Any:
    """The value of a call; raises NotConstant."""
    _refuse_environment(node, where)
    if isinstance(node.func, ast.Attribute):
        owner = None if _is_external(node.func, where) else evaluate(node.func.value, where)
        if owner is not None and not is_name(owner):
            positional, named = _values(node, where)
            bound = method(owner, node.func.attr)
            if bound is None:
                raise NotConstant(where.source, node, f"`.{node.func.attr}()` is not called before the flow runs")
            return guarded(node, where, bound, *positional, **named)
    function = evaluate(node.func, where)
    if isinstance(function, Known) and function.name in CALLS:
        positional, named = _arguments(node, where) if function.name == "dict" else _values(node, where, function.name in _TAKE_FUNCTIONS)
        return guarded(node, where, CALLS[function.name], *positional, **named)
    if isinstance(function, Definition) and function.function is not None:
        return _own_function(node, function, where)
    raise NotConstant(where.source, node, f"`{where.source.segment(node.func)}` is not called before the flow runs")


def _is_external(node: ast.expr, where: Scope) -> bool:
    return isinstance(resolved(node, where), External)


def _refuse_environment(node: ast.Call, where: Scope) -> None:
    called = resolved(node.func, where)
    if isinstance(called, External) and (called.name == "os.getenv" or called.name.startswith("os.environ")):
        raise ReadsEnvironment(where.source, node, text_of(node.args[0], where) if node.args else None)


def _arguments(node: ast.Call, where: Scope) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a call, whatever they are."""
    positional = list(items(node.args, where))
    named: dict[str, Any] = {}
    for keyword in node.keywords:
        value = evaluate(keyword.value, where)
        if keyword.arg is not None:
            named[keyword.arg] = value
        else:
            guarded(keyword.value, where, named.update, value)
    return positional, named


def _values(node: ast.Call, where: Scope, functions: bool = False) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a pure call: plain values, or with `functions` also builtins, as in `map(str, SIZES)`."""
    positional, named = _arguments(node, where)
    if functions:
        positional = [CALLS.get(value.name, value) if isinstance(value, Known) else value for value in positional]
        named = {name: CALLS.get(value.name, value) if isinstance(value, Known) else value for name, value in named.items()}
    if any(is_name(value) for value in [*positional, *named.values()]):
        raise NotConstant(where.source, node, f"`{where.source.segment(node)}` is given something that is not a value")
    return positional, named


def _own_function(node: ast.Call, function: Definition, where: Scope) -> Any:
    """The value of a call of a function that imports, names values and returns an expression, and does nothing else."""
    definition = function.function
    assert definition is not None
    positional, named = _arguments(node, where)
    inside = Scope(where.modules, function.source, {}, {}, where.depth + 1)
    known = _bound(node, definition.args, positional, named, where, inside)
    body = [] if definition.decorator_list or isinstance(definition, ast.AsyncFunctionDef) else definition.body
    for part in body:
        inside = Scope(where.modules, function.source, {}, known, where.depth + 1)
        match part:
            case ast.Return(value=value) if value is not None:
                return evaluate(value, inside)
            case ast.Assign(targets=[target], value=value):
                known = {**known, **unpacked(target, evaluate(value, inside), inside)}
            case ast.Import() | ast.ImportFrom():
                known = {**known, **{name: _external(thing) for name, thing in where.modules.local(function.source, part)}}
            case ast.Expr(value=ast.Constant()):
                pass
            case _:
                break
    raise NotConstant(where.source, node, f"`{function.name}` does more than name values and return one")


def _external(thing: Thing) -> Any:
    return Known(thing.name) if isinstance(thing, External) else thing


def _bound(
    node: ast.Call, wanted: ast.arguments, positional: list[Any], named: dict[str, Any], where: Scope, inside: Scope
) -> dict[str, Any]:
    """The values of a function's arguments."""
    places = [argument.arg for argument in wanted.posonlyargs + wanted.args]
    known = {name: evaluate(value, inside) for name, value in zip(reversed(places), reversed(wanted.defaults))}
    known.update(
        {argument.arg: evaluate(value, inside) for argument, value in zip(wanted.kwonlyargs, wanted.kw_defaults) if value is not None}
    )
    known.update(zip(places, positional))
    if wanted.vararg is not None:
        known[wanted.vararg.arg] = tuple(positional[len(places) :])
    names = {*places, *(argument.arg for argument in wanted.kwonlyargs)}
    known.update({name: value for name, value in named.items() if name in names})
    if wanted.kwarg is not None:
        known[wanted.kwarg.arg] = {name: value for name, value in named.items() if name not in names}
    extra = (len(positional) > len(places) and wanted.vararg is None) or (wanted.kwarg is None and not names.issuperset(named))
    if extra or not names.issubset(known):
        raise NotConstant(where.source, node, "its arguments do not fit the function")
    return known
