"""The value of a stored artifact that is a plain scalar, without running code: an int, a float, a bool, a short text, a NumPy number.

A NumPy number is decoded from its bytes, so NumPy need not be installed.
"""

from __future__ import annotations

import struct
from _pickle import Unpickler, UnpicklingError
from io import BytesIO

from flowport.runtime.metrics.log import is_number
from flowport.runtime.store import codec, packs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.replay.artifact_view import ArtifactView
    from flowport.runtime.store.interface import Store

    Column = dict[str, Any]

LONGEST = 200
"""Bytes of a text that is in the table."""

LARGEST = 2 * LONGEST
"""Bytes of a column that may have a scalar."""

SPAN = 1 << 20
"""Bytes that are read at once to get several columns of a pack."""

FORMATS = {
    "b1": "?", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I", "u8": "Q", "f2": "e", "f4": "f", "f8": "d",
}  # fmt: skip
"""The formats of `struct` for NumPy's types, by their names in a pickle."""


def scalar(entry: bytes) -> int | float | str | bool | None:
    """The value of an entry; None where it is no scalar, and for None itself."""
    if codec.is_reference(entry) or len(entry) > LARGEST:
        return None
    try:
        return plain(_Scalars(BytesIO(entry)).load())
    except (UnpicklingError, AttributeError, EOFError, ImportError, LookupError, TypeError, ValueError, struct.error):
        return None


def plain(value: Any) -> int | float | str | bool | None:
    """The value if it is a scalar that the table has, and None otherwise."""
    is_plain = type(value) is bool or is_number(value) or (type(value) is str and len(value.encode("utf-8", "surrogatepass")) <= LONGEST)
    return value if is_plain else None


def scalars(view: ArtifactView, store: Store) -> dict[str, int | float | str | bool]:
    """The scalars among the artifacts of the item in row 0, by name. A pack is read once."""
    packed: dict[str, list[tuple[str, Column, int]]] = {}
    for name in view.names(0):
        column, row = view.column(name, 0) or ({}, 0)
        is_one = column.get("n") == 1 or "same" in column
        if is_one and column["size"] <= LARGEST and not name.startswith("_"):
            packed.setdefault(column["pack"], []).append((name, column, row))
    found: dict[str, int | float | str | bool] = {}
    for columns in packed.values():
        source = packs.around(store, [column for _, column, _ in columns], SPAN)
        for name, column, row in columns:
            value = scalar(packs.entry(source, column, row))
            if value is not None:
                found[name] = value
    return {name: found[name] for name in sorted(found)}


class _Scalars(Unpickler):
    """Loads built-in types and NumPy's numbers only. It imports nothing and calls nothing of the user's."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("numpy", "dtype"):
            return _Type
        if name == "scalar" and module in ("numpy.core.multiarray", "numpy._core.multiarray"):
            return _number
        raise UnpicklingError(f"{module}.{name} is no scalar")


class _Type:
    """Stands for a type of NumPy's."""

    def __init__(self, name: str, *flags: object) -> None:
        self.format, self.order = FORMATS[name], "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = ">" if state[1] == ">" else "<"


def _number(kind: _Type, data: bytes) -> Any:
    (value,) = struct.unpack(kind.order + kind.format, data)
    return value
