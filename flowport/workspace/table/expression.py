"""Reads a condition on runs, such as `accuracy > 0.95 and max_depth in (4, 6)`.

condition  = both {"or" both}          both = negated {"and" negated}          negated = ["not"] negated | comparison
comparison = "(" condition ")" | operand [operator operand | ["not"] "in" "(" operand {"," operand} ")"]
operator   = "=" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "~"
operand    = number | 'text' | "text" | true | false | null | name
name       = letters, digits, "_", ".", "/" and "-", after "metric:", "param:", "artifact:" or "run:"; any other `in backquotes`
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, TypeAlias

from flowport.workspace.errors import BadCondition

OPERATORS = ("==", "!=", "<=", ">=", "=", "<", ">", "~")
CONSTANTS: dict[str, Any] = {"true": True, "false": False, "null": None, "none": None}
WORDS = ("and", "or", "not", "in")

DEEPEST = 100
"""Parentheses and `not` inside of each other."""

NAME = re.compile(r"(?:(metric|param|artifact|run):)?(?:`([^`]+)`|(.+))", re.DOTALL)

LISTED = re.compile(r"(?:`[^`]*`|[^,])+")
"""A name in a list with commas between the names."""

TOKENS = re.compile(
    r"""\s*(?:
    (?P<number>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
    | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<name>(?:(?:metric|param|artifact|run):)?(?:`[^`]+`|[^\W\d][\w./-]*))
    | (?P<sign>==|!=|<=|>=|[=<>~(),])
    | (?P<wrong>\S)
    )""",
    re.VERBOSE,
)


class Name(NamedTuple):
    """A column; `kind` is "" where the name stands without a prefix, else `metric`, `param`, `artifact` or `run`."""

    kind: str
    name: str
    at: int = 0
    size: int = 1


class Constant(NamedTuple):
    """A number, a text, true, false or null."""

    value: Any


class Compare(NamedTuple):
    """Two operands with an operator between them."""

    operator: str
    left: Operand
    right: Operand


class Among(NamedTuple):
    """Whether an operand is one of several."""

    left: Operand
    values: tuple[Operand, ...]


class Holds(NamedTuple):
    """Whether the value of an operand is true."""

    operand: Operand


class Not(NamedTuple):
    """The opposite of a condition."""

    condition: Condition


class And(NamedTuple):
    """Whether all of them hold: two or more."""

    parts: tuple[Condition, ...]


class Or(NamedTuple):
    """Whether one of them holds."""

    parts: tuple[Condition, ...]


Operand: TypeAlias = Name | Constant
Condition: TypeAlias = Compare | Among | Holds | Not | And | Or


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def parse(text: str) -> Condition:
    """The condition that a text says; raises BadCondition."""
    return _Parser(text.replace("\n", " ")).whole()


def parse_name(text: str) -> Name:
    """The column that a text names, with a prefix or without: anything can be the name of a metric."""
    found = NAME.fullmatch(text.strip())
    return Name(found[1] or "", found[2] or found[3]) if found else Name("", text)


def listed_names(text: str) -> tuple[str, ...]:
    """The names in a list with commas between them; a name in backquotes may have commas."""
    return tuple(filter(None, map(str.strip, LISTED.findall(text))))


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.place, self.depth = text, _tokens(text), 0, 0

    def whole(self) -> Condition:
        """All of the text."""
        if self._next.kind == "end":
            raise self._wrong("the condition is empty", "write one such as `accuracy > 0.95`")
        found = self._or()
        if self._next.kind != "end":
            raise self._wrong(f"`{self._next.text}` follows a condition that is complete", "join conditions with `and` or `or`")
        return found

    @property
    def _next(self) -> _Token:
        return self.tokens[self.place]

    def _take(self, *texts: str) -> str:
        """The next token, if it is a word or a sign of these, and "" otherwise; a text in quotes is none."""
        token = self._next
        text = token.text.lower() if token.kind == "name" else token.text if token.kind == "sign" else ""
        if text not in texts:
            return ""
        self.place += 1
        return text

    def _or(self) -> Condition:
        parts = [self._and()]
        while self._take("or"):
            parts.append(self._and())
        return Or(tuple(parts)) if len(parts) > 1 else parts[0]

    def _and(self) -> Condition:
        parts = [self._not()]
        while self._take("and"):
            parts.append(self._not())
        return And(tuple(parts)) if len(parts) > 1 else parts[0]

    def _not(self) -> Condition:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._wrong("the condition is nested too deeply", f"use at most {DEEPEST} parentheses inside of each other")
        found = Not(self._not()) if self._take("not") else self._comparison()
        self.depth -= 1
        return found

    def _comparison(self) -> Condition:
        if self._take("("):
            inner = self._or()
            self._expect(")", "the parenthesis is not closed")
            return inner
        left = self._operand()
        if operator := self._take(*OPERATORS):
            return Compare("=" if operator == "==" else operator, left, self._operand())
        if self._next.text.lower() == "not" and self.tokens[self.place + 1].text.lower() == "in":
            self.place += 2
            return Not(self._among(left))
        if self._take("in"):
            return self._among(left)
        return Holds(left)

    def _among(self, left: Operand) -> Among:
        self._expect("(", "`in` needs a list in parentheses")
        values = [self._operand()]
        while self._take(","):
            values.append(self._operand())
        self._expect(")", "the list is not closed")
        return Among(left, tuple(values))

    def _expect(self, sign: str, message: str) -> None:
        if not self._take(sign):
            raise self._wrong(message, "write `max_depth in (4, 6)`" if sign == "(" else f"write `{sign}` here")

    def _operand(self) -> Operand:
        token = self._next
        is_word = token.kind == "name" and token.text.lower() in WORDS
        if token.kind in ("number", "text", "name") and not is_word:
            self.place += 1
            return _operand(token)
        if token.kind == "end":
            raise self._wrong("the condition ends too early", "write a name, a number or 'text' here")
        raise self._wrong(f"`{token.text}` stands where a name, a number or a text must be", "put text in quotes: status = 'done'")

    def _wrong(self, message: str, hint: str) -> BadCondition:
        return BadCondition(message, self.text, self._next.at, len(self._next.text), hint)


def _operand(token: _Token) -> Operand:
    if token.kind == "number":
        return Constant(int(token.text) if token.text.lstrip("+-").isdecimal() and len(token.text) < 1000 else float(token.text))
    if token.kind == "text":
        return Constant(re.sub(r"\\(.)", r"\1", token.text[1:-1]))
    if token.text.lower() in CONSTANTS:
        return Constant(CONSTANTS[token.text.lower()])
    return _name(token)


def _name(token: _Token) -> Name:
    return parse_name(token.text)._replace(at=token.at, size=len(token.text))


def _tokens(text: str) -> list[_Token]:
    """The tokens of a text, with one of the kind `end` behind them; raises BadCondition."""
    tokens, at = [], 0
    while found := TOKENS.match(text, at):
        kind = str(found.lastgroup)
        token = _Token(kind, found[kind], found.start(kind))
        if kind == "wrong":
            raise BadCondition(f"`{token.text}` has no meaning here", text, token.at, 1, _meant(token.text))
        tokens.append(token)
        at = found.end()
    return [*tokens, _Token("end", "", len(text.rstrip()))]


def _meant(sign: str) -> str:
    meant = {
        "&": "write `and`",
        "|": "write `or`",
        "!": "write `not`, or `!=`",
        "'": "close the text with `'`",
        '"': 'close the text with `"`',
    }
    return meant.get(sign, "a name with other characters stands in backquotes: `val acc` > 0.9")
