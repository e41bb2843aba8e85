"""What can be said of a stored value without running any code: unpickling runs what a pickle names.

A value of built-in types is shown. Of any other the type and the size are, which its pickle and its entry say; a page loads it only when
somebody asks for it, in a process of its own.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.runtime.store import codec, documents
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.text import shown

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

WIDTH = 200
"""Characters of a value that a table shows."""

HEAD = 1 << 12
"""Bytes of a large value that are looked at to learn its type."""

MAKERS = {
    "numpy.core.multiarray._reconstruct": "numpy.ndarray",
    "numpy._core.multiarray._reconstruct": "numpy.ndarray",
    "numpy.core.numeric._frombuffer": "numpy.ndarray",
    "numpy._core.numeric._frombuffer": "numpy.ndarray",
    "numpy.core.multiarray.scalar": "numpy.generic",
    "numpy._core.multiarray.scalar": "numpy.generic",
    "torch._utils._rebuild_tensor_v2": "torch.Tensor",
    "pyarrow.lib._rebuild_table": "pyarrow.lib.Table",
    "pathlib.PosixPath": "pathlib.Path",
}
"""Functions that pickles call, and the type of what they make."""

BUILT_IN = {
    **dict.fromkeys(("EMPTY_DICT", "DICT"), "dict"),
    **dict.fromkeys(("EMPTY_LIST", "LIST"), "list"),
    **dict.fromkeys(("EMPTY_TUPLE", "MARK"), "tuple"),
    **dict.fromkeys(("NONE",), "None"),
    **dict.fromkeys(("NEWTRUE", "NEWFALSE"), "bool"),
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "LONG1", "LONG4", "INT"), "int"),
    **dict.fromkeys(("BINFLOAT", "FLOAT"), "float"),
    **dict.fromkeys(("SHORT_BINBYTES", "BINBYTES", "BINBYTES8"), "bytes"),
    **dict.fromkeys(("BYTEARRAY8",), "bytearray"),
    **dict.fromkeys(("EMPTY_SET",), "set"),
}
"""Types by the operation that a pickle of them begins with."""


UNREADABLE = (
    *(pickle.UnpicklingError, AttributeError, EOFError, ImportError, IndexError, KeyError, MemoryError, OverflowError),
    *(RecursionError, TypeError, ValueError),
)
"""What an unpickler raises for bytes that are no pickle or are of other types, and `repr` for what it cannot show."""


class Value(NamedTuple):
    """A value: its type, its size in the store in bytes, and a line that shows it; None for what has to be loaded to be seen."""

    type: str
    size: int
    text: str | None
    problem: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether the line shows all of it."""
        return self.text is not None and not self.text.endswith("…")


class _Plain(pickle.Unpickler):
    """Loads built-in types only. It imports nothing and calls nothing."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name} is not loaded here")


def shown_value(entry: bytes, store: Store) -> Value:
    """What can be said of an entry without running code."""
    if codec.is_reference(entry):
        sha, size = codec.reference(entry)
        try:
            return Value(type_of(_head(store, sha, size)), size, None)
        except (Missing, Corrupt, ValueError, IndexError) as error:
            return Value("", size, None, f"its blob cannot be read: {error}")
    try:
        value = _Plain(io.BytesIO(entry)).load()
        return Value(type(value).__name__, len(entry), line(repr(value)))
    except UNREADABLE:
        return Value(type_of(entry), len(entry), None)


def shown_parameter(held: dict[str, Any], store: Store) -> Value:
    """A parameter or a config, as the record of a run has it."""
    if "entry" in held:
        return shown_value(bytes.fromhex(held["entry"]), store)
    value = held["json"]
    return Value(type(value).__name__, len(documents.dump(value)), line(repr(value)))


def line(text: str) -> str:
    """A text in one line of bounded length, without characters that a terminal or a page would obey."""
    flat = shown(" ".join(text[: 4 * WIDTH].split()))
    return flat if len(flat) <= WIDTH else f"{flat[: WIDTH - 1]}…"


def type_of(data: bytes) -> str:
    """The type that a pickle, or the beginning of one, makes, as `module.Class`; "" where that cannot be told."""
    texts: list[str] = []
    try:
        for operation, argument, _ in pickletools.genops(data):
            name = operation.name
            if name in ("PROTO", "FRAME", "MEMOIZE"):
                continue
            if name in ("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8") and len(texts) < 2:
                texts.append(str(argument))
                continue
            if texts:
                return _class(texts) if name == "STACK_GLOBAL" else "str"
            if name == "GLOBAL":
                return _class(str(argument).split(" ", 1))
            return BUILT_IN.get(name, "")
    except (ValueError, OverflowError):  # bytes that are no pickle, or that end in the middle of one
        return "str" if texts else ""
    return "str" if texts else ""


def _class(parts: list[str]) -> str:
    name = ".".join(parts)
    return MAKERS.get(name, name.removeprefix("builtins."))


def _head(store: Store, sha: str, size: int) -> bytes:
    """The beginning of the pickle of a blob (`runtime/store/codec.py`)."""
    data = store.blob_part(sha, 0, min(size, HEAD))
    if data[:8] != codec.MAGIC:
        raise ValueError("it is not a value")
    return data[24 + 8 * int.from_bytes(data[12:16], "little") :]
