"""The value of an expression, computed from the source.

    LIMIT = 2 * GIB      @resources(memory=LIMIT // MIB)      Parameter("path", default=os.path.join("data", NAME))

Literals, names that are bound once, arithmetic, f-strings, subscripts, the pure calls of `pure`, and functions of one expression in the
flow's own files. Environment variables are never read (`environment` says what stands for their value), and no code of the user runs.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.evaluate import configs
from flowport.compiler.evaluate.calls import Calls
from flowport.compiler.evaluate.environment import Forwarded, found_in, joined, read
from flowport.compiler.evaluate.paths import PathText
from flowport.compiler.evaluate.pure import BIGGEST, BUILTINS, HERE, TooBig, binary, check_size
from flowport.compiler.evaluate.scope import (
    Instance,
    Known,
    NotConstant,
    OutOfWork,
    ReadsEnvironment,
    Scope,
    attempt,
    is_name,
    resolve_name,
    unpack,
)
from flowport.compiler.evaluate.versions import major_version
from flowport.compiler.python.bindings import Names, names
from flowport.compiler.python.modules import Definition, External, Own, Thing
from flowport.runtime.names.config import ConfigValue

DEEPEST = 50

WORK = 1_000_000
"""The limit for all expressions of a flow, so that a flow cannot block the compiler: one for each evaluated node, and one for every ten
characters or elements of its value. It is about two seconds."""


def evaluate(node: ast.expr, where: Scope) -> Any:
    """The value of `node`; raises NotConstant. Types and functions come as Known, Definition or External."""
    value = forwarding(node, where)
    if (found := found_in(value)) is not None:
        raise found.refused()
    return value


def forwarding(node: ast.expr, where: Scope) -> Any:
    """The same, with a Forwarded for each text that contains environment variables."""
    if where.depth > DEEPEST:
        raise NotConstant(where.source, node, "it refers to itself")
    _work(node, where, 1)
    try:
        value = _value(node, where)
        # A config is read once, and nothing that is computed from it is one.
        _work(node, where, 0 if isinstance(value, ConfigValue) else check_size(value) // 10)
    except TooBig:
        raise NotConstant(where.source, node, "its value is too big") from None
    except RecursionError:
        raise NotConstant(where.source, node, "it is nested too deeply") from None
    return value


def _work(node: ast.expr, where: Scope, amount: int) -> None:
    """Count the effort; beyond the limit nothing is evaluated, and one diagnostic reports it."""
    modules = where.modules
    if modules.worked <= WORK < modules.worked + amount:
        message = f"evaluating this takes too long: `{where.source.segment(node)[:80]}`"
        way_out = "compute large values in a step, or write them as a literal or to a file"
        modules.diagnostics.append(Diagnostic("FP127", message, where.source.span(node), help=(way_out,)))
    modules.worked += amount
    if modules.worked > WORK:
        raise OutOfWork(where.source, node)


def _value(node: ast.expr, where: Scope) -> Any:
    match node:
        case ast.Constant(value=value):
            if value is Ellipsis:
                raise NotConstant(where.source, node, "`...` is not a value")
            return value
        case ast.Name(id=name):
            return _name(node, name, where)
        case ast.Tuple(elts=parts):
            return tuple(_CALLS.items(parts, where))
        case ast.List(elts=parts):
            return list(_CALLS.items(parts, where))
        case ast.Set(elts=parts):
            return attempt(node, where, set, list(_CALLS.items(parts, where)))
        case ast.Dict(keys=keys, values=values):
            return _dict(node, keys, values, where)
        case ast.UnaryOp(operand=operand):
            inner = plain(operand, where)
            return attempt(node, where, _UNARY[type(node.op)], inner)
        case ast.BinOp(left=left, right=right):
            return _binary(node, left, right, where)
        case ast.BoolOp(op=op, values=parts):
            return _bool(op, parts, where)
        case ast.Compare():
            return _compare(node, where)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return forwarding(body if plain(test, where) else orelse, where)
        case ast.JoinedStr(values=parts):
            return joined([_formatted(part, where) for part in parts], where.source, node)
        case ast.Subscript():
            return _subscript(node, where)
        case ast.Attribute():
            return _attribute(node, where)
        case ast.Call():
            return _CALLS.value(node, where)
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return _comprehension(node, where)
        case _:
            raise NotConstant(
                where.source, node, f"{_KINDS.get(type(node), 'this kind of expression')} cannot be evaluated before the flow runs"
            )


_CALLS = Calls(forwarding)
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


def plain(node: ast.expr, where: Scope) -> Any:
    """A value that is not a function, a type or a module."""
    return _known(forwarding(node, where), node, where)


def _known(value: Any, node: ast.expr, where: Scope) -> Any:
    if is_name(value):
        raise NotConstant(where.source, node, f"`{where.source.segment(node)}` is not a value")
    if isinstance(value, Forwarded):
        raise value.refused()
    return value


def _binary(node: ast.BinOp, left: ast.expr, right: ast.expr, where: Scope) -> Any:
    """Of a text that is read in the task only the sum with other texts is known."""
    first, second = forwarding(left, where), forwarding(right, where)
    texts = [isinstance(value, str) or (isinstance(value, Forwarded) and not value.may_be_none) for value in (first, second)]
    if isinstance(node.op, ast.Add) and all(texts) and found_in([first, second]):
        return joined([first, second], where.source, node)
    return attempt(node, where, binary, type(node.op), _known(first, left, where), _known(second, right, where))


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
    raise NotConstant(where.source, node, f"`{where.source.shown}` does not set `{name}`")


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
        raise NotConstant(where.source, node, f"the value of `{thing.name}` is only known when `{thing.source.shown}` runs")
    return forwarding(first.value, Scope(where.modules, thing.source, members, {}, where.depth + 1))


def _dict(node: ast.Dict, keys: list[ast.expr | None], values: list[ast.expr], where: Scope) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key, value in zip(keys, values):
        inner = forwarding(value, where)
        if key is None:
            attempt(value, where, found.update, inner)
        else:
            name = plain(key, where)
            attempt(key, where, found.__setitem__, name, inner)
    return found


def _bool(op: ast.boolop, parts: list[ast.expr], where: Scope) -> Any:
    value: Any = None
    for number, part in enumerate(parts):
        value = forwarding(part, where)
        last = number + 1 == len(parts)
        if isinstance(value, Forwarded) and last:
            break
        if isinstance(value, Forwarded) and isinstance(op, ast.Or):
            return value.otherwise(_bool(op, parts[number + 1 :], where)) or _known(value, part, where)
        if bool(_known(value, part, where)) is isinstance(op, ast.Or):
            break
    return value


def _compare(node: ast.Compare, where: Scope) -> bool:
    left = plain(node.left, where)
    for op, part in zip(node.ops, node.comparators):
        right = plain(part, where)
        if not attempt(node, where, _COMPARE[type(op)], left, right):
            return False
        left = right
    return True


def _formatted(part: ast.expr, where: Scope) -> str | Forwarded:
    if not isinstance(part, ast.FormattedValue):
        return str(plain(part, where))
    value = forwarding(part.value, where)
    if isinstance(value, Forwarded) and part.conversion in (-1, ord("s")) and part.format_spec is None:
        return value
    value = _known(value, part.value, where)
    if part.conversion != -1:
        value = _CONVERSIONS[chr(part.conversion)](value)
    spec = "" if part.format_spec is None else str(plain(part.format_spec, where))
    if any(len(digits) > 4 for digits in "".join(c if c.isdigit() else " " for c in spec).split()):
        raise TooBig
    return str(attempt(part, where, format, value, spec))


def _subscript(node: ast.Subscript, where: Scope) -> Any:
    if _is_environment(node.value, where):
        return read(_CALLS.text(node.slice, where), (), where.source, node)
    if (version := major_version(node, where)) is not None:
        return version
    value = plain(node.value, where)
    if isinstance(node.slice, ast.Slice):
        bounds = [None if part is None else plain(part, where) for part in (node.slice.lower, node.slice.upper, node.slice.step)]
        return attempt(node, where, operator.getitem, value, slice(*bounds))
    index = plain(node.slice, where)
    if isinstance(value, ConfigValue):
        return configs.item(node, value, index, where)
    return attempt(node, where, operator.getitem, value, index)


def _is_environment(node: ast.expr, where: Scope) -> bool:
    return resolve_name(node, where) == External("os.environ")


def _attribute(node: ast.Attribute, where: Scope) -> Any:
    owner = forwarding(node.value, where)
    if isinstance(owner, (External, Known, Own)):
        thing = External(owner.name) if isinstance(owner, Known) else owner
        return _thing(node, where.modules.member(thing, node.attr), where)
    if isinstance(owner, Instance) and node.attr in owner.fields:
        return owner.fields[node.attr]
    if isinstance(owner, Definition | Instance):
        return _class_member(node, owner.type if isinstance(owner, Instance) else owner, where)
    if isinstance(owner, ConfigValue) or owner is None:
        return configs.attribute(node, owner, where)
    if isinstance(owner, PathText) and node.attr in PathText.ATTRIBUTES:
        return getattr(owner, node.attr)
    raise NotConstant(where.source, node, f"`.{node.attr}` cannot be evaluated before the flow runs")


def _class_member(node: ast.Attribute, owner: Definition, where: Scope) -> Any:
    """`Settings.RATE`, where Settings is a class in the flow's own files."""
    if owner.type is not None:
        members = names(owner.type.body)
        if node.attr in members:
            return _defined(node, Definition(owner.source, node.attr, tuple(members[node.attr])), where, members)
    raise NotConstant(where.source, node, f"`{owner.name}` has no attribute `{node.attr}` in its source")


def _comprehension(node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, where: Scope) -> Any:
    rows = [where]
    for clause in node.generators:
        rows = list(islice((inner for row in rows for inner in _turns(clause, row)), BIGGEST + 1))
        check_size(rows)
        _work(node, where, 5 * len(rows))
    if isinstance(node, ast.DictComp):
        return {plain(node.key, row): forwarding(node.value, row) for row in rows}
    values = [evaluate(node.elt, row) for row in rows]
    return attempt(node, where, set, values) if isinstance(node, ast.SetComp) else values


def _turns(clause: ast.comprehension, where: Scope) -> Iterator[Scope]:
    values = plain(clause.iter, where)
    for value in attempt(clause.iter, where, list, values):
        inner = Scope(where.modules, where.source, where.members, {**where.known, **unpack(clause.target, value, where)}, where.depth)
        if all(plain(test, inner) for test in clause.ifs):
            yield inner
