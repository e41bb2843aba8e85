"""Opens the store that an address names."""

from __future__ import annotations

from flowport.runtime.store.errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

BUCKETS = ("s3:", "gs:", "az:")
"""With what the addresses of object stores begin, before `//`."""


def open_store(url: str) -> Store:
    """The store at a path, a `file:` address, or an address of an object store such as `s3://bucket/prefix`."""
    scheme, colon, rest = url.partition("://")
    if colon and scheme != "file":
        from flowport.runtime.store.bucket import BucketStore

        return BucketStore(url)
    if url.startswith(BUCKETS):
        meant = f"{url.partition(':')[0]}://{url.partition(':')[2].lstrip('/')}"
        raise StoreError(f"the store `{url}` is no address: write `{meant}`, or `./{url}` for a folder of this name")
    if url.startswith("file:"):
        path = rest if colon else url[5:]
        if colon and not path.startswith("/"):
            raise StoreError(f"the store `{url}` names a machine: write `file:///` and a path, or the path alone")
    else:
        path = url
    if not path:
        raise StoreError("the store has no name: give a folder or an address such as `s3://bucket/prefix`")
    from flowport.runtime.store.folder import FolderStore

    return FolderStore(path)
