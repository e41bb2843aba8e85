"""A source file: its bytes, its text, its syntax tree, and the spans of nodes.

`modules` knows which files belong to a flow.
"""

from __future__ import annotations

import ast
import os
import warnings

from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.ir import Span
from flowport.compiler.record import field, record


@record(eq=False)
class Source:
    """A Python file. `path` is where it is on disk, `place` where it is in the code package, `shown` how messages call it."""

    path: str
    place: str
    shown: str
    module: str
    data: bytes = field(repr=False)
    text: str = field(repr=False)
    tree: ast.Module = field(repr=False)
    lines: tuple[str, ...] = field(repr=False)

    def span(self, node: ast.AST) -> Span:
        """Where a statement, an expression, an argument or an alias stands."""
        line, end_line = getattr(node, "lineno", 1), getattr(node, "end_lineno", None)
        start, end = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", None)
        if end_line is None or end is None:
            return Span(self.shown, line, self._column(line, start), line, self._column(line, start) + 1)
        return Span(self.shown, line, self._column(line, start), end_line, self._column(end_line, end))

    def name_span(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Span:
        """Where the name of a function or a class stands, behind its `def` or `class`."""
        line = self.lines[node.lineno - 1] if node.lineno <= len(self.lines) else ""
        start = line.find(node.name, self._column(node.lineno, node.col_offset) + 2)
        if start < 0:
            start = self._column(node.lineno, node.col_offset) - 1
        return Span(self.shown, node.lineno, start + 1, node.lineno, start + 1 + len(node.name))

    def segment(self, node: ast.expr) -> str:
        """The text of an expression, on one line."""
        if node.end_lineno == node.lineno and node.end_col_offset is not None and node.lineno <= len(self.lines):
            text = self.lines[node.lineno - 1].encode()[node.col_offset : node.end_col_offset].decode(errors="replace")
        else:
            text = ast.get_source_segment(self.text, node) or ast.unparse(node)
        return " ".join(text.split())

    def _column(self, line: int, offset: int) -> int:
        """The tree counts bytes of UTF-8 from 0; a span counts characters from 1."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return offset + 1 if text.isascii() else len(text.encode()[:offset].decode(errors="replace")) + 1


def read(path: str, place: str, shown: str, module: str) -> Source:
    """The source at `path`; raises CompileError when there is no Python text there."""
    if not _is_plain(path):
        raise _refused("FP102", f"`{shown}` is not a regular Python file", None, "name a file that ends in `.py`, or a link to one")
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        raise _refused("FP100", f"the file `{shown}` does not exist", None, "name the Python file that contains the flow") from None
    except IsADirectoryError:
        raise _refused("FP101", f"`{shown}` is a folder", None, "name the Python file that contains the flow") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _refused("FP102", f"`{shown}` cannot be read: {reason.lower()}", None, "check its path and its permissions") from None
    return parse_source(data, path, place, shown, module)


def _is_plain(path: str) -> bool:
    """Whether a file may be opened and shown: a pipe would block, and a link may lead to secrets."""
    if "\0" in path:
        return True
    real = os.path.realpath(path)
    if not os.path.exists(real) or os.path.isdir(real):
        return True  # reported when it is opened
    return os.path.isfile(real) and (real == os.path.abspath(path) or real.endswith(".py"))


def parse_source(data: bytes, path: str, place: str, shown: str, module: str) -> Source:
    """The source that `data` is; raises CompileError when it is not Python."""
    text = _decoded(data, shown)
    try:
        # Python repeats these warnings when the flow runs.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except SyntaxError as error:
        raise _refused("FP104", f"`{shown}` is not valid Python: {error.msg}", _place(error, shown)) from None
    except (ValueError, RecursionError, MemoryError) as error:
        reason = "it is nested too deeply" if isinstance(error, (RecursionError, MemoryError)) else str(error)
        raise _refused("FP104", f"`{shown}` is not valid Python: {reason}", Span(shown, 1, 1, 1, 1)) from None
    return Source(path, place, shown, module, data, text, tree, tuple(text.split("\n")))


def _decoded(data: bytes, shown: str) -> str:
    """The text as Python reads it: UTF-8 or what its first lines declare; line ends become newlines."""
    first = data[:400].split(b"\n", 2)[:2]
    try:
        if any(b"coding" in line and line.lstrip().startswith(b"#") for line in first):
            from io import BytesIO
            from tokenize import detect_encoding

            text = data.decode(detect_encoding(BytesIO(data).readline)[0])
        else:
            text = data.decode("utf-8-sig")
    except (UnicodeError, SyntaxError, LookupError):
        line = _first_undecodable_line(data)
        raise _refused(
            "FP103",
            f"`{shown}` is not UTF-8 text",
            Span(shown, line, 1, line, 1),
            "save it as UTF-8, or declare its encoding in the first line: `# -*- coding: latin-1 -*-`",
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")


def _first_undecodable_line(data: bytes) -> int:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return data.count(b"\n", 0, error.start) + 1
    return 1


def _place(error: SyntaxError, shown: str) -> Span:
    line, column = error.lineno or 1, max(error.offset or 1, 1)
    end_line, end = error.end_lineno or line, error.end_offset or column + 1
    if (end_line, end) <= (line, column):
        end_line, end = line, column + 1
    return Span(shown, line, column, end_line, end)


def _refused(code: str, message: str, span: Span | None, *ways_out: str) -> CompileError:
    return CompileError((Diagnostic(code, message, span, help=ways_out),))
