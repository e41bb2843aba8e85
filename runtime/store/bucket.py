"""Stores in S3, Google Cloud Storage and Azure, by way of obstore.

Keys are used as they are, so that an engine can read a route itself. obstore repeats requests that failed for want of a connection or of a
good response, but not requests whose response was cut off (`responses.whole`). If it repeats a put that had succeeded, it reports that the
document exists (`writes.settled`). All other errors become a StoreError.

obstore takes what it needs from the environment: `AWS_ENDPOINT_URL`, `AWS_REGION`, keys or a role of the container, `GOOGLE_*`, `AZURE_*`.
`AWS_ALLOW_HTTP=true` lets it talk to an endpoint without encryption; one on this machine may do without. It does not know the profiles
of `~/.aws`: if there are only those, boto3 reads them.
"""

from __future__ import annotations

import builtins
import os
import time

from flowport.runtime.store import digests
from flowport.runtime.store.connection import Process, anywhere, connected, listed
from flowport.runtime.store.entry import Entry
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.store.keys import before, blob_key, checked
from flowport.runtime.store.obstore_extension import exceptions, obstore
from flowport.runtime.store.responses import ERRORS, reason, whole
from flowport.runtime.store.writes import DAY, settled, wherever

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from obstore import ObjectMeta
    from obstore.store import ObjectStore
    from typing_extensions import Buffer

SCHEMES = ("s3", "gs", "az")

LARGE = 1 << 20
"""Bytes from which a blob is looked for before it is sent."""

PART = 1 << 23
PARTS = 9000
"""Bytes in a part of an upload, and how many parts there may be; S3 takes 10,000 of at least 5 MiB."""

COPIED = 5 << 30
"""Bytes that S3 copies with one request (Amazon S3 API reference, CopyObject)."""

PAGE = 1000
"""Entries that S3 returns for one request of a listing, and keys that it takes for one deletion."""

INVALID = "invalid path"
"""What obstore says of keys that are no paths to it: `a//b`, `a/../b`, control characters. It gives up the whole listing."""


class BucketStore:
    """A store in a bucket, below the prefix that its address names."""

    def __init__(self, url: str) -> None:
        scheme, _, rest = url.partition("://")
        bucket, _, prefix = rest.partition("/")
        if scheme not in SCHEMES:
            raise StoreError(f"the store `{url}` is of a kind that is not known: a folder, `s3://`, `gs://` and `az://` are")
        if not bucket:
            raise StoreError(f"the store `{url}` names no bucket")
        prefix = prefix.strip("/")
        self.url = f"{scheme}://{bucket}" + (f"/{checked(prefix)}" if prefix else "")
        # Directory buckets of S3 Express list in no order and from no key on; neither Google nor Azure promises either.
        self._sorted = scheme == "s3" and not bucket.endswith("--x-s3")
        try:
            self._client = connected(scheme, self.url)
        except ERRORS as error:
            raise self._refusal("open", error) from error

    @property
    def _store(self) -> ObjectStore:
        if Process.orphaned:
            raise StoreError(f"the store `{self.url}` was used before this process was forked: start a process of its own instead")
        Process.used = True
        return self._client

    @anywhere
    def read(self, key: str) -> bytes:
        try:
            return whole(lambda: bytes(obstore.get(self._store, checked(key)).bytes()))
        except ERRORS as error:
            raise self._reading(key, error) from error

    @anywhere
    def part(self, key: str, start: int, size: int) -> bytes:
        if size == 0:
            return b""
        try:
            data = whole(lambda: bytes(obstore.get_range(self._store, checked(key), start=start, length=size)))
        except ERRORS as error:
            # The name of a bucket or of a key may have these digits too.
            if isinstance(error, FileNotFoundError) or "416" not in reason(error).replace(self.url.split("/")[2], "").replace(key, ""):
                raise self._reading(key, error) from error
            data = b""
        if len(data) < size:
            raise Corrupt(f"`{key}` in the store `{self.url}` ends before byte {start + size}")
        return data

    @anywhere
    def create(self, key: str, data: bytes) -> bool:
        return settled(lambda: self._put_new(key, data), lambda: self.read(key), data)

    def _put_new(self, key: str, data: bytes) -> bool:
        """A create-only put, and what it was answered."""
        try:
            obstore.put(self._store, checked(key), data, mode="create", use_multipart=False)
        except exceptions.AlreadyExistsError:
            return False
        except ERRORS as error:
            raise self._refusal(f"write `{key}`", error) from error
        return True

    @anywhere
    def replace(self, key: str, data: bytes) -> None:
        try:
            whole(lambda: obstore.put(self._store, checked(key), data, use_multipart=False))
        except ERRORS as error:
            raise self._refusal(f"write `{key}`", error) from error

    @anywhere
    def replace_with_file(self, key: str, path: str) -> tuple[str, int]:
        source = digests.FileDigest(path, PART)
        try:
            size = os.path.getsize(path)
            whole(lambda: obstore.put(self._store, checked(key), iter(source), chunk_size=max(PART, size // PARTS), max_concurrency=4))
        except ERRORS as error:
            raise self._refusal(f"write `{key}`", error) from error
        return source.hexdigest(), source.size

    @anywhere
    def exists(self, key: str) -> bool:
        return self._length(key) is not None

    @anywhere
    def size(self, key: str) -> int:
        found = self._length(key)
        if found is None:
            raise Missing(f"`{key}` is not in the store `{self.url}`")
        return found

    @anywhere
    def replace_if(self, key: str, data: bytes, version: str) -> bool:
        try:
            obstore.put(self._store, checked(key), data, mode={"e_tag": version}, use_multipart=False)
        except (exceptions.PreconditionError, FileNotFoundError):
            return False
        except ERRORS as error:
            raise self._refusal(f"write `{key}`", error) from error
        return True

    @anywhere
    def delete(self, key: str) -> None:
        try:
            whole(lambda: obstore.delete(self._store, checked(key)))
        except FileNotFoundError:
            return
        except ERRORS as error:
            raise self._refusal(f"delete `{key}`", error) from error

    @anywhere
    def delete_all(self, keys: Sequence[str]) -> None:
        for first in range(0, len(keys), PAGE):
            self._delete_page([checked(key) for key in keys[first : first + PAGE]])

    def _delete_page(self, keys: builtins.list[str]) -> None:
        try:
            whole(lambda: obstore.delete(self._store, keys))
        except FileNotFoundError:  # Google Cloud Storage says so if one of them is gone already
            for key in keys:
                self.delete(key)
        except ERRORS as error:
            raise self._refusal(f"delete `{keys[0]}`", error) from error

    @anywhere
    def move(self, key: str, to: str, before: float) -> bool:
        found = self._meta(key)
        if found is None or found["last_modified"].timestamp() >= before:
            return False
        try:
            if found["size"] <= COPIED:
                obstore.copy(self._store, checked(key), checked(to))
            else:
                self._copy_in_parts(key, to, max(PART, found["size"] // PARTS))
        except FileNotFoundError:
            return False
        except ERRORS as error:
            raise self._refusal(f"copy `{key}`", error) from error
        self.delete(key)
        return True

    def _copy_in_parts(self, key: str, to: str, size: int) -> None:
        """Copy what is too large for one request; obstore hands on what it reads only between operations that are both asynchronous."""
        import asyncio

        async def copy() -> None:
            found = await obstore.get_async(self._store, key)
            await obstore.put_async(self._store, checked(to), found.stream(), chunk_size=size, max_concurrency=4)

        asyncio.run(copy())

    @anywhere
    def entry(self, key: str) -> Entry:
        found = self._meta(key)
        if found is None:
            raise Missing(f"`{key}` is not in the store `{self.url}`")
        return _entry(found)

    @anywhere
    def entries(self, prefix: str, after: str = "") -> Iterator[Entry]:
        try:
            pages = obstore.list(self._store, prefix.rpartition("/")[0] or None, offset=after or None, chunk_size=PAGE)
            found = (_entry(one) for page in pages for one in page if one["path"].startswith(prefix) and one["path"] > after)
            # A page is asked for when its first entry is wanted.
            yield from found if self._sorted else sorted(found, key=lambda entry: entry.key)
        except ERRORS as error:
            raise self._refusal(f"list `{prefix or '/'}`", error) from error

    @anywhere
    def names(self, prefix: str) -> builtins.list[str]:
        folder, slash, start = prefix.rpartition("/")
        try:
            found = whole(lambda: list(self._from(prefix, folder) if start and self._sorted else self._files(folder)))
        except ERRORS as error:
            found = self._any(prefix, error)[0]
        return sorted({key for key in found if key.startswith(prefix) and "/" not in key[len(folder + slash) :]})

    @anywhere
    def folders(self, prefix: str) -> builtins.list[str]:
        try:
            found = whole(lambda: obstore.list_with_delimiter(self._store, prefix[:-1] or None)["common_prefixes"])
        except ERRORS as error:
            return sorted(self._any(prefix, error)[1])
        return sorted([path.rpartition("/")[2] for path in found])

    @anywhere
    def count(self, prefix: str, suffix: str) -> int:
        there = set(self.names(prefix))
        number = 0
        while f"{prefix}{number}{suffix}" in there:
            number += 1
        return number

    def put_blob(self, parts: Sequence[Buffer]) -> tuple[str, int]:
        views = [digests.flat(part) for part in parts]
        size = sum([len(view) for view in views])
        sha = digests.of_parts(views)
        key = blob_key(sha)
        if size >= LARGE and (found := self._meta(key)) is not None and found["size"] == size and not _is_old(found):
            return sha, size
        try:
            whole(lambda: self._put(key, views, size))
        except ERRORS as error:
            # Of an upload in parts whose last answer was lost, the repeated request says that there is no such upload.
            if size <= PART or self._length(key) != size:
                raise self._refusal("write a blob", error) from error
        return sha, size

    def _put(self, key: str, views: list[memoryview], size: int) -> None:
        if size <= PART:
            obstore.put(self._store, key, b"".join(views), use_multipart=False)
        else:
            obstore.put(self._store, key, _pieces(views), chunk_size=max(PART, size // PARTS), max_concurrency=4)

    @anywhere
    def put_blob_file(self, path: str) -> tuple[str, int]:
        source = digests.FileDigest(path, PART)
        try:
            source.read()
            sha, size = source.hexdigest(), source.size
            key = blob_key(sha)
            found = self._meta(key)
            if found is None or found["size"] != size or _is_old(found):
                parts = max(PART, size // PARTS)
                whole(lambda: obstore.put(self._store, key, _same(source, sha), chunk_size=parts, max_concurrency=4))
        except ERRORS as error:
            raise self._refusal("write a blob", error) from error
        return sha, size

    @anywhere
    def refresh(self, sha: str, size: int) -> None:
        key = blob_key(sha)
        found = self._meta(key)
        if found is None or _is_old(found):
            data = memoryview(self.blob(sha, size))
            try:
                whole(lambda: self._put(key, [data], size))
            except ERRORS as error:
                raise self._refusal("write a blob", error) from error

    @anywhere
    def blob(self, sha: str, size: int) -> Buffer:
        data = bytearray(size)
        found = wherever(self, blob_key(sha), lambda key: self._filled(data, key))
        if found != sha:
            raise Corrupt(f"blob `{sha}` in the store `{self.url}` does not match its digest")
        return data

    def _filled(self, data: bytearray, key: str) -> str:
        try:
            return whole(lambda: self._fill(data, key))
        except ERRORS as error:
            raise self._reading(key, error) from error

    def _fill(self, data: bytearray, key: str) -> str:
        """Read a blob into a buffer; its digest, "" when it is of another size."""
        end, digest = 0, digests.new(len(data))
        answer = obstore.get(self._store, key)
        if answer.meta["size"] == len(data):
            for chunk in answer.stream():
                digest.update(chunk)
                data[end : end + len(chunk)] = chunk
                end += len(chunk)
        return digest.hexdigest() if end == len(data) == answer.meta["size"] else ""

    def blob_part(self, sha: str, start: int, size: int) -> bytes:
        return wherever(self, blob_key(sha), lambda key: self.part(key, start, size))

    def _length(self, key: str) -> int | None:
        """The size of a document; None if it does not exist."""
        found = self._meta(key)
        return None if found is None else found["size"]

    def _meta(self, key: str) -> ObjectMeta | None:
        """The metadata of a document; None if it does not exist."""
        try:
            return whole(lambda: obstore.head(self._store, checked(key)))
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise self._reading(key, error) from error
            return None
        except ERRORS as error:
            raise self._refusal(f"read `{key}`", error) from error

    def _any(self, prefix: str, error: Exception) -> tuple[builtins.list[str], builtins.list[str]]:
        """The keys and folders of a listing that failed, where it was for a key that obstore does not take."""
        scheme, _, rest = self.url.partition("://")
        if INVALID not in str(error) or scheme != "s3":
            raise self._refusal(f"list `{prefix or '/'}`", error) from error
        bucket, _, root = rest.partition("/")
        before = f"{root}/" if root else ""
        files, folders = listed(bucket, before + prefix)
        return [key[len(before) :] for key in files], folders

    def _files(self, folder: str) -> builtins.list[str]:
        return [found["path"] for found in obstore.list_with_delimiter(self._store, folder or None)["objects"]]

    def _from(self, prefix: str, folder: str) -> Iterator[str]:
        """The keys that begin with `prefix`, and no more pages of the folder's listing than hold them."""
        for page in obstore.list(self._store, folder or None, offset=before(prefix)):
            for found in page:
                if found["path"].startswith(prefix):
                    yield found["path"]
                elif found["path"] > prefix:
                    return

    def _reading(self, key: str, error: Exception) -> Exception:
        if isinstance(error, FileNotFoundError) and "NoSuchBucket" not in str(error):
            return Missing(f"`{key}` is not in the store `{self.url}`")
        return self._refusal(f"read `{key}`", error)

    def _refusal(self, what: str, error: Exception) -> StoreError:
        return StoreError(f"cannot {what} in `{self.url}`: {reason(error)}")


def _entry(found: ObjectMeta) -> Entry:
    return Entry(found["path"], found["size"], found["last_modified"].timestamp(), found["e_tag"] or "")


def _is_old(found: ObjectMeta) -> bool:
    return time.time() - found["last_modified"].timestamp() > DAY


def _pieces(views: list[memoryview]) -> Iterator[memoryview]:
    """The same bytes in pieces that an upload need not hold at once."""
    for view in views:
        for start in range(0, len(view), PART):
            yield view[start : start + PART]


def _same(source: digests.FileDigest, sha: str) -> Iterator[bytes]:
    """What a file holds, piece by piece; raises StoreError before the last piece if it is not what it was, so that nothing is stored."""
    held = b""
    for piece in source:
        if held:
            yield held
        held = piece
    if source.hexdigest() != sha:
        raise StoreError(f"`{source.path}` was changed while it was stored")
    yield held
