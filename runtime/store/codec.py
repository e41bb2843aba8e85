"""Values to stored bytes and back.

An entry stands for a value in a pack: a small value is its pickle; of a big one, `R`, the SHA-256 and the size of a blob:

    magic (8)  codec (1)  zeros (3)  number of buffers (4)  size of the head (8)  size of each buffer (8 each)
    head: the pickle (protocol 5)
    the buffers, each at a multiple of 64

A buffer is the memory of a NumPy array, a pandas block or an Arrow column. It is written from where it lies, and read into a private
map of the file which then is the memory of the value: neither way copies it. Numbers are little-endian.
"""

from __future__ import annotations

import sys
from copyreg import dispatch_table

from flowport.runtime.store import digests
from flowport.runtime.store.errors import Corrupt

# Not `pickle`, which loads `re` to compute its `__all__` (5 ms). And `_pickle` wants nothing of `functools` but `partial`, which is
# `_functools.partial`; `functools` would load `collections` and more (2 ms).
if "functools" in sys.modules:
    from _pickle import Pickler, dumps, loads
else:
    import _functools  # type: ignore[import-not-found]

    sys.modules["functools"] = _functools
    try:
        from _pickle import Pickler, dumps, loads
    finally:
        del sys.modules["functools"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence, Sized
    from pickle import PickleBuffer
    from typing import Any

    from typing_extensions import Buffer

    from flowport.runtime.store.interface import Store

INLINE = 1 << 16
"""Bytes up to which a value's pickle stands in the pack itself."""

MAGIC = b"flowport"
PICKLE = 1
ALIGNMENT = 64
REFERENCE = 1 + 32 + 8

SMALL = 1 << 12
"""Bytes up to which a buffer stays in the pickle, and a text is pickled in one piece."""

PLAIN_LIMIT = 1000
"""Up to how many parts a value is looked through to see that it is plain."""

ATOMS = frozenset((type(None), bool, int, float, complex, str, bytes))
TEXTS = frozenset((str, bytes))


class Unstorable(Exception):
    """A value that cannot be pickled; `culprit` names the type inside it that cannot."""

    def __init__(self, culprit: str, reason: str) -> None:
        super().__init__(f"a value of type `{culprit}` cannot be stored: {reason}")
        self.culprit = culprit
        self.reason = reason


def encode(value: object, store: Store) -> bytes:
    """The entry of a value; a big value is put into the store as a blob. Raises Unstorable."""
    parts, size = _parts(value)
    if size <= INLINE:
        return b"".join(parts)
    return _reference(*store.put_blob(parts))


def digest(value: object) -> bytes:
    """The entry that `encode` would give, without storing or copying anything."""
    parts, size = _parts(value)
    if size <= INLINE:
        return b"".join(parts)
    return _reference(digests.of_parts(parts), size)


def decode(entry: bytes, store: Store, load: Callable[..., Any] = loads) -> Any:
    """The value of an entry; a new one each time. Raises Missing and Corrupt, which name the blob, and whatever unpickling raises.

    `load` is called as `pickle.loads` is.
    """
    if entry[:1] != b"R":
        return load(entry)
    sha, size = reference(entry)
    return _decoded(store.blob(sha, size), sha, load)


def decode_all(entries: Sequence[bytes], store: Store) -> list[object]:
    """The value of each entry, as `decode` gives it."""
    return [loads(entry) if entry[0] != 0x52 else decode(entry, store) for entry in entries]


def decode_inline(entries: Sequence[bytes]) -> list[object] | None:
    """The value of each entry when none of them is a reference."""
    if 0x52 in [entry[0] for entry in entries]:
        return None
    return [loads(entry) for entry in entries]


def is_reference(entry: bytes) -> bool:
    """Whether the value is in a blob of its own."""
    return entry[:1] == b"R"


def reference(entry: bytes) -> tuple[str, int]:
    """The SHA-256 in hex and the size of the blob that a reference names."""
    return entry[1:33].hex(), int.from_bytes(entry[33:REFERENCE], "little")


def frozen(value: object) -> bool:
    """Whether a value is of an immutable built-in type all the way down, so that no step can have changed it in place."""
    seen: set[int] = set()
    left = [value]
    while left:
        part = left.pop()
        kind = type(part)
        if kind in ATOMS:
            continue
        if kind is not tuple and kind is not frozenset:
            return False
        if id(part) not in seen:
            seen.add(id(part))
            left.extend(part)  # type: ignore[arg-type]
    return True


def _reference(sha: str, size: int) -> bytes:
    return b"R" + bytes.fromhex(sha) + size.to_bytes(8, "little")


def _parts(value: object) -> tuple[Sequence[Buffer], int]:
    """What is stored of a value, in pieces: an inline pickle, or when there is more than INLINE of it, a blob."""
    if type(value) in ATOMS and not (type(value) in TEXTS and len(value) > SMALL):  # type: ignore[arg-type]
        data = dumps(value, 5)
        if len(data) <= INLINE:
            return [data], len(data)
    buffers: list[memoryview] = []

    def keep(buffer: PickleBuffer) -> bool:
        """Whether the buffer stays in the pickle."""
        view = buffer.raw()
        if len(view) <= SMALL:
            return True
        buffers.append(view)
        return False

    head = _chunks(value, keep)
    if buffers and _size(head) + _size(buffers) <= INLINE:
        buffers.clear()
        head = _chunks(value, None)
    size = _size(head)
    if not buffers and size <= INLINE:
        return head, size
    return _blob_parts(head, size, buffers)


def _size(parts: Sequence[Sized]) -> int:
    return sum([len(part) for part in parts])


def _chunks(value: object, keep: Callable[[PickleBuffer], bool] | None) -> list[bytes]:
    """The pickle of a value, in the pieces that the pickler makes: a long `bytes` is a piece by itself and is not copied.

    The memo is off for plain values: with it the bytes would say which equal strings are the same object, and that differs between
    processes. Equal plain values have equal bytes.
    """
    if "pathlib._local" in sys.modules:
        _name_paths()
    sink = _Sink()
    pickler = Pickler(sink, 5, buffer_callback=keep)
    pickler.fast = _plain(value)
    if numpy := sys.modules.get("numpy"):
        pickler.dispatch_table = {**dispatch_table, numpy.ndarray: _array}
    try:
        pickler.dump(value)
    except MemoryError:
        raise
    except Exception as error:  # whatever a `__reduce__` of the user's raises
        raise Unstorable(_culprit(value), str(error) or type(error).__name__) from error
    return sink.chunks


def _name_paths() -> None:
    """Let paths be of the module that every Python has: in 3.13 they say that they are of `pathlib._local`, which earlier ones lack."""
    local = sys.modules["pathlib._local"]
    for name in ("PurePath", "PurePosixPath", "PureWindowsPath", "Path", "PosixPath", "WindowsPath"):
        if getattr(local, name).__module__ == local.__name__:
            getattr(local, name).__module__ = "pathlib"


def _array(array: Any) -> Any:
    """A small array as before protocol 5, which makes one that does not own its memory and so cannot be resized."""
    return array.__reduce_ex__(4 if array.nbytes <= SMALL else 5)


class _Sink:
    """What the pickler writes to."""

    __slots__ = ("chunks",)

    def __init__(self) -> None:
        self.chunks: list[bytes] = []

    def write(self, chunk: bytes | bytearray | memoryview) -> int:
        # A view is of memory that the pickler reuses.
        self.chunks.append(bytes(chunk) if type(chunk) is memoryview else chunk)  # type: ignore[arg-type]
        return len(chunk)


def _plain(value: object) -> bool:
    """Whether a value is small and made of built-in atoms, tuples, lists and dicts, none of which can be seen to be in it twice."""
    left, looked, seen = [value], 0, set()
    while left:
        part = left.pop()
        looked += 1
        kind = type(part)
        if kind in ATOMS:
            continue
        if kind is tuple:
            inner: Iterable[object] = part  # type: ignore[assignment]
        elif kind is list or kind is dict:
            if id(part) in seen:
                return False
            seen.add(id(part))
            inner = part if kind is list else [*part, *part.values()]  # type: ignore[misc, attr-defined, assignment]
        else:
            return False
        if looked + len(inner) > PLAIN_LIMIT:  # type: ignore[arg-type]
            return False
        left.extend(inner)
    return True


def _culprit(value: object) -> str:
    """The type at which pickling stops: the last that the pickler asked about."""
    import pickle

    from flowport.runtime.text import type_name

    class Asking(pickle.Pickler):
        last: object = value

        def reducer_override(self, part: object) -> Any:
            self.last = part
            return NotImplemented

    asking = Asking(_Sink(), 5, buffer_callback=lambda _: False)
    try:
        asking.dump(value)
    except Exception:  # the same error again: it is the place that is wanted
        return type_name(asking.last)
    return type_name(value)


def _blob_parts(head: list[bytes], size: int, buffers: list[memoryview]) -> tuple[list[Buffer], int]:
    sizes = [len(view) for view in buffers]
    header = b"".join(
        [MAGIC, bytes([PICKLE, 0, 0, 0]), len(sizes).to_bytes(4, "little"), *[number.to_bytes(8, "little") for number in [size, *sizes]]]
    )
    parts: list[Buffer] = [header, *head]
    end = len(header) + size
    for view in buffers:
        padding = -end % ALIGNMENT
        parts += [bytes(padding), view]
        end += padding + len(view)
    return parts, end


def _decoded(blob: Buffer, sha: str, load: Callable[..., Any]) -> Any:
    """The value of a verified blob; its buffers are parts of the blob's memory."""
    view = memoryview(blob)
    if view[:8] != MAGIC or view[8] != PICKLE:
        raise Corrupt(f"blob `{sha}` is not a value, or was stored by a later version of flowport")
    number = int.from_bytes(view[12:16], "little")
    end = 24 + 8 * number
    size, *sizes = [int.from_bytes(view[at : at + 8], "little") for at in range(16, end, 8)]
    head = view[end : end + size]
    end += size
    buffers = []
    for length in sizes:
        start = end + -end % ALIGNMENT
        end = start + length
        buffers.append(view[start:end])
    return load(head, buffers=buffers)
