"""Calls in constant expressions: of pure functions and methods, and of functions in the flow's own files that only assign names.

`expressions` evaluates the expressions inside a call and passes its evaluator in.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from flowport.compiler.evaluate import configs
from flowport.compiler.evaluate.environment import Forwarded, found_in, read
from flowport.compiler.evaluate.instances import Evaluator, instance, is_plain_class
from flowport.compiler.evaluate.pure import CALLS, method
from flowport.compiler.evaluate.scope import Known, NotConstant, ReadsEnvironment, Scope, attempt, is_name, resolve_name, unpack
from flowport.compiler.python.modules import Definition, External, Thing

_TAKE_FUNCTIONS = frozenset({"map", "sorted", "min", "max", "yaml.load"})


class Calls:
    """The values of calls, where `evaluate` gives the values of the expressions in them."""

    def __init__(self, evaluate: Evaluator) -> None:
        self.evaluate = evaluate

    def value(self, node: ast.Call, where: Scope) -> Any:
        """The value of a call; raises NotConstant."""
        if isinstance(node.func, ast.Lambda):
            return self._lambda(node, node.func, where)
        called = resolve_name(node.func, where)
        if isinstance(called, External) and (called.name == "os.getenv" or called.name.startswith("os.environ")):
            return self._environment(node, called.name, where)
        if isinstance(node.func, ast.Attribute):
            owner = None if isinstance(resolve_name(node.func, where), External) else self.evaluate(node.func.value, where)
            if isinstance(owner, Forwarded):
                raise owner.refused()
            if owner is not None and not is_name(owner):
                positional, named = self._values(node, where)
                bound = method(owner, node.func.attr)
                if bound is None:
                    raise NotConstant(where.source, node, f"`.{node.func.attr}()` cannot be called before the flow runs")
                return attempt(node, where, bound, *positional, **named)
        function = self.evaluate(node.func, where)
        if isinstance(function, Known) and function.name in configs.CALL:
            return configs.value(node, where)
        if isinstance(function, Known) and function.name in configs.EXPRESSION:
            return configs.expression(node, where, self.evaluate)
        if isinstance(function, Known) and function.name in CALLS:
            if function.name == "str" and len(node.args) == 1 and not node.keywords:
                value = self.evaluate(node.args[0], where)
                if isinstance(value, Forwarded):
                    return value
            takes_functions = function.name in _TAKE_FUNCTIONS
            positional, named = (
                self._arguments(node, where) if function.name == "dict" else self._values(node, where, functions=takes_functions)
            )
            return attempt(node, where, CALLS[function.name], *positional, **named)
        if isinstance(function, Definition) and is_plain_class(function, where):
            return instance(node, function, self._arguments(node, where), where, self.evaluate)
        if isinstance(function, Definition) and function.function is not None:
            return self._own_function(node, function, where)
        raise NotConstant(where.source, node, f"`{where.source.segment(node.func)}` cannot be called before the flow runs")

    def items(self, parts: list[ast.expr], where: Scope) -> Iterator[Any]:
        """The values of the elements of a list or a call, with starred ones unpacked."""
        for part in parts:
            if isinstance(part, ast.Starred):
                value = self.evaluate(part.value, where)
                if is_name(value):
                    raise NotConstant(where.source, part.value, f"`{where.source.segment(part.value)}` is not a value")
                yield from attempt(part, where, tuple, value)
            else:
                yield self.evaluate(part, where)

    def text(self, node: ast.expr, where: Scope) -> str | None:
        """The value of an expression when it is a string."""
        try:
            value = self.evaluate(node, where)
        except NotConstant:
            return None
        return value if isinstance(value, str) else None

    def _environment(self, node: ast.Call, called: str, where: Scope) -> Forwarded:
        """What stands for the value of a variable: `os.getenv` and `os.environ.get` read one, and other methods are refused."""
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        arguments = [*node.args, *(named[name] for name in ("key", "default") if name in named)]
        name = self.text(arguments[0], where) if arguments else None
        if called not in ("os.getenv", "os.environ.get") or len(arguments) > 2 or not named.keys() <= {"key", "default"}:
            raise ReadsEnvironment(where.source, node, name)
        default = self.evaluate(arguments[1], where) if len(arguments) > 1 else None
        if isinstance(default, list | tuple | dict | set | frozenset) or is_name(default):
            raise ReadsEnvironment(where.source, node, name)
        return read(name, (default,), where.source, node)

    def _arguments(self, node: ast.Call, where: Scope) -> tuple[list[Any], dict[str, Any]]:
        """The arguments of a call, of any type."""
        positional = list(self.items(node.args, where))
        named: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self.evaluate(keyword.value, where)
            if keyword.arg is not None:
                named[keyword.arg] = value
            else:
                attempt(keyword.value, where, named.update, value)
        return positional, named

    def _values(self, node: ast.Call, where: Scope, functions: bool = False) -> tuple[list[Any], dict[str, Any]]:
        """The arguments of a pure call: plain values, or with `functions` also builtins, as in `map(str, SIZES)`."""
        positional, named = self._arguments(node, where)
        if functions:
            positional = [_function(value) for value in positional]
            named = {name: _function(value) for name, value in named.items()}
        if (read_in := found_in([*positional, *named.values()])) is not None:
            raise read_in.refused()
        if any(is_name(value) for value in [*positional, *named.values()]):
            raise NotConstant(where.source, node, f"`{where.source.segment(node)}` has an argument that is not a value")
        return positional, named

    def _own_function(self, node: ast.Call, function: Definition, where: Scope) -> Any:
        """The value of a call of a function that only imports, assigns names, chooses by `if` and returns an expression."""
        definition = function.function
        assert definition is not None
        positional, named = self._arguments(node, where)
        inside = Scope(where.modules, function.source, {}, {}, where.depth + 1)
        known = self._bound(node, definition.args, positional, named, where, inside)
        waiting = [] if definition.decorator_list or isinstance(definition, ast.AsyncFunctionDef) else [*definition.body]
        while waiting:
            inside = Scope(where.modules, function.source, {}, known, where.depth + 1)
            match waiting.pop(0):
                case ast.Return(value=value) if value is not None:
                    return self.evaluate(value, inside)
                case ast.Assign(targets=[target], value=value):
                    known = {**known, **unpack(target, self.evaluate(value, inside), inside)}
                case ast.If(test=test, body=body, orelse=orelse):
                    waiting[:0] = body if self._holds(test, inside) else orelse
                case (ast.Import() | ast.ImportFrom()) as part:
                    known = {**known, **{name: _external(thing) for name, thing in where.modules.local(function.source, part)}}
                case ast.Expr(value=ast.Constant()) | ast.Pass():
                    pass
                case _:
                    break
        raise NotConstant(where.source, node, f"`{function.name}` does more than assign names, choose by `if` and return a value")

    def _lambda(self, node: ast.Call, function: ast.Lambda, where: Scope) -> Any:
        """The value of a call of a lambda, which sees the names of its file and not those of the class around it."""
        positional, named = self._arguments(node, where)
        known = {**where.known, **self._bound(node, function.args, positional, named, where, where)}
        return self.evaluate(function.body, Scope(where.modules, where.source, {}, known, where.depth + 1))

    def _holds(self, test: ast.expr, where: Scope) -> bool:
        value = self.evaluate(test, where)
        if isinstance(value, Forwarded):
            raise value.refused()
        if is_name(value):
            raise NotConstant(where.source, test, f"`{where.source.segment(test)}` is not a value")
        return bool(value)

    def _bound(
        self, node: ast.Call, wanted: ast.arguments, positional: list[Any], named: dict[str, Any], where: Scope, inside: Scope
    ) -> dict[str, Any]:
        """The values of a function's arguments."""
        places = [argument.arg for argument in wanted.posonlyargs + wanted.args]
        known = {name: self.evaluate(value, inside) for name, value in zip(reversed(places), reversed(wanted.defaults))}
        defaults = ((argument.arg, value) for argument, value in zip(wanted.kwonlyargs, wanted.kw_defaults) if value is not None)
        known.update({name: self.evaluate(value, inside) for name, value in defaults})
        known.update(zip(places, positional))
        if wanted.vararg is not None:
            known[wanted.vararg.arg] = tuple(positional[len(places) :])
        names = {*places, *(argument.arg for argument in wanted.kwonlyargs)}
        known.update({name: value for name, value in named.items() if name in names})
        if wanted.kwarg is not None:
            known[wanted.kwarg.arg] = {name: value for name, value in named.items() if name not in names}
        extra = (len(positional) > len(places) and wanted.vararg is None) or (wanted.kwarg is None and not names.issuperset(named))
        if extra or not names.issubset(known):
            raise NotConstant(where.source, node, "the arguments do not match the function")
        return known


def _function(value: Any) -> Any:
    """The builtin with this name, or the value itself."""
    return CALLS.get(value.name, value) if isinstance(value, Known) else value


def _external(thing: Thing) -> Any:
    return Known(thing.name) if isinstance(thing, External) else thing
