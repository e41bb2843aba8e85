"""Where artifacts and manifests live: what every store offers. `folder.py` has the store in a folder, `remote.py` those in buckets.

A key is a path of parts joined by `/`; who makes keys has encoded what users wrote (`address.part`). What a key names appears
whole or not at all.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
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
            """Put only when nobody was there; False when somebody else was.

            An `exists` and an error are read back before they are believed (`settled`): equal bytes are one's own. Where two writers must
            be told apart, their documents have a nonce.
            """

        def replace(self, key: str, data: bytes) -> None:
            """Put, whoever was there."""

        def replace_with_file(self, key: str, path: str) -> None:
            """The same with the content of a file, which may be larger than the memory."""

        def exists(self, key: str) -> bool:
            """Whether the document is there."""

        def names(self, prefix: str) -> list[str]:
            """The sorted keys that begin with `prefix` and have no further `/`."""

        def folders(self, prefix: str) -> list[str]:
            """The sorted names of the folders in `prefix`, which is empty or ends in `/`."""

        def size(self, key: str) -> int:
            """How many bytes a document has; raises Missing."""

        def count(self, prefix: str, suffix: str) -> int:
            """How many of `prefix` + number + `suffix` exist, counted from 0 up to the first that does not."""

        def put_blob(self, parts: Sequence[Buffer]) -> tuple[str, int]:
            """Store the parts as one blob, named by its content; returns its SHA-256 in hex and its size.

            One that is there already is refreshed.
            """

        def refresh(self, sha: str, size: int) -> None:
            """Have a blob that is used again count as new, where documents are removed by age; raises Missing."""

        def blob(self, sha: str, size: int) -> Buffer:
            """A writable buffer of one's own with the blob's bytes; raises Missing, and Corrupt when they do not match `sha`."""

        def blob_part(self, sha: str, start: int, size: int) -> bytes:
            """Bytes of a blob, not verified: the caller has a digest of the part."""


DAY = 86_400
"""Seconds after which a blob that is used again is refreshed: its age is right to a day."""

ATTEMPTS = 5
"""How often an unanswered create is tried before its error is believed."""


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


def settled(put: Callable[[], bool], read: Callable[[], bytes], data: bytes) -> bool:
    """Whether `data` is what a create-only put came to. Where it answers `exists`, or fails, what is there decides.

    A client whose answer was lost repeats its put, and is then told of its own document that it exists (S3's `If-None-Match`).
    """
    failure: Refusal | None = None
    for _ in range(ATTEMPTS):
        try:
            if put():
                return True
            failure = None
        except Refusal as error:
            failure = error
        try:
            return read() == data
        except Missing:
            continue
        except Refusal as error:
            raise failure or error from None
    raise failure or Refusal("the store says that a document exists, but does not return it")


def ensure(store: Store, key: str, data: bytes) -> None:
    """Have a document that every try writes alike; raises Corrupt when another stands in its place, which an engine would follow."""
    if not store.create(key, data):
        raise Corrupt(f"`{key}` in the store `{store.url}` is not what this task writes there: remove it")


def blob_key(sha: str) -> str:
    """Where a blob is."""
    return f"blobs/{sha[:2]}/{sha}"


def is_sha(name: object) -> bool:
    """Whether this is a SHA-256 in hex, as blobs and code packages are named: nothing else may lead to a file or a folder."""
    return isinstance(name, str) and len(name) == 64 and not name.strip("0123456789abcdef")


def checked(key: str) -> str:
    """The key; raises Refusal when it could lead out of the store, or could be read in two ways."""
    for part in key.split("/"):
        if part in ("", ".", "..") or "\0" in part:
            raise Refusal(f"the store takes no key like {key!r}: its parts are names, neither empty nor `.` nor `..`")
    return key
