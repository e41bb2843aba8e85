"""The value of an expression, found from the source alone.

    LIMIT = 2 * GIB      @resources(memory=LIMIT // MIB)      Parameter("path", default=os.path.join("data", NAME))

Literals, names that are bound once, arithmetic, f-strings, subscripts, the pure calls of `pure`, and functions of one expression in the
flow's own files. The environment is never read, and nothing of the user's is run.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flowport.compiler.modules import Definition, External, Modules, Names, Own, Thing
from flowport.compiler.pure import BUILTINS, CALLS, HERE, Located, TooBig, binary, method, sized
from flowport.compiler.source import Source

DEEPEST = 50


class NotConstant(Exception):
    """An expression that has no value at compile time, with the place and the reason."""

    def __init__(self, source: Source, node: ast.AST, reason: str) -> None:
        super().__init__(reason)
        self.source, self.node, self.reason = source, node, reason


class ReadsEnvironment(NotConstant):
    """An expression that depends on the environment; `variable` is the name when it can be seen."""

    def __init__(self, source: Source, node: ast.AST, variable: str | None) -> None:
        super().__init__(source, node, "the environment is never read while compiling")
        self.variable = variable


@dataclass(frozen=True, slots=True)
class Known:
    """A function or type of the standard library or of flowport, by its dotted name."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Where an expression stands: its file, the names of the class around it, and values that are already known."""

    modules: Modules
    source: Source
    members: Names
    known: Mapping[str, Any]
    depth: int = 0


def scope(modules: Modules, source: Source, members: Names | None = None) -> Scope:
    """The scope of a module or, with `members`, of a class body in it."""
    return Scope(modules, source, members or {}, {})


def evaluate(node: ast.expr, where: Scope) -> Any:
    """The value of `node`; raises NotConstant. Types and functions come as Known, Definition or External."""
    if where.depth > DEEPEST:
        raise NotConstant(where.source, node, "it refers to itself")
    try:
        value = _value(node, where)
        sized(value)
    except TooBig:
        raise NotConstant(where.source, node, "its value is too big") from None
    except RecursionError:
        raise NotConstant(where.source, node, "it nests too deeply") from None
    return value


def _value(node: ast.expr, where: Scope) -> Any:
    match node:
        case ast.Constant(value=value):
            if value is Ellipsis:
                raise NotConstant(where.source, node, "`...` is not a value")
            return value
        case ast.Name(id=name):
            return _name(node, name, where)
        case ast.Tuple(elts=parts):
            return tuple(_items(parts, where))
        case ast.List(elts=parts):
            return list(_items(parts, where))
        case ast.Set(elts=parts):
            return _guarded(node, where, lambda: set(_items(parts, where)))
        case ast.Dict(keys=keys, values=values):
            return _dict(node, keys, values, where)
        case ast.UnaryOp(operand=operand):
            inner = _plain(operand, where)
            return _guarded(node, where, lambda: _UNARY[type(node.op)](inner))
        case ast.BinOp(left=left, right=right):
            first, second = _plain(left, where), _plain(right, where)
            return _guarded(node, where, lambda: binary(type(node.op), first, second))
        case ast.BoolOp(op=joined, values=parts):
            return _bool(joined, parts, where)
        case ast.Compare():
            return _compare(node, where)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return evaluate(body if _plain(test, where) else orelse, where)
        case ast.JoinedStr(values=parts):
            return "".join(_formatted(part, where) for part in parts)
        case ast.Subscript():
            return _subscript(node, where)
        case ast.Attribute():
            return _attribute(node, where)
        case ast.Call():
            return _call(node, where)
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return _comprehension(node, where)
        case _:
            raise NotConstant(where.source, node, f"{_KINDS.get(type(node), 'this kind of expression')} has no value before the flow runs")


_KINDS = {ast.Lambda: "a lambda", ast.Await: "an `await`", ast.NamedExpr: "an assignment inside an expression"}
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}


_CONVERSIONS: Mapping[str, Callable[[Any], str]] = {"s": str, "r": repr, "a": ascii}


def _guarded(node: ast.AST, where: Scope, compute: Callable[[], Any]) -> Any:
    """What `compute` gives; what it raises over the user's values becomes the reason."""
    try:
        return compute()
    except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError) as error:
        raise NotConstant(where.source, node, f"it raises {type(error).__name__}: {error}") from None


def _plain(node: ast.expr, where: Scope) -> Any:
    """A value that can be computed with: no function, type or module."""
    value = evaluate(node, where)
    if isinstance(value, (Known, Definition, External, Own)):
        raise NotConstant(where.source, node, f"`{where.source.segment(node)}` is not a value")
    return value


def _name(node: ast.expr, name: str, where: Scope) -> Any:
    if name in where.known:
        return where.known[name]
    if name in where.members:
        return _defined(node, Definition(where.source, name, tuple(where.members[name])), where, where.members)
    thing = where.modules.look(where.source, name)
    if thing is not None:
        return _thing(node, thing, where)
    if name == "__file__":
        return HERE + where.source.path
    if name in BUILTINS:
        return Known(name)
    if name == "__name__":
        return where.source.module or where.source.place.removesuffix(".py")
    raise NotConstant(where.source, node, f"nothing in `{where.source.shown}` gives `{name}` a value")


def _thing(node: ast.expr, thing: Thing, where: Scope) -> Any:
    match thing:
        case Definition():
            return _defined(node, thing, where, {})
        case External(name):
            if name in ("os.environ", "os.getenv"):
                raise ReadsEnvironment(where.source, node, None)
            return Known(name)
        case Own():
            return thing


def _defined(node: ast.expr, thing: Definition, where: Scope, members: Names) -> Any:
    """The value of a name in its own file; functions and classes stand for themselves."""
    if thing.function is not None or thing.type is not None:
        return thing
    first = thing.bindings[0]
    if members and first.module is not None:
        return _thing(node, where.modules.imported(thing.source, first), where)
    if len(thing.bindings) > 1:
        raise NotConstant(where.source, node, f"`{thing.name}` is set {len(thing.bindings)} times in `{thing.source.shown}`")
    if first.value is None:
        raise NotConstant(where.source, node, f"what `{thing.name}` is can only be known by running `{thing.source.shown}`")
    return evaluate(first.value, Scope(where.modules, thing.source, members, {}, where.depth + 1))


def _items(parts: list[ast.expr], where: Scope) -> Iterator[Any]:
    for part in parts:
        if isinstance(part, ast.Starred):
            value = _plain(part.value, where)
            yield from _guarded(part, where, lambda: tuple(value))
        else:
            yield evaluate(part, where)


def _dict(node: ast.Dict, keys: list[ast.expr | None], values: list[ast.expr], where: Scope) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key, value in zip(keys, values):
        inner = evaluate(value, where)
        if key is None:
            _guarded(value, where, lambda: found.update(inner))
        else:
            name = _plain(key, where)
            _guarded(key, where, lambda: found.update({name: inner}))
    return found


def _bool(op: ast.boolop, parts: list[ast.expr], where: Scope) -> Any:
    value: Any = None
    for part in parts:
        value = _plain(part, where)
        if bool(value) is isinstance(op, ast.Or):
            break
    return value


def _compare(node: ast.Compare, where: Scope) -> bool:
    left = _plain(node.left, where)
    for op, part in zip(node.ops, node.comparators):
        right = _plain(part, where)
        if not _guarded(node, where, lambda: _COMPARE[type(op)](left, right)):
            return False
        left = right
    return True


def _formatted(part: ast.expr, where: Scope) -> str:
    if not isinstance(part, ast.FormattedValue):
        return str(_plain(part, where))
    value = _plain(part.value, where)
    if part.conversion != -1:
        value = _CONVERSIONS[chr(part.conversion)](value)
    spec = "" if part.format_spec is None else str(_plain(part.format_spec, where))
    if any(len(digits) > 4 for digits in "".join(c if c.isdigit() else " " for c in spec).split()):
        raise TooBig
    return str(_guarded(part, where, lambda: format(value, spec)))


def _subscript(node: ast.Subscript, where: Scope) -> Any:
    if _is_environment(node.value, where):
        raise ReadsEnvironment(where.source, node, _text(node.slice, where))
    value = _plain(node.value, where)
    if isinstance(node.slice, ast.Slice):
        bounds = [None if part is None else _plain(part, where) for part in (node.slice.lower, node.slice.upper, node.slice.step)]
        return _guarded(node, where, lambda: value[slice(*bounds)])
    index = _plain(node.slice, where)
    return _guarded(node, where, lambda: value[index])


def _is_environment(node: ast.expr, where: Scope) -> bool:
    return _resolved(node, where) == External("os.environ")


def _text(node: ast.expr, where: Scope) -> str | None:
    try:
        value = evaluate(node, where)
    except NotConstant:
        return None
    return value if isinstance(value, str) else None


def _attribute(node: ast.Attribute, where: Scope) -> Any:
    owner = evaluate(node.value, where)
    if isinstance(owner, (External, Known, Own)):
        thing = External(owner.name) if isinstance(owner, Known) else owner
        return _thing(node, where.modules.member(thing, node.attr), where)
    if isinstance(owner, Definition):
        return _class_member(node, owner, where)
    if isinstance(owner, Located) and node.attr in Located.ATTRIBUTES:
        return getattr(owner, node.attr)
    raise NotConstant(where.source, node, f"`.{node.attr}` cannot be looked up before the flow runs")


def _class_member(node: ast.Attribute, owner: Definition, where: Scope) -> Any:
    """`Settings.RATE`, where Settings is a class of the flow's own files without bases of its own."""
    from flowport.compiler.modules import names

    if owner.type is not None:
        members = names(owner.type.body)
        if node.attr in members:
            return _defined(node, Definition(owner.source, node.attr, tuple(members[node.attr])), where, members)
    raise NotConstant(where.source, node, f"`{owner.name}` has no `{node.attr}` that can be seen in its source")


def _call(node: ast.Call, where: Scope) -> Any:
    _refuse_environment(node, where)
    if isinstance(node.func, ast.Attribute):
        owner = None if _is_external(node.func, where) else evaluate(node.func.value, where)
        if owner is not None and not isinstance(owner, (Known, Definition, External, Own)):
            positional, named = _arguments(node, where)
            call = method(owner, node.func.attr)
            if call is None:
                raise NotConstant(where.source, node, f"`.{node.func.attr}()` is not called before the flow runs")
            return _guarded(node, where, lambda: call(*positional, **named))
    function = evaluate(node.func, where)
    if isinstance(function, Known) and function.name in CALLS:
        positional, named = _arguments(node, where)
        return _guarded(node, where, lambda: CALLS[function.name](*positional, **named))
    if isinstance(function, Definition) and function.function is not None:
        return _own_function(node, function, where)
    raise NotConstant(where.source, node, f"`{where.source.segment(node.func)}` is not called before the flow runs")


def _is_external(node: ast.expr, where: Scope) -> bool:
    return isinstance(_resolved(node, where), External)


def _refuse_environment(node: ast.Call, where: Scope) -> None:
    called = _resolved(node.func, where)
    if isinstance(called, External) and (called.name == "os.getenv" or called.name.startswith("os.environ")):
        raise ReadsEnvironment(where.source, node, _text(node.args[0], where) if node.args else None)


def _arguments(node: ast.Call, where: Scope) -> tuple[list[Any], dict[str, Any]]:
    positional = [_plain_or_type(value) for value in _items(node.args, where)]
    named: dict[str, Any] = {}
    for keyword in node.keywords:
        value = evaluate(keyword.value, where)
        if keyword.arg is not None:
            named[keyword.arg] = _plain_or_type(value)
        else:
            _guarded(keyword.value, where, lambda: named.update(value))
    return positional, named


def _plain_or_type(value: Any) -> Any:
    """A type that stands as an argument, as in `map(str, SIZES)`, becomes the function itself."""
    return CALLS.get(value.name, value) if isinstance(value, Known) else value


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
                known = {**known, **_unpacked(target, evaluate(value, inside), inside)}
            case ast.Import() | ast.ImportFrom():
                known = {**known, **{name: _external(thing) for name, thing in where.modules.local(function.source, part)}}
            case ast.Expr(value=ast.Constant()):
                pass
            case _:
                break
    raise NotConstant(where.source, node, f"`{function.name}` does more than name values and return one")


def _external(thing: Thing) -> Any:
    return Known(thing.name) if isinstance(thing, External) else thing


def _resolved(node: ast.expr, where: Scope) -> Thing | None:
    """What a dotted name stands for, imports of the function around it included."""
    if isinstance(node, ast.Attribute):
        owner = _resolved(node.value, where)
        return None if owner is None else where.modules.member(owner, node.attr)
    if isinstance(node, ast.Name):
        known = where.known.get(node.id)
        if known is not None:
            return External(known.name) if isinstance(known, Known) else known if isinstance(known, Own) else None
        if node.id in where.members:
            first = where.members[node.id][0]
            return None if first.module is None else where.modules.imported(where.source, first)
        return where.modules.look(where.source, node.id)
    return None


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


def _comprehension(node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, where: Scope) -> Any:
    rows = [where]
    for clause in node.generators:
        rows = [inner for row in rows for inner in _turns(clause, row)]
    if isinstance(node, ast.DictComp):
        return {_plain(node.key, row): evaluate(node.value, row) for row in rows}
    values = [evaluate(node.elt, row) for row in rows]
    return _guarded(node, where, lambda: set(values)) if isinstance(node, ast.SetComp) else values


def _turns(clause: ast.comprehension, where: Scope) -> Iterator[Scope]:
    values = _plain(clause.iter, where)
    for value in _guarded(clause.iter, where, lambda: list(values)):
        inner = Scope(where.modules, where.source, where.members, {**where.known, **_unpacked(clause.target, value, where)}, where.depth)
        if all(_plain(test, inner) for test in clause.ifs):
            yield inner


def _unpacked(target: ast.expr, value: Any, where: Scope) -> dict[str, Any]:
    if isinstance(target, ast.Name):
        return {target.id: value}
    if not isinstance(target, (ast.Tuple, ast.List)):
        raise NotConstant(where.source, target, "only names can stand here")
    parts = _guarded(target, where, lambda: list(value))
    if len(parts) != len(target.elts):
        raise NotConstant(where.source, target, f"it takes {len(target.elts)} values and gets {len(parts)}")
    return {name: inner for part, one in zip(target.elts, parts) for name, inner in _unpacked(part, one, where).items()}
