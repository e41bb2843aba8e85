"""A document as JSON text, formatted as by hand: what fits on a line is on one line.

{"Retry": [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 3}]}
"""

from __future__ import annotations

import json

from flowport.compiler.ir import JSON

WIDTH = 140

_json = json.JSONEncoder(ensure_ascii=False).encode


def encoded(document: JSON) -> bytes:
    """The text of a document, in UTF-8, with a newline at its end."""
    # Half of a surrogate pair has no UTF-8; what replaces it here is JSON's own way of writing it.
    return (_text(document, 0, "") + "\n").encode("utf-8", "backslashreplace")


def _text(value: JSON, indent: int, before: str) -> str:
    """`value` after `before` on a line that is indented by `indent`."""
    if not value or not isinstance(value, dict | list):
        return _json(value)
    if _plain(value):
        short = _json(value)
        if indent + len(before) + len(short) < WIDTH:
            return short
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        names = {name: _json(name) + ": " for name in value}
        lines = [inner + names[name] + _text(item, indent + 2, names[name]) for name, item in value.items()]
    elif _plain(value, 1):
        lines = _filled([_json(item) for item in value], inner)
    else:
        lines = [inner + _text(item, indent + 2, "") for item in value]
    first, last = "{}" if isinstance(value, dict) else "[]"
    return first + "\n" + ",\n".join(lines) + "\n" + " " * indent + last


def _filled(words: list[str], indent: str) -> list[str]:
    """Words side by side, as many on a line as there is room for."""
    lines = [indent + words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) + 2 < WIDTH:
            lines[-1] += ", " + word
        else:
            lines.append(indent + word)
    return lines


def _plain(value: JSON, depth: int = 2) -> bool:
    """Whether a value is simple enough for one line: not nested deeper than `depth`."""
    if not isinstance(value, dict | list):
        return True
    if not depth:
        return False
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict | list) and not _plain(item, depth - 1):
            return False
    return True
