"""Python source with its words in colours, by the tokens of the interpreter; other texts stay as they are."""

from __future__ import annotations

import io
import keyword
import tokenize
from collections.abc import Iterator

from flowport.card_pages.texts import escape

STRINGS = frozenset((tokenize.STRING, *(getattr(tokenize, name, -1) for name in ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END"))))
"""The tokens of strings; since Python 3.12 an f-string is several."""

SOFT = frozenset(("match", "case", "type", "_"))
CONSTANTS = frozenset(("None", "True", "False", "self", "cls"))


def python(source: str) -> str:
    """Source as HTML. Where it cannot be read as Python, the rest of it has no colours."""
    lines = source.splitlines(keepends=True)
    parts: list[str] = []
    at = (1, 0)
    for start, end, kind in _tokens(source):
        if start < at:
            continue
        parts.append(escape(_between(lines, at, start)))
        text = escape(_between(lines, start, end))
        parts.append(f'<span class="{kind}">{text}</span>' if kind else text)
        at = end
    parts.append(escape(_between(lines, at, (len(lines) + 1, 0))))
    return f'<pre class="code"><code>{"".join(parts).rstrip()}</code></pre>'


def _tokens(source: str) -> Iterator[tuple[tuple[int, int], tuple[int, int], str]]:
    """Where the tokens begin and end that have a colour, and what they are."""
    before = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            yield token.start, token.end, _kind(token, before)
            if token.string.strip():
                before = token.string
    except (tokenize.TokenError, SyntaxError):
        return


def _kind(token: tokenize.TokenInfo, before: str) -> str:
    if token.type == tokenize.COMMENT:
        return "c"
    if token.type in STRINGS:
        return "s"
    if token.type == tokenize.NUMBER:
        return "n"
    if token.type == tokenize.NAME:
        if token.string in CONSTANTS:
            return "b"
        if keyword.iskeyword(token.string):
            return "k"
        if before in ("def", "class"):
            return "f"
    return "d" if token.string == "@" or before == "@" else ""


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    if start >= end:
        return ""
    first, last = start[0] - 1, min(end[0] - 1, len(lines))
    if first == last:
        return lines[first][start[1] : end[1]] if first < len(lines) else ""
    tail = lines[last][: end[1]] if last < len(lines) else ""
    return "".join([lines[first][start[1] :] if first < len(lines) else "", *lines[first + 1 : last], tail])
