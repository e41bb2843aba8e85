"""JSON documents to bytes and back, with the scanner and the encoder of the interpreter.

The package `json` also loads `re` and `enum`, which takes 4 of the 30 ms of a task. On an interpreter without these parts, the package is
used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

try:
    from _json import encode_basestring, make_encoder, make_scanner
except ImportError:
    make_encoder = None  # type: ignore[assignment, misc]


class _Context:
    """How the scanner reads: as `json.JSONDecoder()` does."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}.__getitem__
    memo: dict[str, str] = {}


def _refuse(value: object) -> Any:
    raise TypeError(f"a value of type {type(value).__name__} has no JSON form")


def load(data: bytes | str) -> Any:
    """The value of a JSON text; raises ValueError where it is none, or is nested deeper than the interpreter follows."""
    text = (data if isinstance(data, str) else data.decode("utf-8", "surrogatepass")).strip(" \t\n\r")
    if make_encoder is None:
        import json

        return json.loads(text)
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        raise ValueError("there is no JSON value") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if end != len(text):
        raise ValueError(f"there is more behind the JSON value, at character {end}")
    return value


def dump(value: object, in_order: bool = False) -> bytes:
    """The JSON of a value, without spaces; `in_order` sorts the keys, for digests. Raises TypeError."""
    if make_encoder is None:
        import json

        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=in_order).encode("utf-8", "surrogatepass")
    # One for each document: a value that it refused would stay among those that it believes to be inside of.
    encoder = make_encoder({}, _refuse, encode_basestring, None, ":", ",", in_order, False, True)
    return "".join(encoder(value, 0)).encode("utf-8", "surrogatepass")


if make_encoder is not None:
    _scan = make_scanner(_Context())  # type: ignore[arg-type]
