"""Diagnostics as text for a terminal, as JSON, as GitHub annotations and as SARIF 2.1.0.

error[FP201]: step `train` goes to `jion`, which is not a step of TrainFlow
  --> train.py:11:9
   |
11 |         self.next(self.jion)
   |         ^^^^^^^^^^^^^^^^^^^^
   = help: did you mean `join`?
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Span

Format: TypeAlias = Literal["text", "json", "github", "sarif"]
FORMATS: tuple[Format, ...] = ("text", "json", "github", "sarif")
TAB = "    "
WIDEST = 200


def render(diagnostics: Iterable[Diagnostic], format: Format, sources: Mapping[str, str] | None = None, colour: bool = False) -> str:
    """All diagnostics in one format; text ends in a newline unless it is empty.

    `sources` maps the file of a span to its text; other files are read from the disk. Only "text" uses it and `colour`.
    """
    found = in_order(diagnostics)
    match format:
        case "text":
            lines = _Lines(sources or {})
            paint = _painted if colour else _plain
            return "\n".join("\n".join(_block(one, lines, paint)) + "\n" for one in found)
        case "json":
            return _document(entries(found))
        case "github":
            return "".join(_annotation(one) + "\n" for one in found)
        case "sarif":
            return _document(_sarif(found))


def entries(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Diagnostics in their order in the source, as JSON has them."""
    return [_entry(one) for one in in_order(diagnostics)]


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics in the order of the source; files in the order of their first diagnostic."""
    found = list(diagnostics)
    files = list(dict.fromkeys(one.span.file for one in found if one.span))
    return sorted(found, key=lambda one: (files.index(one.span.file), one.span.line, one.span.column) if one.span else (-1, 0, 0))


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning`; "" when there is nothing."""
    kinds = [one.severity for one in diagnostics]
    counts = [(kinds.count(kind), kind) for kind in ("error", "warning")]
    return ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for count, kind in counts if count)


class _Lines:
    """The lines of the files with diagnostics, read when they are first needed."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.known = {file: text.split("\n") for file, text in sources.items()}

    def line(self, span: Span) -> str | None:
        if span.file not in self.known:
            self.known[span.file] = self._read(span.file)
        lines = self.known[span.file]
        return lines[span.line - 1].rstrip("\r") if 0 < span.line <= len(lines) else None

    def _read(self, file: str) -> list[str]:
        try:
            with open(file, encoding="utf-8-sig", errors="replace") as opened:
                return opened.read().split("\n")
        except (OSError, ValueError):
            return []


def _plain(kind: str, text: str) -> str:
    return text


def _painted(kind: str, text: str) -> str:
    codes = {"error": "1;31", "warning": "1;33", "bold": "1", "edge": "1;34", "help": "1;36"}
    return f"\033[{codes[kind]}m{text}\033[0m"


def _block(one: Diagnostic, lines: _Lines, paint: Any) -> list[str]:
    head = paint(one.severity, f"{one.severity}[{one.code}]") + paint("bold", f": {_safe(one.message)}")
    found = [head]
    width = len(str(one.span.line)) if one.span else 2
    edge, bar = " " * width, paint("edge", "|")
    if one.span is not None:
        found.append(f"{edge}{paint('edge', '-->')} {_safe(one.span.file)}:{one.span.line}:{one.span.column}")
        line = lines.line(one.span)
        if line is not None and line.strip():
            shown, marks = _marked(line, one.span)
            found += [f"{edge} {bar}", f"{paint('edge', str(one.span.line))} {bar} {shown}", f"{edge} {bar} {paint(one.severity, marks)}"]
            found[-2:] = [text.rstrip() for text in found[-2:]]
    found += [f"{edge} {paint('edge', '=')} {paint('bold', 'note')}: {_safe(note)}" for note in one.notes]
    found += [f"{edge} {paint('edge', '=')} {paint('help', 'help')}: {_safe(way_out)}" for way_out in one.help]
    return found


def _marked(line: str, span: Span) -> tuple[str, str]:
    """The line as a terminal shows it, and the carets under the span; long lines are cut around it."""
    end = span.end_column if span.end_line == span.line else len(line.rstrip()) + 1
    first, last = span.column - 1, max(end - 1, span.column)
    if len(line) > WIDEST:
        start = max(0, first - 40)
        line, first, last = line[start : start + WIDEST], first - start, min(last - start, WIDEST)
    before, inside = _shown(line[:first]), _shown(line[first:last])
    return before + inside + _shown(line[last:]), " " * _columns(before) + "^" * max(_columns(inside), 1)


def _shown(text: str) -> str:
    return _safe(text.replace("\t", TAB))


def _safe(text: str) -> str:
    """The text without control characters."""
    return text if text.isprintable() else "".join(c if c.isprintable() or c in "\u200d\u00a0\u3000" else "\ufffd" for c in text)


def _columns(text: str) -> int:
    """The width of the text in columns of a terminal."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) or c == "\u200d" or "\ufe00" <= c <= "\ufe0f" else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def _document(value: Any) -> str:
    import json

    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _entry(one: Diagnostic) -> dict[str, Any]:
    place = one.span and {
        "file": one.span.file,
        "line": one.span.line,
        "column": one.span.column,
        "end_line": one.span.end_line,
        "end_column": one.span.end_column,
    }
    return {
        "code": one.code,
        "severity": one.severity,
        "message": one.message,
        "span": place,
        "notes": list(one.notes),
        "help": list(one.help),
    }


def _annotation(one: Diagnostic) -> str:
    """A workflow command; escapes are those of GitHub's own toolkit (actions/toolkit, packages/core/src/command.ts)."""
    properties: dict[str, object] = {}
    if one.span is not None:
        properties = {"file": one.span.file, "line": one.span.line, "endLine": one.span.end_line}
        # GitHub accepts columns only for a span on one line (REST API, check runs).
        if one.span.line == one.span.end_line:
            properties |= {"col": one.span.column, "endColumn": one.span.end_column}
    properties["title"] = one.code
    listed = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in properties.items())
    return f"::{one.severity} {listed}::{_escaped(_whole(one), '')}"


def _escaped(text: str, more: str) -> str:
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _whole(one: Diagnostic) -> str:
    return "\n".join([one.message, *(f"note: {note}" for note in one.notes), *(f"help: {way_out}" for way_out in one.help)])


def _sarif(found: Sequence[Diagnostic]) -> dict[str, Any]:
    codes = sorted({one.code for one in found})
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "flowport", "rules": [_rule(code) for code in codes]}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(one, codes.index(one.code)) for one in found],
            }
        ],
    }


def _rule(code: str) -> dict[str, Any]:
    from flowport.compiler.diagnostics.codes import CODES

    known = CODES.get(code)
    return (
        {"id": code} if known is None else {"id": code, "shortDescription": {"text": known.title}, "fullDescription": {"text": known.text}}
    )


def _result(one: Diagnostic, rule: int) -> dict[str, Any]:
    result: dict[str, Any] = {"ruleId": one.code, "ruleIndex": rule, "level": one.severity, "message": {"text": _whole(one)}}
    if one.span is not None:
        region = {
            "startLine": one.span.line,
            "startColumn": one.span.column,
            "endLine": one.span.end_line,
            "endColumn": one.span.end_column,
        }
        result["locations"] = [{"physicalLocation": {"artifactLocation": {"uri": _uri(one.span.file)}, "region": region}}]
    return result


def _uri(file: str) -> str:
    from urllib.parse import quote

    return ("file://" if file.startswith("/") else "") + quote(file, errors="surrogateescape")
