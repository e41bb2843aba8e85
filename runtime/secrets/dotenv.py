"""A `.env` file: the secrets of a developer's machine, a line for each.

TOKEN=abc
database={"user": "tester", "password": "..."}     # a secret with several variables, as the service has it
KEY="two\\nlines"                                   # escapes in double quotes, none in single quotes, which may span lines
"""

from __future__ import annotations

import re

from flowport.runtime.secrets.errors import SecretError

LINE = re.compile(
    r"""[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*
    (?:'([^']*)' | "((?:[^"\\]|\\.)*)" | ((?:[^\s'"\#][^\n]*?)?))
    (?:[ \t]+\#[^\n]*|[ \t]*)(?:\n|\Z)""",
    re.VERBOSE | re.DOTALL,
)
NOTHING = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def read(path: str) -> dict[str, str]:
    """The values of a file; raises SecretError if it cannot be read, with the line but never with its text."""
    try:
        with open(path, encoding="utf-8") as file:
            return parse(file.read(), path)
    except OSError as error:
        raise SecretError(f"the file of secrets `{path}` cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SecretError(f"the file of secrets `{path}` is not UTF-8") from None


def parse(text: str, path: str) -> dict[str, str]:
    """The values of a text."""
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        blank = NOTHING.match(text, at)
        if blank is not None:
            at = blank.end()
            continue
        line = LINE.match(text, at)
        number = text.count("\n", 0, at) + 1
        if line is None:
            raise SecretError(f"line {number} of `{path}` is not `NAME=value`; put a value with quotes or several lines into single quotes")
        name, plain, escaped, bare = line.groups()
        if name in found:
            raise SecretError(f"line {number} of `{path}` sets `{name}` again: keep one of the lines")
        found[name] = plain if plain is not None else _unescaped(escaped) if escaped is not None else bare or ""
        at = line.end()
    return found


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda escape: ESCAPES.get(escape[1], escape[1]), text, flags=re.DOTALL)
