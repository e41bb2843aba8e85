"""Objects of a bucket in S3, Google Cloud Storage or Azure, by way of obstore.

obstore takes the settings of a connection from the environment, as for the store of a run (`runtime/store/bucket.py`). It knows no keys
with parts that are empty, and none that end in `/`: these mark folders, and are listed as such.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from flowport.runtime.datatools.exceptions import (
    MetaflowS3AccessDenied,
    MetaflowS3Exception,
    MetaflowS3InsufficientDiskSpace,
    MetaflowS3InvalidRange,
    MetaflowS3NotFound,
)
from flowport.runtime.datatools.storage import PLAIN, Info, Listed
from flowport.runtime.store.connection import Process, connected
from flowport.runtime.store.errors import StoreError
from flowport.runtime.store.keys import before
from flowport.runtime.store.obstore_extension import exceptions, obstore
from flowport.runtime.store.responses import ERRORS, reason, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    from flowport.runtime.datatools.storage import Attributes, Options, Span

    Answer = TypeVar("Answer")

CHUNK = 1 << 20
"""Bytes that a download holds in memory."""

PART = 1 << 23
PARTS = 9000
"""Bytes in a part of a large object, and how many parts there may be; S3 takes 10,000 of at least 5 MiB."""

AT_ONCE = 8
"""How many parts of one object are transferred at the same time."""

LARGE = 2 * PART
"""Bytes from which an object is fetched in parts."""

ATTRIBUTES = "metaflow-user-attributes"
"""Under which name Metaflow stores the metadata of users, as JSON."""


class BucketStorage:
    """Objects of one bucket."""

    def __init__(self, root: str, options: Options) -> None:
        self._root = root
        scheme = root.partition("://")[0]
        # Azure takes names of metadata that are names in C#.
        self._attributes = ATTRIBUTES.replace("-", "_") if scheme == "az" else ATTRIBUTES
        # Directory buckets of S3 Express list in no order and from no key on; neither Google nor Azure promises either.
        self._sorted = scheme == "s3" and not root.endswith("--x-s3")
        settings = {"aws_endpoint": options.endpoint, "aws_region": options.region, "aws_server_side_encryption": options.encryption}
        Process.used = True
        self._client = self._answer(
            "", lambda: connected(scheme, root, {name: value for name, value in settings.items() if value and scheme == "s3"})
        )

    def info(self, key: str) -> Info:
        return self._info(self._answer(key, lambda: obstore.get(self._client, key, options={"head": True})))

    def fetch(self, key: str, span: Span | None, path: str, alone: bool) -> Info:
        return self._answer(key, lambda: self._fetch(key, span, path, alone))

    def _fetch(self, key: str, span: Span | None, path: str, alone: bool) -> Info:
        found = obstore.get(self._client, key, options={"range": _range(span)} if span else {})
        start, stop = found.range
        with open(path, "wb", buffering=0) as file:
            if alone and stop - start > LARGE:
                self._fetch_parts(key, found, file.fileno())
            else:
                for chunk in found.stream(min_chunk_size=CHUNK):
                    _write(file.fileno(), chunk)
            if file.seek(0, os.SEEK_END) != stop - start:
                raise OSError("error decoding response body")
        return self._info(found)._replace(span=(start, stop))

    def _fetch_parts(self, key: str, found: Any, file: int) -> None:
        """Several requests at once; S3 refuses them if the object was replaced since the first."""
        condition: Any = {"if_match": found.meta["e_tag"]} if found.meta["e_tag"] else {}

        def part(begin: int) -> None:
            end = min(begin + PART, found.range[1])
            answer = whole(lambda: obstore.get(self._client, key, options=condition | {"range": (begin, end)}).bytes())
            os.pwrite(file, answer, begin - found.range[0])

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(part, range(found.range[0], found.range[1], PART)))

    def _info(self, found: Any) -> Info:
        meta, attributes = found.meta, found.attributes
        return Info(
            meta["size"], attributes.get("Content-Type", PLAIN), attributes.get(self._attributes), meta["last_modified"].timestamp()
        )

    def put(self, key: str, source: bytes | str, attributes: Attributes, alone: bool) -> None:
        named = {"Content-Type": attributes.content_type, self._attributes: attributes.metadata}
        more: Any = {"attributes": {name: value for name, value in named.items() if value}}
        size = os.path.getsize(source) if isinstance(source, str) else len(source)
        if size <= PART:
            data = _content(source) if isinstance(source, str) else source
            self._answer(key, lambda: obstore.put(self._client, key, data, use_multipart=False, **more))
        else:
            more |= {"chunk_size": max(PART, size // PARTS), "max_concurrency": AT_ONCE if alone else 1}
            self._answer(key, lambda: obstore.put(self._client, key, _pieces(source), **more))

    def encryption(self, key: str) -> str | None:
        """A header that obstore does not return, of the request that it signs."""
        if not self._root.startswith("s3://"):
            return None
        from datetime import timedelta
        from urllib.request import Request, urlopen

        client: Any = self._client
        signed = obstore.sign(client, "HEAD", key, timedelta(minutes=5))
        with urlopen(Request(signed, method="HEAD"), timeout=60) as answer:
            found: str | None = answer.headers.get("x-amz-server-side-encryption")
            return found

    def level(self, prefix: str) -> list[Listed]:
        found = self._answer(prefix, lambda: obstore.list_with_delimiter(self._client, prefix[:-1] or None))
        objects = [_listed(each, prefix) for each in found["objects"]]
        return sorted(objects) + sorted(Listed(f"{path}/", None) for path in found["common_prefixes"])

    def below(self, prefix: str) -> list[Listed]:
        found = self._answer(prefix, lambda: list(self._below(prefix)))
        # An object that marks a folder comes without its slash.
        folders = {each.key[: place + 1] for each in found for place, letter in enumerate(each.key) if letter == "/"}
        marked = (Listed(f"{each.key}/", 0) if each.size == 0 and f"{each.key}/" in folders else each for each in found)
        return sorted(marked)

    def _below(self, prefix: str) -> Iterator[Listed]:
        folder, _, start = prefix.rpartition("/")
        first = before(prefix) if start and self._sorted else None
        for page in obstore.list(self._client, folder or None, offset=first):
            for found in page:
                listed = _listed(found, prefix)
                if listed.key.startswith(prefix):
                    yield listed
                elif first and listed.key > prefix:
                    return

    def _answer(self, key: str, ask: Callable[[], Answer]) -> Answer:
        """What a call returns; raises what `S3` raises instead of an error of obstore."""
        try:
            return whole(ask)
        except StoreError as error:
            raise MetaflowS3Exception(str(error)) from error
        except ERRORS as error:
            raise failure(error, f"{self._root}/{key}") from error


def failure(error: Exception, url: str) -> Exception:
    """The exception for an error of obstore or of this machine."""
    text = str(error)
    if "NoSuchBucket" in text:
        return MetaflowS3NotFound(f"{url}: there is no such bucket")
    if isinstance(error, FileNotFoundError):
        return MetaflowS3NotFound(url)
    if isinstance(error, exceptions.PermissionDeniedError) or "status code: 403" in text:
        return MetaflowS3AccessDenied(f"{url}: permission is denied")
    if isinstance(error, exceptions.UnauthenticatedError) or "status code: 401" in text:
        return MetaflowS3AccessDenied(f"{url}: the credentials are not accepted")
    if "416 Range Not Satisfiable" in text:
        return MetaflowS3InvalidRange(f"{url} has fewer bytes than the first of the range")
    if isinstance(error, OSError) and error.errno == 28:  # ENOSPC
        return MetaflowS3InsufficientDiskSpace(f"no space is left for {url}")
    if "illegal character" in text or "empty path segment" in text:
        return MetaflowS3Exception(
            f"below {url} is a key with a part that is empty, `.` or `..`, or with a control character: rename it, or list another prefix"
        )
    return MetaflowS3Exception(f"{url}: {reason(error)}")


def _range(span: Span) -> Any:
    if span.start < 0:
        return {"suffix": -span.start}
    return {"offset": span.start} if span.stop is None else (span.start, span.stop)


def _listed(found: Any, prefix: str) -> Listed:
    """The object with the key `prefix` itself marks the folder."""
    path = found["path"]
    return Listed(prefix if f"{path}/" == prefix else path, found["size"])


def _write(file: int, chunk: Any) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(file, view) :]


def _content(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.readall()


def _pieces(source: bytes | str) -> Iterator[bytes | memoryview]:
    """The content piece by piece: an upload need not hold the whole."""
    if isinstance(source, str):
        with open(source, "rb", buffering=0) as file:
            while data := file.read(PART):
                yield data
    else:
        view = memoryview(source)
        for start in range(0, len(view), PART):
            yield view[start : start + PART]
