"""What code reads of configs, for its digest: a step runs again when a value that it reads is another.

self.config.train.rate             the value of `train.rate`
for key in self.config.train:      all of `train`
fit(self.config)                   all of the config
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flowport.compiler.evaluate.configs import EXPRESSION, is_method
from flowport.compiler.python.modules import External, Modules
from flowport.compiler.python.source import Source


class ConfigUses:
    """The uses of configs, by attribute of the flow, as things that a digest has: `External("config.train.rate = 0.1")`."""

    def __init__(self, modules: Modules, values: Mapping[str, Any]) -> None:
        self.modules, self.values = modules, values

    def all(self) -> Iterator[External]:
        """Every config as a whole."""
        yield from (self._use(name, []) for name in self.values)

    def read(self, node: ast.AST) -> tuple[External, list[ast.AST]] | None:
        """What `self.config.key`, or `config` of anything else, reads; and the expressions in it that are read besides. None for others."""
        if not self.values:
            return None
        if isinstance(node, ast.Call):
            name = _got(node)
            return (self._use(name, []), [node.args[0]]) if name in self.values else None
        found, keys, beside = None, list[Any](), list[ast.AST]()
        while isinstance(node, ast.Attribute | ast.Subscript):
            if isinstance(node, ast.Attribute) and node.attr in self.values:
                found = self._use(node.attr, keys), [node.value, *beside]
            keys, further = _further(node, keys)
            node, beside = node.value, [*further, *beside]
        return found

    def of_class_body(self, source: Source, roots: Iterable[ast.AST]) -> Iterator[External]:
        """What decorators and statements of a class body read by the plain names of configs, and by `config_expr`."""
        waiting = [*roots] if self.values else []
        while waiting:
            node, keys = waiting.pop(), list[Any]()
            while isinstance(node, ast.Attribute | ast.Subscript):
                keys, further = _further(node, keys)
                waiting += further
                node = node.value
            if isinstance(node, ast.Name) and node.id in self.values:
                yield self._use(node.id, keys)
            elif isinstance(node, ast.Call):
                thing = self.modules.resolve(source, node.func)
                if isinstance(thing, External) and thing.name in EXPRESSION:
                    yield from self.all()
            waiting += ast.iter_child_nodes(node)

    def _use(self, name: str, keys: list[Any]) -> External:
        value, path = self.values[name], name
        for key in keys:
            try:
                value, path = value[key], f"{path}.{key}"
            except (LookupError, TypeError):  # a key that is not there
                break
        return External(f"{path} = {value!r}")


def _further(node: ast.Attribute | ast.Subscript, keys: list[Any]) -> tuple[list[Any], list[ast.AST]]:
    """The keys behind `node.value`, where `keys` are those behind `node`, and what is read besides.

    A method reads the whole table, and so does a key that is not known; whatever follows it is no key.
    """
    if isinstance(node, ast.Attribute):
        return ([] if is_method(node.attr) else [node.attr, *keys]), []
    return ([node.slice.value, *keys], []) if isinstance(node.slice, ast.Constant) else ([], [node.slice])


def _got(node: ast.Call) -> str:
    """The name in `getattr(x, "name")`."""
    if isinstance(node.func, ast.Name) and node.func.id == "getattr" and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
        return str(node.args[1].value)
    return ""
