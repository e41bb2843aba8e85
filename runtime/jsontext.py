"""`json.loads` and `json.dumps` over the same compiled parser and writer, without `json` itself, which loads `re` and `enum` (4 ms).

What is not JSON is left to `json`, for its error.
"""

from __future__ import annotations

from _json import encode_basestring, encode_basestring_ascii, make_encoder, make_scanner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WHITE = " \t\n\r"


class _Context:
    """What the parser asks for: everything as `json.loads` has it by default."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float, parse_int = float, int
    parse_constant = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}.__getitem__


_scan = make_scanner(_Context())  # type: ignore[arg-type]


def loads(data: bytes | str) -> Any:
    """The value of a JSON document in UTF-8; raises ValueError as `json.loads` does."""
    text = data if isinstance(data, str) else data.decode()
    start = len(text) - len(text.lstrip(WHITE))
    try:
        value, end = _scan(text, start)
    except StopIteration:
        end = -1
    if end < 0 or text[end:].strip(WHITE):
        import json

        return json.loads(text)
    return value


def dumps(value: object, *, ensure_ascii: bool = True, separators: tuple[str, str] = (", ", ": "), sort_keys: bool = False) -> str:
    """The text of a value; raises TypeError and ValueError as `json.dumps` does."""
    comma, colon = separators
    quote = encode_basestring_ascii if ensure_ascii else encode_basestring
    return "".join(make_encoder({}, _refuse, quote, None, colon, comma, sort_keys, False, True)(value, 0))


def _refuse(value: object) -> object:
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
