"""The operations of a store. `folder` has the store in a folder, `bucket` those in object stores, and `open` chooses.

A key is a path of parts joined by `/`. Parts with names of users are encoded (`keys.part`). A document appears as a whole or not at all.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Protocol

    from typing_extensions import Buffer

    from flowport.runtime.store.entry import Entry

    class Store(Protocol):
        """What the runtime asks of a store. Every method may raise StoreError."""

        @property
        def url(self) -> str:
            """What `open_store` takes to open it again, in any process."""

        def read(self, key: str) -> bytes:
            """The whole document; raises Missing."""

        def part(self, key: str, start: int, size: int) -> bytes:
            """Exactly `size` bytes from `start`; raises Missing, and Corrupt when the document ends before."""

        def create(self, key: str, data: bytes) -> bool:
            """Create a document; False if it exists already with another content.

            An `exists` and an error are read back before they are believed (`settled`): equal bytes are one's own. Where two writers must
            be told apart, their documents have a nonce.
            """

        def replace(self, key: str, data: bytes) -> None:
            """Write a document, and overwrite an existing one."""

        def replace_with_file(self, key: str, path: str) -> tuple[str, int]:
            """The same with the content of a file, which may be larger than the memory; returns its SHA-256 in hex and its size."""

        def replace_if(self, key: str, data: bytes, version: str) -> bool:
            """Overwrite the version that `entry` returned; False if it was replaced or deleted since."""

        def delete(self, key: str) -> None:
            """Remove a document; nothing happens when there is none."""

        def delete_all(self, keys: Sequence[str]) -> None:
            """Remove documents with few requests, and the folders that are empty then."""

        def move(self, key: str, to: str, before: float) -> bool:
            """Give a document another key; False for one that is gone, or was written again since `before`, in seconds since 1970.

            An object store copies and then deletes. If somebody writes the same again in between, this is deleted too, and the copy stays.
            """

        def entry(self, key: str) -> Entry:
            """Size, time and version of a document; raises Missing."""

        def entries(self, prefix: str, after: str = "") -> Iterator[Entry]:
            """Every document whose key begins with `prefix` and comes after `after`, in folders too, sorted by key."""

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

        def put_blob_file(self, path: str) -> tuple[str, int]:
            """Store a file as a blob, as `put_blob` does; it may be larger than the memory."""

        def refresh(self, sha: str, size: int) -> None:
            """Have a blob that is used again count as new, where documents are removed by age; raises Missing."""

        def blob(self, sha: str, size: int) -> Buffer:
            """A new writable buffer with the bytes of a blob. Raises Missing, and Corrupt if they do not match `sha`."""

        def blob_part(self, sha: str, start: int, size: int) -> bytes:
            """Bytes of a blob, not verified: the caller has a digest of the part."""
