"""Objects in folders of a file system: the key of an object is its path.

What a file cannot have, content type and metadata, is in a file beside it, `.s3-attributes.NAME`. Files with this beginning, and those that
are being written, are no objects.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from flowport.runtime.datatools.exceptions import (
    MetaflowS3AccessDenied,
    MetaflowS3Exception,
    MetaflowS3InsufficientDiskSpace,
    MetaflowS3InvalidRange,
    MetaflowS3NotFound,
    MetaflowS3URLException,
)
from flowport.runtime.datatools.storage import PLAIN, Attributes, Info, Listed, Span
from flowport.runtime.store.folder import REASONS

if TYPE_CHECKING:
    from collections.abc import Iterator

ATTRIBUTES = ".s3-attributes."
WRITING = ".s3-writing."


class FolderStorage:
    """The objects of this machine. Keys are paths without their first slash."""

    def info(self, key: str) -> Info:
        with _failures(key):
            return _info(key, os.stat(_file(key)))

    def fetch(self, key: str, span: Span | None, path: str, alone: bool) -> Info:
        with _failures(key), open(_file(key), "rb") as source:
            found = _info(key, os.fstat(source.fileno()))
            start, stop = _bounds(key, span, found.size)
            with open(path, "wb") as copy:
                if span is None:
                    shutil.copyfileobj(source, copy, 1 << 20)
                else:
                    source.seek(start)
                    for begin in range(start, stop, 1 << 20):
                        copy.write(source.read(min(1 << 20, stop - begin)))
        return found._replace(span=(start, stop))

    def put(self, key: str, source: bytes | str, attributes: Attributes, alone: bool) -> None:
        path = _path(key)
        folder, name = os.path.split(path)
        if name.startswith((ATTRIBUTES, WRITING)):
            raise MetaflowS3URLException(f"`{path}` begins as the files that flowport writes beside objects: choose another name")
        with _failures(key):
            try:
                os.makedirs(folder, exist_ok=True)
            except (FileExistsError, NotADirectoryError) as error:
                raise MetaflowS3Exception(
                    f"file://{path}: a part of this path is an object, and an object in a folder is no folder"
                ) from error
            _replace(path, source)
            beside = os.path.join(folder, ATTRIBUTES + name)
            if attributes != Attributes():
                _replace(beside, json.dumps(attributes._asdict()).encode())
            elif os.path.exists(beside):
                os.unlink(beside)

    def encryption(self, key: str) -> None:
        """S3 does not encrypt what is not there."""

    def level(self, prefix: str) -> list[Listed]:
        files, folders = [], []
        with _failures(prefix):
            for entry in _entries(_path(prefix)):
                if entry.is_dir():
                    folders.append(Listed(f"{prefix}{entry.name}/", None))
                else:
                    files.append(Listed(prefix + entry.name, entry.stat().st_size))
        return sorted(files) + sorted(folders)

    def below(self, prefix: str) -> list[Listed]:
        folder, slash, start = prefix.rpartition("/")
        with _failures(prefix):
            return sorted(_below(folder + slash, start, ()))


def _below(folder: str, start: str, around: tuple[tuple[int, int], ...]) -> Iterator[Listed]:
    """The objects of a folder whose names begin with `start`, and all in such folders. A link to a folder around it is left out."""
    for entry in _entries(_path(folder)):
        if entry.name.startswith(start):
            status = entry.stat()
            if not entry.is_dir():
                yield Listed(folder + entry.name, status.st_size)
            elif (status.st_dev, status.st_ino) not in around:
                yield from _below(f"{folder}{entry.name}/", "", (*around, (status.st_dev, status.st_ino)))


def _entries(path: str) -> Iterator[os.DirEntry[str]]:
    """The files and folders in a folder, none if it does not exist. Links that lead nowhere are left out."""
    try:
        entries = os.scandir(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    with entries:
        yield from (each for each in entries if not each.name.startswith((ATTRIBUTES, WRITING)) and (each.is_file() or each.is_dir()))


def _path(key: str) -> str:
    return f"/{key}"


def _file(key: str) -> str:
    """The path of an object; raises FileNotFoundError for all that is no file."""
    path = _path(key)
    if not os.path.isfile(path) or os.path.basename(path).startswith((ATTRIBUTES, WRITING)):
        os.stat(path)
        raise FileNotFoundError(path)
    return path


def _info(key: str, status: os.stat_result) -> Info:
    attributes = _attributes(key)
    return Info(status.st_size, attributes.content_type or PLAIN, attributes.metadata, status.st_mtime)


def _attributes(key: str) -> Attributes:
    """What is stored beside an object; nothing where that cannot be read: the object itself still can."""
    folder, name = os.path.split(_path(key))
    try:
        with open(os.path.join(folder, ATTRIBUTES + name), "rb") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return Attributes()
    values = [found.get(field) for field in Attributes._fields] if isinstance(found, dict) else [None]
    return Attributes(*values) if all(isinstance(value, str | None) for value in values) else Attributes()


def _bounds(key: str, span: Span | None, size: int) -> tuple[int, int]:
    if span is None:
        return 0, size
    if span.start < 0:
        return max(size + span.start, 0), size
    if span.start >= size:
        raise MetaflowS3InvalidRange(f"file://{_path(key)} has fewer bytes than the first of the range")
    return span.start, size if span.stop is None else min(span.stop, size)


def _replace(path: str, source: bytes | str) -> None:
    """Write a file as a whole: readers see the old one or the new one."""
    temporary = os.path.join(os.path.dirname(path), WRITING + os.urandom(8).hex())
    try:
        with open(temporary, "xb") as file:
            if isinstance(source, bytes):
                file.write(source)
            else:
                with open(source, "rb") as original:
                    shutil.copyfileobj(original, file, 1 << 20)
            if os.environ.get("FLOWPORT_FSYNC", "") not in ("", "0"):
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


@contextmanager
def _failures(key: str) -> Iterator[None]:
    """Raises what `S3` raises instead of an OSError."""
    url = f"file:///{key}"
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MetaflowS3NotFound(url) from error
    except OSError as error:
        kind = {
            errno.EACCES: MetaflowS3AccessDenied,
            errno.EPERM: MetaflowS3AccessDenied,
            errno.EROFS: MetaflowS3AccessDenied,
            errno.ENOSPC: MetaflowS3InsufficientDiskSpace,
            errno.EDQUOT: MetaflowS3InsufficientDiskSpace,
        }.get(error.errno or 0, MetaflowS3Exception)
        raise kind(f"{url}: {REASONS.get(error.errno or 0, error.strerror or str(error))}") from error
