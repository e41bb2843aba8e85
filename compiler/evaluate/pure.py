"""Functions and methods that expressions may call: their result depends only on the arguments.

A path that begins at `__file__` is only known where the flow runs, so it has the prefix `HERE` by which it is recognized. The size of
values is limited: `"x" * 10 ** 12` must not stop the compiler.
"""

from __future__ import annotations

import ast
import operator
import posixpath
from collections.abc import Callable, Mapping
from typing import Any

from flowport.compiler.evaluate.formats import PARSERS, load_yaml
from flowport.compiler.evaluate.paths import PathText
from flowport.runtime.names.config import ConfigValue

HERE = "/\0"
"""The prefix of a path that begins at `__file__`."""

BIGGEST = 100_000


def has_flow_path(value: object) -> bool:
    """Whether a value holds a path that begins at `__file__`."""
    if isinstance(value, (str, PathText)):
        return HERE in str(value)
    if isinstance(value, dict):
        return any(has_flow_path(key) or has_flow_path(inner) for key, inner in value.items())
    return isinstance(value, (list, tuple, set, frozenset)) and any(has_flow_path(inner) for inner in value)


WIDEST = 100
"""The most characters of an indent or a separator of JSON, which repeats for each element and each level."""


class TooBig(Exception):
    """A value that is too big for a deployed file."""


def check_size(value: Any) -> int:
    """The weight of a value; raises TooBig for a text, number or collection beyond BIGGEST characters, bits or entries."""
    if isinstance(value, int):
        if value.bit_length() > 10_000:
            raise TooBig
        return 1
    found = weight(value)
    if found > BIGGEST:
        raise TooBig
    return found


def weight(value: Any) -> int:
    """How many characters and entries a value has, those of the collections in it included; counting ends beyond BIGGEST."""
    if isinstance(value, (str, bytes)):
        return len(value)
    if not isinstance(value, (tuple, list, dict, set, frozenset)):
        return 1
    total, known = 1, {}
    for item in [*value, *value.values()] if isinstance(value, dict) else value:
        if id(item) not in known:
            known[id(item)] = weight(item)
        total += known[id(item)]
        if total > BIGGEST:
            break
    return total


def binary(op: type[ast.operator], left: Any, right: Any) -> Any:
    """`left op right`; raises TooBig before it is computed."""
    if op is ast.Mult:
        for text, times in ((left, right), (right, left)):
            if isinstance(text, (str, bytes, tuple, list)) and isinstance(times, int) and weight(text) * times > BIGGEST:
                raise TooBig
    if op is ast.Pow and isinstance(left, int) and isinstance(right, int) and left.bit_length() * abs(right) > 10_000:
        raise TooBig
    if op is ast.LShift and isinstance(right, int) and right > 10_000:
        raise TooBig
    if op is ast.Mod and isinstance(left, (str, bytes)) and _wide(str(left)):
        raise TooBig
    return _BINARY[op](left, right)


def _wide(text: str) -> bool:
    """Whether a format has a width of five digits or takes it from an argument."""
    return "*" in text or ":{" in text or any(len(digits) > 4 for digits in "".join(c if c.isdigit() else " " for c in text).split())


_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.MatMult: operator.matmul,
}


def _absolute(path: str | PathText) -> str:
    return PathText(path).resolve().text


def _dumps(value: Any, **options: Any) -> str:
    import json

    indent = options.get("indent")
    widths = [indent if isinstance(indent, int) else len(indent or ""), *map(len, options.get("separators") or ())]
    if max(widths) > WIDEST:
        raise TooBig
    found, size = [], 0
    for part in json.JSONEncoder(**options).iterencode(value):
        found.append(part)
        size += len(part)
        if size > BIGGEST:
            raise TooBig
    return "".join(found)


def _dedent(text: str) -> str:
    import textwrap

    return textwrap.dedent(text)


def _range(*bounds: int) -> range:
    found = range(*bounds)
    if len(found) > BIGGEST:
        raise TooBig
    return found


BUILTINS: Mapping[str, Callable[..., Any]] = {
    "dict": dict,
    "list": list,
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "len": len,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "bytes": lambda *a: bytes(*a) if not (a and isinstance(a[0], int)) else b"\0" * min(a[0], BIGGEST),
    "complex": complex,
    "sorted": sorted,
    "range": _range,
    "min": min,
    "max": max,
    "sum": sum,
    "abs": abs,
    "round": round,
    "zip": lambda *a: list(zip(*a)),
    "any": any,
    "all": all,
    "enumerate": lambda *a, **k: list(enumerate(*a, **k)),
    "reversed": lambda a: list(reversed(a)),
    "map": lambda *a: list(map(*a)),
    "repr": repr,
    "ord": ord,
    "chr": chr,
    "divmod": divmod,
    "pow": lambda a, b: binary(ast.Pow, a, b),
    "hex": hex,
    "bin": bin,
    "oct": oct,
}

CALLS: Mapping[str, Callable[..., Any]] = {
    **BUILTINS,
    **PARSERS,
    "yaml.load": load_yaml,
    **dict.fromkeys(("yaml.SafeLoader", "yaml.CSafeLoader", "yaml.FullLoader"), load_yaml),
    "json.dumps": _dumps,
    "textwrap.dedent": _dedent,
    "pathlib.Path": PathText,
    "pathlib.PurePath": PathText,
    "pathlib.PosixPath": PathText,
    "pathlib.PurePosixPath": PathText,
    "os.path.join": lambda *a: posixpath.join(*map(str, a)),
    "os.path.dirname": lambda a: posixpath.dirname(str(a)),
    "os.path.basename": lambda a: posixpath.basename(str(a)),
    "os.path.splitext": lambda a: posixpath.splitext(str(a)),
    "os.path.normpath": lambda a: posixpath.normpath(str(a)),
    "os.path.split": lambda a: posixpath.split(str(a)),
    "os.path.abspath": _absolute,
    "os.path.realpath": _absolute,
    "os.fspath": str,
}

_TEXT = """
    capitalize casefold center count encode endswith find format index isalnum isalpha isdigit isidentifier
    islower isspace istitle isupper join ljust lower lstrip partition removeprefix removesuffix replace rfind
    rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title upper zfill
"""
_METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset(_TEXT.split()),
    bytes: frozenset({"decode", "hex"}),
    dict: frozenset({"get", "keys", "values", "items", "copy"}),
    list: frozenset({"index", "count", "copy"}),
    tuple: frozenset({"index", "count"}),
    int: frozenset({"bit_length"}),
    float: frozenset({"is_integer"}),
    set: frozenset({"union", "intersection", "difference", "copy"}),
    frozenset: frozenset({"union", "intersection", "difference"}),
    PathText: frozenset(PathText.METHODS),
    ConfigValue: frozenset({"get", "keys", "values", "items", "copy", "to_dict"}),
}


def _joined(text: str, parts: list[str]) -> str:
    values = list(parts)
    if len(text) * len(values) + sum(map(len, values)) > BIGGEST:
        raise TooBig
    return text.join(values)


def _replaced(text: str, old: str, new: str, *count: int) -> str:
    if (len(text) + 1) * (len(new) + 1) > BIGGEST * 100:
        raise TooBig
    return text.replace(old, new, *count)


def _filled(name: str) -> Callable[..., str]:
    return lambda text, width, *fill: getattr(text, name)(min(width, BIGGEST + 1), *fill)


_GROWING: Mapping[str, Callable[..., str]] = {
    "join": _joined,
    "replace": _replaced,
    **{name: _filled(name) for name in ("center", "ljust", "rjust", "zfill")},
}
"""The string methods whose result may be much longer than the string."""


def method(owner: Any, name: str) -> Callable[..., Any] | None:
    """The bound method, or None if it is not pure."""
    if name not in _METHODS.get(type(owner), ()):
        return None
    if type(owner) in (dict, ConfigValue) and name in ("keys", "values", "items"):
        return lambda: list(getattr(owner, name)())
    if type(owner) is str and name in _GROWING:
        return lambda *values: _GROWING[name](owner, *values)
    if type(owner) is str and name == "format" and (_wide(owner) or ".__" in owner or "[__" in owner):
        return None
    found: Callable[..., Any] = getattr(owner, name)
    return found
