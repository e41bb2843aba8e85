"""What `S3` asks of a bucket or a folder. `bucket_storage` and `folder_storage` have the two, `transfers` runs many operations at once.

A root is an address without a key: `s3://bucket`, `gs://bucket`, `az://container`, and `file://` for the whole file system.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Protocol

PLAIN = "binary/octet-stream"
"""The content type that S3 gives an object that was stored without one."""


class Options(NamedTuple):
    """How to reach a bucket, where the environment does not say it."""

    endpoint: str | None = None
    region: str | None = None
    encryption: str | None = None


class Info(NamedTuple):
    """What is known of an object. `metadata` is JSON, and `span` the first byte that was downloaded and the one after the last."""

    size: int
    content_type: str
    metadata: str | None
    last_modified: float
    span: tuple[int, int] | None = None


class Attributes(NamedTuple):
    """What is stored with an object."""

    content_type: str | None = None
    metadata: str | None = None


class Listed(NamedTuple):
    """A line of a listing. A folder has no size, and its key ends in `/`; so does the key of an object that marks a folder."""

    key: str
    size: int | None


class Span(NamedTuple):
    """Bytes of an object: from `start` up to `stop`, or to the end. The last bytes if `start` is negative."""

    start: int
    stop: int | None = None


if TYPE_CHECKING:

    class Storage(Protocol):
        """Objects below a root. Every method raises the exceptions of `exceptions`."""

        def info(self, key: str) -> Info:
            """What is known of an object."""

        def fetch(self, key: str, span: Span | None, path: str, alone: bool) -> Info:
            """Write an object, or bytes of it, into the file at `path`. If it is fetched alone, its parts are fetched at once."""

        def put(self, key: str, source: bytes | str, attributes: Attributes, alone: bool) -> None:
            """Store bytes, or the file with this path, under a key."""

        def encryption(self, key: str) -> str | None:
            """How S3 encrypts an object: `AES256`, `aws:kms`, ..."""

        def level(self, prefix: str) -> list[Listed]:
            """The objects and the folders in `prefix`, which is empty or ends in `/`."""

        def below(self, prefix: str) -> list[Listed]:
            """All objects whose keys begin with `prefix`, sorted."""
