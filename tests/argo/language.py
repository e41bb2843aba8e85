"""The three small languages in a WorkflowTemplate: tags, expressions, and conditions of `depends`. Only their form; `checks` judges them.

{{inputs.parameters.slice}}.{{= len(x) }}          the tags `inputs.parameters.slice` and `= len(x) `
'a' in fromJSON(tasks['b']?.outputs ?? '[]')       a call of `fromJSON`, and a careful reference to tasks, b, outputs
a.Succeeded && (b.Succeeded || b.Skipped)          All of Ended(a, Succeeded) and Any of two
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<name>[A-Za-z_]\w*(?:-\w+)*)|(?P<number>\d+(?:\.\d+)?)"""
    r"|(?P<sign>\?\.|\?\?|[=!<>]=|&&|\|\||\.\.|[-+*/%<>!?:|.,#(){}\[\]]))"
)
CONDITION = re.compile(r"\s*(&&|\|\||[!()]|[A-Za-z0-9][-A-Za-z0-9]*(?:\.[A-Za-z]*)?)")
PAIRS = {")": "(", "]": "[", "}": "{"}
WORDS = frozenset(["and", "contains", "else", "endsWith", "false", "if", "in", "let", "matches", "nil", "not", "or", "startsWith", "true"])
"""The words of expr-lang, in which expressions and conditions are written ("Language Definition")."""


class Unreadable(ValueError):
    """A text that Argo could not read, or would read in another way."""


def tags(text: str) -> list[str]:
    """What stands between braces. Argo ends a tag at the first `}}`, also inside of quotes."""
    found = TAG.findall(text)
    rest = TAG.sub("", text)
    if "{{" in rest or any("{{" in tag for tag in found) or (found and "}}" in rest):
        raise Unreadable("braces that do not match")
    return found


@dataclass(frozen=True)
class Reference:
    """A name in an expression with its members; `call` says that it is called, and `inside` the function whose argument it begins.

    It is `careful` when it may lack each member behind the first, and stands before `??`.
    """

    path: tuple[str, ...]
    call: bool
    inside: str
    careful: bool


def references(expression: str) -> list[Reference]:
    """The names in an expression, those of functions too; raises Unreadable."""
    tokens = _tokens(expression)
    texts = [text for _, text in tokens]
    found: list[Reference] = []
    for at, (kind, text) in enumerate(tokens):
        if kind == "name" and text not in WORDS and (at == 0 or texts[at - 1] not in (".", "?.")):
            path, optional, end = _members(tokens, at)
            follows = texts[end] if end < len(texts) else ""
            inside = found[-1] if found and found[-1].call and at and texts[at - 1] == "(" else None
            careful = all(optional[1:]) and follows == "??"
            found.append(Reference(tuple(path), follows == "(", ".".join(inside.path) if inside else "", careful))
    return found


def _members(tokens: list[tuple[str, str]], at: int) -> tuple[list[str], list[bool], int]:
    """A name with its members, which of these are optional, and where it ends."""
    path, at = [tokens[at][1]], at + 1
    optional: list[bool] = []
    while True:
        (_, sign), (kind, text), (_, last) = (tokens[at : at + 3] + [("", "")] * 3)[:3]
        if sign in (".", "?.") and kind == "name":
            path, optional, at = [*path, text], [*optional, sign == "?."], at + 2
        elif sign == "?." and text == "[":
            at += 1
        elif sign == "[" and kind == "text" and last == "]":
            path, optional, at = [*path, text[1:-1]], [*optional, tokens[at - 1][1] == "?."], at + 3
        else:
            return path, optional, at


def _tokens(expression: str) -> list[tuple[str, str]]:
    """The kind and the text of each token, when all brackets are closed."""
    found: list[tuple[str, str]] = []
    at, opened = 0, [""]
    while at < len(expression.rstrip()):
        token = TOKEN.match(expression, at)
        if token is None or token.lastgroup is None:
            raise Unreadable(expression[at:].strip())
        kind, text, at = token.lastgroup, token[token.lastgroup], token.end()
        if kind == "name" and "-" in text:
            raise Unreadable(f"`{text}` is a difference, and a name in quotes only")
        if text in PAIRS.values():
            opened.append(text)
        elif text in PAIRS and opened.pop() != PAIRS[text]:
            raise Unreadable(text)
        found.append((kind, text))
    if len(opened) != 1 or not found:
        raise Unreadable(opened[-1])
    return found


@dataclass(frozen=True)
class Ended:
    """That a task ended in a certain way, which is empty where only the task is named."""

    task: str
    result: str


@dataclass(frozen=True)
class All:
    """Each of these."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Any:
    """One of these."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    """Not this."""

    part: Condition


Condition: TypeAlias = "Ended | All | Any | Not"


def condition(depends: str) -> Condition:
    """What a `depends` says; raises Unreadable."""
    tokens = CONDITION.findall(depends)
    if CONDITION.sub("", depends).strip():
        raise Unreadable(depends)
    made = _any(tokens)
    if tokens:
        raise Unreadable(depends)
    return made


def ended(condition: Condition) -> list[Ended]:
    """What a condition says of single tasks."""
    match condition:
        case Ended():
            return [condition]
        case Not(part):
            return ended(part)
        case All(parts) | Any(parts):
            return [each for part in parts for each in ended(part)]


def _any(tokens: list[str]) -> Condition:
    parts = [_all(tokens)]
    while tokens[:1] == ["||"]:
        tokens.pop(0)
        parts.append(_all(tokens))
    return parts[0] if len(parts) == 1 else Any(tuple(parts))


def _all(tokens: list[str]) -> Condition:
    parts = [_one(tokens)]
    while tokens[:1] == ["&&"]:
        tokens.pop(0)
        parts.append(_one(tokens))
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _one(tokens: list[str]) -> Condition:
    token = tokens.pop(0) if tokens else ""
    if token == "!":
        return Not(_one(tokens))
    if token == "(":
        inner = _any(tokens)
        if not tokens or tokens.pop(0) != ")":
            raise Unreadable("(")
        return inner
    task, _, result = token.partition(".")
    # Argo evaluates the whole in expr-lang, where `1.Succeeded` begins with a number.
    if not task[:1].isalpha() or task in WORDS:
        raise Unreadable(token or "an end")
    return Ended(task, result)
