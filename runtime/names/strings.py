"""Text and bytes, by the names of `metaflow.util`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def is_stringish(x: object) -> bool:
    """Whether this is text or bytes."""
    return isinstance(x, (bytes, str))


def to_unicode(x: Any) -> str:
    """Bytes of UTF-8 as text; anything else as `str` makes it."""
    return x.decode("utf-8") if isinstance(x, bytes) else str(x)


def to_bytes(x: Any) -> bytes:
    """Text as UTF-8; bytes as they are; anything else as the text that `str` makes."""
    return x if isinstance(x, bytes) else str(x).encode("utf-8")
