"""Configs in expressions: `config.train.rate`, `config["train"]` and `config_expr("config.train.rate * 2")`.

`parse/configs` reads the values before any expression of the flow is evaluated, and puts them into `Modules`.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from flowport.compiler.evaluate.scope import NotConstant, Scope
from flowport.compiler.python.modules import OURS
from flowport.compiler.python.source import Source
from flowport.runtime.names.config import ConfigValue

CALL = frozenset(f"{package}.Config" for package in OURS)
EXPRESSION = frozenset(f"{package}.config_expr" for package in OURS)

BUILTINS = frozenset(dir(builtins))
METHODS = frozenset({"get", "keys", "values", "items", "copy", "to_dict"})
"""Its methods that are no keys."""


def is_method(name: str) -> bool:
    """Whether `config.name` is a method, also where the config has such a key."""
    return hasattr(dict, name) or name in METHODS


class _Unread:
    """The value of a config that could not be read: that is reported already, and what depends on it is not."""


UNREAD = _Unread()


class UnreadConfig(NotConstant):
    """An expression with a config that could not be read."""


class MissingKey(NotConstant):
    """A key that a config does not have; `keys` are those that it has, None for a config without a value."""

    def __init__(self, source: Source, node: ast.Attribute | ast.Subscript, key: object, keys: Iterable[object] | None) -> None:
        is_inserted = any(isinstance(part, ast.Constant) and isinstance(part.value, ConfigValue) for part in ast.walk(node.value))
        self.owner, self.key = source.segment(node.value) if is_inserted else ast.unparse(node.value), str(key)
        self.keys = None if keys is None else [str(each) for each in keys]
        super().__init__(source, node, f"`{self.owner}` has no key `{key}`")


def value(node: ast.Call, where: Scope) -> Any:
    """The value of the config that a call of `Config` makes."""
    if node not in where.modules.configs.by_call:
        raise NotConstant(where.source, node, "only a config in the body of the flow's class has a value")
    return _read(where.modules.configs.by_call[node], node, where)


def _read(found: Any, node: ast.AST, where: Scope) -> Any:
    if found is UNREAD:
        raise UnreadConfig(where.source, node, "a config could not be read")
    return found


def attribute(node: ast.Attribute, owner: ConfigValue | None, where: Scope) -> Any:
    """`config.key`; None for the owner is a config without a value."""
    if owner is None:
        raise MissingKey(where.source, node, node.attr, None)
    if is_method(node.attr):
        raise NotConstant(where.source, node, f"`.{node.attr}` is a method of a config: write `[{node.attr!r}]` for the key")
    return item(node, owner, node.attr, where)


def item(node: ast.Attribute | ast.Subscript, owner: ConfigValue, key: Any, where: Scope) -> Any:
    """`config["key"]`."""
    if isinstance(key, (list, dict, set)) or key not in owner:
        raise MissingKey(where.source, node, key, owner)
    return owner[key]


def with_values(node: ast.expr, me: str, where: Scope) -> ast.expr:
    """An expression of a step in which `self.config` is the value of the config; `me` is what the step calls `self`."""
    return _Inserter(me, where).visit(deepcopy(node)) if where.modules.configs.by_attribute else node


class _Inserter(ast.NodeTransformer):
    def __init__(self, me: str, where: Scope) -> None:
        self.me, self.where = me, where

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        values = self.where.modules.configs.by_attribute
        if isinstance(node.value, ast.Name) and node.value.id == self.me and node.attr in values:
            return ast.copy_location(ast.Constant(_read(values[node.attr], node, self.where)), node)
        return self.generic_visit(node)


def expression(node: ast.Call, where: Scope, evaluate: Callable[[ast.expr, Scope], Any]) -> Any:
    """The value of `config_expr("...")`: names are those of configs, then those of the file."""
    text = evaluate(node.args[0], where) if len(node.args) == 1 and not node.keywords else None
    if not isinstance(text, str):
        raise NotConstant(where.source, node, "`config_expr` takes one string")
    try:
        inner = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise NotConstant(where.source, node, f"`{text}` is not an expression: {error.msg}") from None
    for part in ast.walk(inner):
        ast.copy_location(part, node.args[0])  # for messages, the expression stands where its string does
    names = [part for part in ast.walk(inner) if isinstance(part, ast.Name)]
    used = {part.id for part in names} - {part.id for part in names if isinstance(part.ctx, ast.Store)}
    values = where.modules.configs.by_name
    for name in sorted(used):
        if name not in values and name not in BUILTINS and where.modules.look(where.source, name) is None:
            listed = ", ".join(f"`{each}`" for each in values) or "none"
            raise NotConstant(where.source, node, f"no config is called `{name}`, and the file does not set it; the configs are {listed}")
    known = {name: _read(found, node, where) for name, found in values.items() if name in used}
    return evaluate(inner, Scope(where.modules, where.source, {}, known, where.depth + 1))
