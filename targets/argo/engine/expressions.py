"""The part of Argo's expression language (expr-lang) that emitted documents use; anything else is refused.

'accept' in fromJSON(tasks['judge']?.outputs?.parameters?.route ?? '[]')
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

TOKEN = re.compile(r"\s*(?:(\d+)|'((?:[^'\\]|\\.)*)'|([A-Za-z_]\w*)|(\?\.|\?\?|==|!=|&&|\|\||[().,\[\]!<>+?:]))")
TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {
    "len": len,
    "fromJSON": json.loads,
    "asInt": int,
    "sprig.b64enc": lambda text: base64.b64encode(text.encode()).decode(),
    "sprig.b64dec": lambda text: base64.b64decode(text).decode(),
}
OPERATORS: tuple[Mapping[str, Callable[[Any, Any], Any]], ...] = (
    {"||": lambda one, other: one or other},
    {"&&": lambda one, other: one and other},
    {
        "==": lambda one, other: one == other,
        "!=": lambda one, other: one != other,
        "<": lambda one, other: one < other,
        ">": lambda one, other: one > other,
        "in": lambda one, other: one in other,
    },
    {"+": lambda one, other: one + other},
    {"??": lambda one, other: other if one is None else one},
)
"""By how tightly they bind, the loosest first (expr-lang, "Language Definition")."""


class Unknown(Exception):
    """An expression, or a name in it, that this interpreter does not know."""


def substitute(text: str, names: Mapping[str, str], values: Mapping[str, Any], early: bool = False) -> str:
    """A text with its tags replaced: `{{name}}` by one of `names`, `{{=expression}}` by its result with `values`.

    An unknown one raises Unknown; `early` leaves it for later.
    """

    def replaced(found: re.Match[str]) -> str:
        inner = found[1]
        try:
            if inner.startswith("="):
                return _shown(evaluate(inner[1:], values))
            if inner.strip() not in names:
                raise Unknown(f"`{{{{{inner}}}}}` is not known here")
        except Unknown:
            if early:
                return found[0]
            raise
        return names[inner.strip()]

    return TAG.sub(replaced, text)


def evaluate(expression: str, values: Mapping[str, Any]) -> Any:
    """The result of an expression; raises Unknown."""
    parser = _Parser(expression, values)
    value = parser.whole()
    if parser.rest():
        raise Unknown(f"`{expression}` goes on with `{parser.rest()}`")
    return value


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


class _Parser:
    def __init__(self, text: str, values: Mapping[str, Any]) -> None:
        self._text, self._values = text, values
        self._tokens = self._split()
        self._at = 0

    def _split(self) -> list[tuple[str, str]]:
        found, at = [], 0
        text = self._text.rstrip()
        while at < len(text):
            token = TOKEN.match(text, at)
            if token is None:
                raise Unknown(f"`{self._text}` has `{text[at:].strip()[:20]}` in it")
            kind = next(kind for kind, value in zip(("number", "text", "name", "sign"), token.groups()) if value is not None)
            found.append((kind, token[token.lastindex or 0]))
            at = token.end()
        return found

    def rest(self) -> str:
        return " ".join(value for _, value in self._tokens[self._at :])

    def _next(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self, *signs: str) -> str:
        """The next token, when it is one of these."""
        kind, value = self._next()
        if value in signs and kind in ("sign", "name"):
            self._at += 1
            return value
        return ""

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise Unknown(f"`{self._text}` lacks a `{sign}`")

    def whole(self) -> Any:
        """`a ? b : c`, or what has no condition; both ways are evaluated, which does no harm."""
        value = self.binary(0)
        if not self._take("?"):
            return value
        one = self.whole()
        self._need(":")
        other = self.whole()
        return one if value else other

    def binary(self, level: int) -> Any:
        if level == len(OPERATORS):
            return self._unary()
        value = self.binary(level + 1)
        while sign := self._take(*OPERATORS[level]):
            value = OPERATORS[level][sign](value, self.binary(level + 1))
        return value

    def _unary(self) -> Any:
        if self._take("!"):
            return not self._unary()
        kind, value = self._next()
        self._at += 1
        if kind == "number":
            return int(value)
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", value)
        if (kind, value) == ("sign", "("):
            inner = self.whole()
            self._need(")")
            return inner
        if kind == "name":
            return self._name(value)
        raise Unknown(f"`{self._text}` cannot be read")

    def _name(self, name: str) -> Any:
        while self._next() == ("sign", ".") and name not in self._values and f"{name}." in " ".join(FUNCTIONS):
            self._at += 1
            name = f"{name}.{self._next()[1]}"
            self._at += 1
        if self._take("("):
            argument = self.whole()
            self._need(")")
            if name not in FUNCTIONS:
                raise Unknown(f"`{self._text}` calls `{name}`")
            return FUNCTIONS[name](argument)
        if name not in self._values:
            raise Unknown(f"`{name}` in `{self._text}` is not known here")
        return self._member(self._values[name], name)

    def _member(self, value: Any, path: str) -> Any:
        while sign := self._take(".", "?.", "["):
            kind, key = self._next()
            if kind not in ("name", "text"):
                raise Unknown(f"`{self._text}` cannot be read behind `{path}`")
            self._at += 1
            if sign == "[":
                self._need("]")
            optional = sign == "?." or (sign == "[" and self._next()[1] == "?.")
            if value is None and sign != "?.":
                raise Unknown(f"`{path}` in `{self._text}` is nothing")
            path = f"{path}.{key}"
            if value is not None:
                if key not in value and not optional:
                    raise Unknown(f"`{path}` in `{self._text}` is not known here")
                value = value.get(key)
        return value
