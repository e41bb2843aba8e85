"""`S3`: objects of a bucket or a folder, as a step stores and fetches them. Its methods, arguments and results are Metaflow's."""

from __future__ import annotations

import os
import shutil
from functools import partial
from io import BufferedIOBase, RawIOBase
from itertools import count
from tempfile import gettempdir, mkdtemp
from typing import TYPE_CHECKING, NamedTuple

from flowport.runtime.datatools import addresses, arguments, transfers
from flowport.runtime.datatools.arguments import several
from flowport.runtime.datatools.exceptions import (
    MetaflowS3Exception,
    MetaflowS3InvalidObject,
    MetaflowS3NotFound,
    MetaflowS3URLException,
)
from flowport.runtime.datatools.objects import S3GetObject, S3Object, S3PutObject
from flowport.runtime.datatools.storage import Attributes, Options, Span
from flowport.runtime.datatools.transfers import Transfers
from flowport.runtime.names.current import current

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from flowport.runtime.datatools.storage import Info, Listed

    PutValue = RawIOBase | BufferedIOBase | str | bytes
    Stored = tuple[str, Any] | S3PutObject

TEMPORARY = "flowport.s3."
"""What the names of temporary folders begin with."""


class _Wanted(NamedTuple):
    """An object, or some of its bytes."""

    url: str
    root: str
    key: str
    span: Span | None


class _Upload(NamedTuple):
    """Bytes, or the path of a file, and where they go."""

    key: str
    url: str
    source: bytes | str
    attributes: Attributes
    encryption: str | None


class S3:
    """Objects below a root: of the run with `run=self`, of an address with `s3root=`, or with neither of whole addresses.

    Use it in `with`, or call `close`: this removes the local copies. They are in a folder in `tmproot`, which is `current.tempdir` unless
    given: the working directory.
    """

    def __init__(
        self,
        tmproot: str | None = None,
        bucket: str | None = None,
        prefix: str | None = None,
        run: Any = None,
        s3root: str | None = None,
        encryption: str | None = None,
        **connection: Any,
    ) -> None:
        for name, value in (("bucket", bucket), ("prefix", prefix), ("encryption", encryption)):
            arguments.check_text(value, name)
        self._s3root: str | None = None
        if run is not None:
            self._s3root = addresses.root_of_run(run, bucket, prefix)
        elif address := arguments.path(s3root, "s3root"):
            self._s3root = addresses.root_of_address(address)
        self._options = _options(connection)._replace(encryption=encryption)
        self._transfers = {encryption: Transfers(self._options)}
        self._tmproot, self._tmpdir = arguments.path(tmproot, "tmproot"), ""
        self._copies = count(1)  # `next` gives each thread another number

    def __enter__(self) -> S3:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the local copies."""
        if self._tmpdir:
            shutil.rmtree(self._tmpdir, ignore_errors=True)
            self._tmpdir = ""

    def get(self, key: str | S3GetObject | None = None, return_missing: bool = False, return_info: bool = True) -> S3Object:
        """Download an object. Raises MetaflowS3NotFound, or returns an object that does not exist with `return_missing`."""
        return self._fetched([self._wanted(key)], return_missing, return_info)[0]

    def get_many(self, keys: Iterable[str | S3GetObject], return_missing: bool = False, return_info: bool = True) -> list[S3Object]:
        """Download many objects at once; the results are in the order of `keys`."""
        return self._fetched([self._wanted(key) for key in several(keys)], return_missing, return_info)

    def get_recursive(self, keys: Iterable[str | None], return_info: bool = False) -> list[S3Object]:
        """Download all objects whose addresses begin with a key."""
        prefixes = [addresses.address(self._s3root, key) for key in several(keys)]
        found = self._listed("below", prefixes)
        wanted = [_Wanted(f"{split[0]}/{each.key}", split[0], each.key, None) for _, split, each in found]
        fetched = self._copied(wanted, [each.size for _, _, each in found])
        if return_info:
            return [self._object(self._s3root, one, path, info) for one, (path, info) in zip(wanted, fetched, strict=True)]
        return [S3Object(prefix, one.url, path=path) for (prefix, _, _), one, (path, _) in zip(found, wanted, fetched, strict=True)]

    def get_all(self, return_info: bool = False) -> list[S3Object]:
        """Download all objects below the root."""
        if self._s3root is None:
            raise MetaflowS3URLException("`get_all` needs a root: use `S3(run=self)` or `S3(s3root=...)`")
        return self.get_recursive([None], return_info)

    def info(self, key: str | None = None, return_missing: bool = False) -> S3Object:
        """What is known of an object, without downloading it."""
        return self.info_many([key], return_missing)[0]

    def info_many(self, keys: Iterable[str | None], return_missing: bool = False) -> list[S3Object]:
        """What is known of many objects; the results are in the order of `keys`."""
        wanted = [self._wanted(key) for key in several(keys)]
        found = self._many("info", [(one.root, one.key) for one in wanted], return_missing)
        return [self._object(self._s3root, one, None, info) for one, info in zip(wanted, found, strict=True)]

    def list_paths(self, keys: Iterable[str | None] | None = None) -> list[S3Object]:
        """The objects and folders in each of the folders `keys`, or in the root. Folders do not `exist`, and their addresses end in `/`."""
        prefixes = [addresses.address(self._s3root, key).rstrip("/") + "/" for key in several([None] if keys is None else keys)]
        return [S3Object(prefix, f"{split[0]}/{each.key}", each.size) for prefix, split, each in self._listed("level", prefixes)]

    def list_recursive(self, keys: Iterable[str | None] | None = None) -> list[S3Object]:
        """All objects in each of the folders `keys`, or below the root."""
        prefixes = [addresses.address(self._s3root, key) for key in several([None] if keys is None else keys)]
        found = self._listed("below", prefixes, slash="/")
        return [S3Object(prefix, f"{split[0]}/{each.key}", each.size) for prefix, split, each in found]

    def put(
        self,
        key: str | S3PutObject,
        obj: PutValue,
        overwrite: bool = True,
        content_type: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> str:
        """Store text as UTF-8, bytes or a file that is open, and return the address. Without `overwrite` an existing object stays."""
        name = key.key if isinstance(key, S3PutObject) else key
        if isinstance(obj, RawIOBase | BufferedIOBase) and obj.seekable():
            obj.seek(0)
        upload = self._upload(S3PutObject(name, content_type=content_type, metadata=metadata), self._source(name, obj))
        self._stored([upload], overwrite)
        return upload.url

    def put_many(self, key_objs: Iterable[Stored], overwrite: bool = True) -> list[tuple[str, str]]:
        """Store many values, `(key, value)` or an S3PutObject; returns the key and the address of each that was stored."""
        objects = [each if isinstance(each, S3PutObject) else S3PutObject(*_pair(each)) for each in several(key_objs, "key_objs")]
        return self._stored([self._upload(each, self._source(each.key, each.value)) for each in objects], overwrite)

    def put_files(self, key_paths: Iterable[Stored], overwrite: bool = True) -> list[tuple[str, str]]:
        """Store many files, `(key, path)` or an S3PutObject with a `path`; returns the key and the address of each that was stored."""
        given = several(key_paths, "key_paths")
        objects = [each if isinstance(each, S3PutObject) else S3PutObject(key=_pair(each)[0], path=_pair(each)[1]) for each in given]
        uploads = []
        for each in objects:
            path = arguments.path(each.path, "path")
            if not path or not os.path.exists(path):
                raise MetaflowS3NotFound(f"there is no local file `{path}`")
            uploads.append(self._upload(each, os.path.abspath(path)))
        return self._stored(uploads, overwrite)

    def _wanted(self, key: str | S3GetObject | None) -> _Wanted:
        url = addresses.address(self._s3root, key.key if isinstance(key, S3GetObject) else key)
        root, path = addresses.split(url) if url.endswith("/") else addresses.checked(url)
        if not path:
            raise MetaflowS3URLException(f"`{url}` is a bucket, not an object")
        return _Wanted(url, root, path, _span(key) if isinstance(key, S3GetObject) else None)

    def _many(self, operation: str, calls: list[tuple[Any, ...]], missing: bool) -> list[Any]:
        """The results of calls whose second value is a key; no object of a user has a key that ends in `/`."""
        folder = next((call for call in calls if call[1].endswith("/")), None)
        if folder and not missing:
            raise MetaflowS3NotFound(f"{folder[0]}/{folder[1]}")
        there = [call for call in calls if not call[1].endswith("/")]
        found = iter(self._transfers[self._options.encryption].many(operation, there, missing))
        return [None if call[1].endswith("/") else next(found) for call in calls]

    def _fetched(self, wanted: list[_Wanted], missing: bool, with_info: bool) -> list[S3Object]:
        """Objects with local copies. What is wanted twice is downloaded once."""
        different = list(dict.fromkeys(wanted))
        copies = [self._copy(one) for one in different]
        calls = [(one.root, one.key, one.span, copy, len(different) == 1) for one, copy in zip(different, copies, strict=True)]
        found = dict(zip(different, zip(copies, self._many("fetch", calls, missing), strict=True), strict=True))
        return [self._object(self._s3root, one, found[one][0], found[one][1], with_info) for one in wanted]

    def _copied(self, wanted: list[_Wanted], sizes: list[int | None]) -> list[tuple[str, Info | None]]:
        """Local copies of objects that were listed. An empty one that is not found marks a folder."""
        copies = [self._copy(one) for one in wanted]
        calls = [(one.root, one.key, None, copy, len(wanted) == 1) for one, copy in zip(wanted, copies, strict=True)]
        found = self._many("fetch", calls, missing=True)
        for one, copy, size, info in zip(wanted, copies, sizes, found, strict=True):
            if info is None:
                if size:
                    raise MetaflowS3NotFound(one.url)
                open(copy, "wb").close()
        return list(zip(copies, found, strict=True))

    def _object(self, prefix: str | None, one: _Wanted, path: str | None, info: Info | None, with_info: bool = True) -> S3Object:
        if info is None and not (path and os.path.exists(path)):
            return S3Object(prefix, one.url)
        more = (info, partial(transfers.encryption, self._options, one.root, one.key)) if info and with_info else None
        return S3Object(prefix, one.url, info and info.size, path, more)

    def _listed(self, operation: str, prefixes: list[str], slash: str = "") -> list[tuple[str, tuple[str, str], Listed]]:
        """For each object in a listing the prefix as it was given, its root and key, and the object."""
        splits = [addresses.split(prefix) for prefix in prefixes]
        for prefix, (_, key) in zip(prefixes, splits, strict=True):
            if key:
                addresses.checked(prefix.rstrip("/"))
        calls = [(root, f"{key.rstrip('/')}/" if key and slash else key) for root, key in splits]
        found = self._transfers[self._options.encryption].many(operation, calls)
        return [(prefix, split, each) for prefix, split, listed in zip(prefixes, splits, found, strict=True) for each in listed]

    def _upload(self, each: S3PutObject, source: bytes | str) -> _Upload:
        url = addresses.address(self._s3root, each.key)
        addresses.checked(url)
        attributes = Attributes(each.content_type, arguments.metadata(each))
        return _Upload(each.key, url, source, attributes, each.encryption or self._options.encryption)

    def _source(self, key: str, value: Any) -> bytes | str:
        """Bytes, or the path of a copy of an open file."""
        if isinstance(value, str):
            try:
                return value.encode()
            except UnicodeEncodeError as error:
                raise MetaflowS3InvalidObject(f"the text for `{key}` cannot be stored as UTF-8: {error.reason}") from None
        if isinstance(value, bytes | bytearray | memoryview):
            return bytes(value)
        if not isinstance(value, RawIOBase | BufferedIOBase):
            raise MetaflowS3InvalidObject(f"the value for `{key}` is neither text nor bytes nor a file opened in binary mode")
        if not value.readable() or not value.seekable():
            raise MetaflowS3InvalidObject(f"the file for `{key}` cannot be read from its start")
        path = self._new_path("upload")
        with open(path, "wb") as copy:
            shutil.copyfileobj(value, copy, 1 << 20)
        return path

    def _stored(self, uploads: list[_Upload], overwrite: bool) -> list[tuple[str, str]]:
        """Of several values for one address the last is stored, or the first without `overwrite`."""
        last = {each.url: each for each in (uploads if overwrite else reversed(uploads))}
        if not overwrite:
            there = self._many("info", [addresses.split(url) for url in last], missing=True)
            last = {url: each for (url, each), info in zip(list(last.items()), there, strict=True) if info is None}
        for encryption in {each.encryption for each in last.values()}:
            if encryption not in self._transfers:
                self._transfers[encryption] = Transfers(self._options._replace(encryption=encryption))
            same = [each for each in last.values() if each.encryption == encryption]
            calls = [(*addresses.split(each.url), each.source, each.attributes, len(same) == 1) for each in same]
            self._transfers[encryption].many("put", calls)
        return [(each.key, each.url) for each in uploads if each.url in last]

    def _copy(self, one: _Wanted) -> str:
        return self._new_path("".join(letter if letter.isalnum() else "_" for letter in one.key.rpartition("/")[2])[-100:])

    def _new_path(self, name: str) -> str:
        """Where a local file can be written."""
        if not os.path.isdir(self._tmpdir):  # also when the step has removed it
            root = self._tmproot or current.tempdir
            if root == "." and not os.access(root, os.W_OK):
                root = gettempdir()
            self._tmpdir = os.path.abspath(mkdtemp(prefix=TEMPORARY, dir=root))
        return os.path.join(self._tmpdir, f"{next(self._copies)}-{name}")


def _pair(given: Any) -> tuple[str, Any]:
    """A key and what to store there; a text, as a dictionary gives it, would be taken for a pair of letters."""
    if not isinstance(given, tuple | list) or len(given) != 2:
        kind = type(given).__name__
        raise MetaflowS3InvalidObject(
            f"an entry of type `{kind}` is no pair of a key and what to store there: of a dict give its `items()`"
        )
    return given[0], given[1]


def _span(key: S3GetObject) -> Span | None:
    """The bytes that are wanted; None for all of them."""
    arguments.check_range(key)
    start, length = key.offset, key.length
    if start is None and length is None:
        return None
    if length == 0:
        raise MetaflowS3Exception(f"the range of `{key.key}` has no bytes: give a length other than 0")
    if length is not None and length < 0:
        return Span(length)
    return Span(start or 0, None if length is None else (start or 0) + length)


def _options(connection: dict[str, Any]) -> Options:
    """Where the bucket is, if `client_params` says it; raises MetaflowS3Exception for what obstore is not told."""
    given = connection.pop("client_params", None) or {}
    if not isinstance(given, dict):
        raise MetaflowS3Exception(f"`client_params` is a dictionary, and not a value of type `{type(given).__name__}`")
    parameters = {name: value for name, value in given.items() if value is not None}
    options = Options(parameters.pop("endpoint_url", None), parameters.pop("region_name", None))
    for name in [*parameters, *(name for name, value in connection.items() if value)]:
        raise MetaflowS3Exception(
            f"`S3` takes no `{name}`: it connects as the environment says, with `AWS_PROFILE`, keys or the task's role"
        )
    return options
