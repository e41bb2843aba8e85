"""Where artifacts and manifests live: what every store offers. `folder.py` has the store in a folder, `remote.py` those in buckets.

A key is a path of parts joined by `/`; who makes keys has encoded what users wrote (`address.part`). What a key names appears
whole or not at all.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from typing_extensions import Buffer

    class Store(Protocol):
        """What the runtime asks of a store. Every method may raise Refusal."""

        @property
        def url(self) -> str:
            """What `open_store` takes to open it again, in any process."""

        def read(self, key: str) -> bytes:
            """The whole document; raises Missing."""

        def part(self, key: str, start: int, size: int) -> bytes:
            """Exactly `size` bytes from `start`; raises Missing, and Corrupt when the document ends before."""

        def create(self, key: str, data: bytes) -> bool:
            """Put only when nobody was there. False may also be one's own put, repeated by a client that got no answer: read back."""

        def replace(self, key: str, data: bytes) -> None:
            """Put, whoever was there."""

        def exists(self, key: str) -> bool:
            """Whether the document is there."""

        def names(self, prefix: str) -> list[str]:
            """The sorted keys that begin with `prefix` and have no further `/`."""

        def folders(self, prefix: str) -> list[str]:
            """The sorted names of the folders in `prefix`, which is empty or ends in `/`."""

        def count(self, prefix: str, suffix: str) -> int:
            """How many of `prefix` + number + `suffix` exist, counted from 0 up to the first that does not."""

        def put_blob(self, parts: Sequence[Buffer]) -> tuple[str, int]:
            """Store the parts as one blob, named by its content; returns its SHA-256 in hex and its size."""

        def blob(self, sha: str, size: int) -> Buffer:
            """A writable buffer of one's own with the blob's bytes; raises Missing, and Corrupt when they do not match `sha`."""

        def blob_part(self, sha: str, start: int, size: int) -> bytes:
            """Bytes of a blob, not verified: the caller has a digest of the part."""


class Missing(Exception):
    """There is nothing at a key."""


class Corrupt(Exception):
    """What is stored does not match its digest."""


class Refusal(Exception):
    """The store does not do what it was asked: no permission, no space, no answer."""


def open_store(url: str) -> Store:
    """The store at a path, a `file:` address, or an address of an object store such as `s3://bucket/prefix`."""
    scheme, colon, rest = url.partition("://")
    if colon and scheme != "file":
        from flowport.runtime.remote import RemoteStore

        return RemoteStore(url)
    if url.startswith("file:"):
        path = rest if colon else url[5:]
        if colon and not path.startswith("/"):
            raise Refusal(f"the store `{url}` names a machine: write `file:///` and a path, or the path alone")
    else:
        path = url
    if not path:
        raise Refusal("the store has no name: give a folder or an address such as `s3://bucket/prefix`")
    from flowport.runtime.folder import FolderStore

    return FolderStore(path)


def blob_key(sha: str) -> str:
    """Where a blob is."""
    return f"blobs/{sha[:2]}/{sha}"


def checked(key: str) -> str:
    """The key; raises Refusal when it could lead out of the store, or could be read in two ways."""
    for part in key.split("/"):
        if part in ("", ".", "..") or "\0" in part:
            raise Refusal(f"the store takes no key like {key!r}: its parts are names, neither empty nor `.` nor `..`")
    return key
