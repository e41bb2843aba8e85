"""What `S3` takes and returns: `S3GetObject`, `S3PutObject`, `S3Object` and `RangeInfo`. Fields and their meaning are Metaflow's."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from flowport.runtime.datatools.storage import Info

MISSING = "object does not exist"


class S3GetObject(NamedTuple):
    """A part of an object: `length` bytes from `offset` on, all from there if None, the last `-length` bytes if negative."""

    key: str
    offset: int | None
    length: int | None


class S3PutObject(NamedTuple):
    """An object to store: a `value`, or the file at `path`, with a content type and with metadata that JSON can express."""

    key: str
    value: Any = None
    path: str | None = None
    content_type: str | None = None
    encryption: str | None = None
    metadata: dict[str, Any] | None = None


class RangeInfo(NamedTuple):
    """Which bytes of an object were downloaded."""

    total_size: int
    request_offset: int = 0
    request_length: int = -1


class S3Object:
    """An address and what is known of its object: `exists`, `size`, and if it was downloaded `path`, `blob` and `text`."""

    def __init__(
        self,
        prefix: str | None,
        url: str,
        size: int | None = None,
        path: str | None = None,
        info: tuple[Info, Callable[[], str | None]] | None = None,
    ) -> None:
        self._url, self._path = url, path
        self._size = os.stat(path).st_size if path else size
        self._info = info
        self._prefix = None if prefix == url else prefix
        self._key = url if self._prefix is None else url[len(self._prefix.rstrip("/")) + 1 :].rstrip("/")

    @property
    def url(self) -> str:
        """The whole address."""
        return self._url

    @property
    def prefix(self) -> str | None:
        """What `key` is relative to: the root of the `S3`, or the prefix that was listed. None if `key` is the whole address."""
        return self._prefix

    @property
    def key(self) -> str:
        """The address below `prefix`, without a slash at the end."""
        return self._key

    @property
    def exists(self) -> bool:
        """Whether there is an object. A listed folder is none."""
        return self._size is not None

    @property
    def downloaded(self) -> bool:
        """Whether `path`, `blob` and `text` are there."""
        return bool(self._path)

    @property
    def path(self) -> str | None:
        """The local copy, which is removed when the `S3` closes; None if the object was not downloaded."""
        return self._path

    @property
    def blob(self) -> bytes | None:
        """The content, read from `path`."""
        if not self._path:
            return None
        with open(self._path, "rb") as file:
            return file.read()

    @property
    def text(self) -> str | None:
        """The content as UTF-8; bytes that are no UTF-8 become `\\ufffd`."""
        blob = self.blob
        return None if blob is None else blob.decode("utf-8", "replace")

    @property
    def size(self) -> int | None:
        """How many bytes there are, after downloading a part those of the part; None if there is no object."""
        return self._size

    @property
    def has_info(self) -> bool:
        """Whether `content_type`, `metadata`, `encryption` and `last_modified` were requested with the object."""
        return self._info is not None

    @property
    def metadata(self) -> dict[str, Any] | None:
        """What was given as `metadata` when the object was stored; None if it is no JSON, as other programs may write."""
        text = self._info and self._info[0].metadata
        try:
            return json.loads(text) if text else None
        except ValueError:
            return None

    @property
    def content_type(self) -> str | None:
        """The MIME type."""
        return self._info and self._info[0].content_type

    @property
    def last_modified(self) -> float | None:
        """When the object was stored, in seconds since 1970."""
        return self._info and self._info[0].last_modified

    @property
    def range_info(self) -> RangeInfo | None:
        """Which bytes were downloaded."""
        span = self._info and self._info[0].span
        return RangeInfo(self._info[0].size, span[0], span[1] - span[0]) if self._info and span else None

    @property
    def encryption(self) -> str | None:
        """How S3 encrypts the object, such as `AES256`. Reading it makes a request."""
        return self._info and self._info[1]()

    def __str__(self) -> str:
        where = "local" if self._path else "in S3"
        return f"<S3Object {self._url} ({f'{self._size} bytes, {where}' if self.exists else MISSING})>"

    __repr__ = __str__
