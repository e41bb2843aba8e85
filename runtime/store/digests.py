"""SHA-256: the implementation of the interpreter for small data, as it starts fastest, and OpenSSL, four times as fast, for large data."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from hashlib import _Hash as Hash

    from typing_extensions import Buffer

try:
    from _sha256 import sha256 as _own  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    try:
        from _sha2 import sha256 as _own  # type: ignore[import-not-found, unused-ignore]  # its name since Python 3.12
    except ImportError:
        from hashlib import sha256 as _own

LARGE = 1 << 18
"""Bytes from which loading OpenSSL (1.5 ms) pays; where it is loaded already, it is used for any number."""

CHUNK = 1 << 23
"""Bytes that are hashed or written in one call: long enough to be free of overhead, short enough to stop in between."""


def new(size: int = 0) -> Hash:
    """An empty SHA-256 for about `size` bytes."""
    if size < LARGE and "_hashlib" not in sys.modules:
        return _own()  # type: ignore[no-any-return, unused-ignore]
    try:
        from _hashlib import openssl_sha256
    except ImportError:  # an interpreter that was built without OpenSSL
        return _own()  # type: ignore[no-any-return, unused-ignore]
    return openssl_sha256()


def flat(part: Buffer) -> memoryview:
    """The bytes of a contiguous buffer, without a copy."""
    view = memoryview(part)
    return view if view.format == "B" and view.ndim == 1 else view.cast("B")


def of(data: Buffer) -> str:
    """The digest of one buffer, in hex."""
    view = data if type(data) is bytes else flat(data)
    digest = new(len(view))
    digest.update(view)
    return digest.hexdigest()


def of_parts(parts: Iterable[Buffer]) -> str:
    """The digest of buffers that follow each other, in hex."""
    views = [flat(part) for part in parts]
    digest = new(sum([len(view) for view in views]))
    for view in views:
        digest.update(view)
    return digest.hexdigest()


class FileDigest:
    """The content of a file in pieces of `chunk` bytes, and the digest and the size of what was read when it was last gone through."""

    __slots__ = ("_chunk", "_digest", "path", "size")

    def __init__(self, path: str, chunk: int = CHUNK) -> None:
        self.path, self._chunk, self.size = path, chunk, 0
        self._digest = new()

    def __iter__(self) -> Iterator[bytes]:
        self.size = 0
        with open(self.path, "rb", buffering=0) as file:
            self._digest = new(os.fstat(file.fileno()).st_size)
            while data := file.read(self._chunk):
                self._digest.update(data)
                self.size += len(data)
                yield data

    def read(self) -> FileDigest:
        """Go through the file; returns itself."""
        for _ in self:
            continue
        return self

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


class Background:
    """Hashes `views` in a thread of its own, while the caller writes them; hashing and writing both release the interpreter's lock."""

    __slots__ = ("_digest", "_done", "_stopped")

    def __init__(self, views: list[memoryview]) -> None:
        import _thread

        self._digest = new(sum([len(view) for view in views]))
        self._done = _thread.allocate_lock()
        self._stopped = False
        self._done.acquire()
        _thread.start_new_thread(self._run, (views,))

    def _run(self, views: list[memoryview]) -> None:
        try:
            for view in views:
                for start in range(0, len(view), CHUNK):
                    if self._stopped:
                        return
                    self._digest.update(view[start : start + CHUNK])
        finally:
            self._done.release()

    def hexdigest(self) -> str:
        """Waits for the end."""
        self._done.acquire()
        return self._digest.hexdigest()

    def stop(self) -> None:
        """Returns when the thread no longer looks at the buffers."""
        self._stopped = True
        self._done.acquire()
