"""The functions of `metaflow.util` and `metaflow.metaflow_version` that flows use: who runs a flow, text and bytes, the version."""

from __future__ import annotations

from flowport.runtime.names.current import username
from flowport.runtime.names.exceptions import MetaflowUnknownUser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def get_username() -> str | None:
    """The user's name from the environment; None for root and for nobody."""
    return username()


def resolve_identity() -> str:
    """The namespace of the user, `user:NAME`; raises MetaflowUnknownUser."""
    name = username()
    if name is None:
        raise MetaflowUnknownUser
    return f"user:{name}"


def is_stringish(x: object) -> bool:
    """Whether this is text or bytes."""
    return isinstance(x, (bytes, str))


def to_unicode(x: Any) -> str:
    """Bytes of UTF-8 as text; anything else as `str` makes it."""
    return x.decode("utf-8") if isinstance(x, bytes) else str(x)


def to_bytes(x: Any) -> bytes:
    """Text as UTF-8; bytes as they are; anything else as the text that `str` makes."""
    return x if isinstance(x, bytes) else str(x).encode("utf-8")


def get_version(public: bool = False) -> str:
    """The version of flowport, which is also `__version__` of the stand-in for `metaflow`."""
    from flowport import __version__

    return __version__
