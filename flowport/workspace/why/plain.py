"""Reads the pickles of flowport's own records without running any code: they contain plain data, and of classes at most `CaughtError`."""

from __future__ import annotations

from io import BytesIO
from pickle import Unpickler
from typing import Any

from flowport.runtime.names.caught_error import CaughtError
from flowport.runtime.store.errors import Corrupt

CAUGHT = frozenset({("flowport", "CaughtError"), ("flowport.runtime.execute", "CaughtError")})
"""The names that the class has in pickles of this version and of earlier ones."""


class _Plain(Unpickler):
    def find_class(self, module: str, name: str, /) -> Any:
        if (module, name) in CAUGHT:
            return CaughtError
        raise Corrupt(f"a record refers to `{module}.{name}`, and flowport writes plain data only")


def loads(data: Any, *, buffers: Any = None) -> Any:
    """The value of a pickle; raises Corrupt if it is not plain data."""
    return _Plain(BytesIO(data), buffers=buffers).load()
