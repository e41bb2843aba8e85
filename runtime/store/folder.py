"""A store in a folder. It needs only the standard library, and little of it."""

from __future__ import annotations

import errno
import os
import time

from flowport.runtime.store import digests
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.store.keys import blob_key, checked
from flowport.runtime.store.writes import ATTEMPTS, DAY, wherever

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType

    from typing_extensions import Buffer

    from flowport.runtime.store.entry import Entry

MAPPED = 1 << 22
"""Bytes from which a blob is mapped and not read: a map holds a file descriptor for as long as the value lives."""

NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV, errno.EMLINK)
"""What link() says on file systems that have no hard links (FAT, many FUSE mounts)."""

REASONS = {
    errno.ENOSPC: "no space is left",
    errno.EDQUOT: "the quota is used up",
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
    errno.EROFS: "the file system is read-only",
    errno.ENAMETOOLONG: "a part of the name is longer than the file system takes (usually 255 bytes)",
    errno.ENOTDIR: "a file stands where a folder is needed",
    errno.EISDIR: "a folder stands where a file is needed",
    errno.EMFILE: "this process has too many files open",
}


class FolderStore:
    """A store in a folder.

    Every write goes to a file in `tmp` first. `link()` then makes it visible under its key only if the key is free, `rename()` in any
    case; so a reader never sees half a document, and a killed writer leaves nothing but a file in `tmp`.
    With `FLOWPORT_FSYNC=1` a document is on the disk, and not only in memory, before its name is.
    """

    def __init__(self, path: str) -> None:
        self.root = os.path.abspath(path)
        self._durable = os.environ.get("FLOWPORT_FSYNC", "") not in ("", "0")

    @property
    def url(self) -> str:
        return self.root

    def read(self, key: str) -> bytes:
        try:
            # The file may be a pipe without a writer: opening it must not block.
            with open(self._path(key), "rb", buffering=0, opener=_open_at_once) as file:
                return file.readall() or b""
        except OSError as error:
            raise self._reading(key, error) from error

    def part(self, key: str, start: int, size: int) -> bytes:
        try:
            with open(self._path(key), "rb", buffering=0) as file:
                data = os.pread(file.fileno(), size, start)
        except OSError as error:
            raise self._reading(key, error) from error
        if len(data) < size:
            raise Corrupt(f"`{key}` in the store `{self.root}` ends before byte {start + size}")
        return data

    def create(self, key: str, data: bytes) -> bool:
        path = self._path(key)
        try:
            if self._publish(self._write([digests.flat(data)]), path, only_new=True):
                return True
        except OSError as error:
            raise self._refusal(f"write `{key}`", error) from error
        # NFS repeats a `link()` whose response was lost, and then reports that the file exists.
        try:
            return self.read(key) == data
        except Missing:  # it was another's, who has deleted it since
            return False

    def replace(self, key: str, data: bytes) -> None:
        path = self._path(key)
        try:
            self._publish(self._write([digests.flat(data)]), path, only_new=False)
        except OSError as error:
            raise self._refusal(f"write `{key}`", error) from error

    def replace_with_file(self, key: str, path: str) -> tuple[str, int]:
        source = digests.FileDigest(path)
        try:
            self._publish(self._write(map(memoryview, source)), self._path(key), only_new=False)
        except OSError as error:
            raise self._refusal(f"write `{key}`", error) from error
        return source.hexdigest(), source.size

    def exists(self, key: str) -> bool:
        return os.path.isfile(self._path(key))

    def replace_if(self, key: str, data: bytes, version: str) -> bool:
        path = self._path(key)
        try:
            with _Lock(self.root):
                try:
                    if _version(os.stat(path)) != version:
                        return False
                except (FileNotFoundError, NotADirectoryError):
                    return False
                self._publish(self._write([digests.flat(data)]), path, only_new=False)
        except OSError as error:
            raise self._refusal(f"write `{key}`", error) from error
        return True

    def delete(self, key: str) -> None:
        try:
            os.unlink(self._path(key))
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise self._refusal(f"delete `{key}`", error) from error

    def delete_all(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.delete(key)
        for folder in {os.path.dirname(self._path(key)) for key in keys}:
            while folder != self.root:
                try:
                    os.rmdir(folder)
                except FileNotFoundError:
                    pass
                except OSError:  # it is not empty
                    break
                folder = os.path.dirname(folder)

    def move(self, key: str, to: str, before: float) -> bool:
        source, target = self._path(key), self._path(to)
        try:
            self._make_folder(os.path.dirname(target))
            os.rename(source, target)
            if os.stat(target).st_mtime < before:
                return True
            os.utime(target)  # another process may have written the document once more, and that is newer than this one
            os.rename(target, source)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise self._refusal(f"move `{key}`", error) from error
        return False

    def entry(self, key: str) -> Entry:
        try:
            return _entry(key, os.stat(self._path(key)))
        except OSError as error:
            raise self._reading(key, error) from error

    def entries(self, prefix: str, after: str = "") -> Iterator[Entry]:
        folder, slash, start = prefix.rpartition("/")
        found = [(folder + slash + name, entry) for name, entry in self._listed(folder) if name.startswith(start)]
        # In the order of keys: those in a folder have a slash behind its name.
        for key, entry in sorted([(key + "/" * _leads_on(entry), entry) for key, entry in found], key=lambda one: one[0]):
            if key.endswith("/"):
                if key != "tmp/" and not entry.is_symlink():
                    yield from self.entries(key, after)
            elif key > after and _is(entry.is_file):
                try:
                    yield _entry(key, entry.stat())
                except FileNotFoundError:
                    continue

    def names(self, prefix: str) -> list[str]:
        folder, slash, start = prefix.rpartition("/")
        return sorted([folder + slash + name for name, entry in self._listed(folder) if name.startswith(start) and _is(entry.is_file)])

    def folders(self, prefix: str) -> list[str]:
        hidden = "" if prefix else "tmp"
        return sorted([name for name, entry in self._listed(prefix[:-1]) if name != hidden and _leads_on(entry)])

    def size(self, key: str) -> int:
        try:
            return os.stat(self._path(key)).st_size
        except OSError as error:
            raise self._reading(key, error) from error

    def count(self, prefix: str, suffix: str) -> int:
        number = 0
        while self.exists(f"{prefix}{number}{suffix}"):
            number += 1
        return number

    def put_blob(self, parts: Sequence[Buffer]) -> tuple[str, int]:
        views = [digests.flat(part) for part in parts]
        size = sum([len(view) for view in views])
        try:
            if size < digests.LARGE:
                sha = digests.of_parts(views)
                if not self._keeps(sha, size):
                    self._publish(self._write(views), self._path(blob_key(sha)), only_new=False)
                return sha, size
            return self._put_large(views, size), size
        except OSError as error:
            raise self._refusal("write a blob", error) from error

    def put_blob_file(self, path: str) -> tuple[str, int]:
        source = digests.FileDigest(path)
        try:
            written = self._write(map(memoryview, source))
            sha, size = source.hexdigest(), source.size
            if self._keeps(sha, size):
                _discard(written)
            else:
                self._publish(written, self._path(blob_key(sha)), only_new=False)
        except OSError as error:
            raise self._refusal("write a blob", error) from error
        return sha, size

    def refresh(self, sha: str, size: int) -> None:
        try:
            if not self._keeps(sha, size):
                self._publish(self._write([memoryview(self.blob(sha, size))]), self._path(blob_key(sha)), only_new=False)
        except OSError as error:
            raise self._refusal("write a blob", error) from error

    def blob(self, sha: str, size: int) -> Buffer:
        data = wherever(self, blob_key(sha), lambda key: self._contents(key, size))
        if data is None or digests.of(data) != sha:
            raise Corrupt(f"blob `{sha}` in the store `{self.root}` does not match its digest")
        return data

    def blob_part(self, sha: str, start: int, size: int) -> bytes:
        return wherever(self, blob_key(sha), lambda key: self.part(key, start, size))

    def _path(self, key: str) -> str:
        return f"{self.root}/{checked(key)}"

    def _listed(self, folder: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """The entries of a folder; none if it does not exist."""
        try:
            with os.scandir(self._path(folder) if folder else self.root) as found:
                yield from [(entry.name, entry) for entry in found]
        except FileNotFoundError:
            return
        except OSError as error:
            if folder and error.errno in (errno.ENOTDIR, errno.ENAMETOOLONG):
                return
            raise self._refusal(f"list `{folder}/`", error) from error

    def _write(self, views: Iterable[memoryview]) -> str:
        """A new file in `tmp` with these bytes; returns its path."""
        path = f"{self.root}/tmp/{os.getpid()}-{os.urandom(8).hex()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            file = os.open(path, flags, 0o666)
        except FileNotFoundError:
            os.makedirs(self.root, 0o700, exist_ok=True)
            os.makedirs(f"{self.root}/tmp", exist_ok=True)
            file = os.open(path, flags, 0o666)
        try:
            for view in views:
                written = 0
                while written < len(view):
                    written += os.write(file, view[written : written + digests.CHUNK])
            if self._durable:
                os.fsync(file)
        except BaseException:
            os.unlink(path)
            raise
        finally:
            os.close(file)
        return path

    def _publish(self, written: str, path: str, only_new: bool) -> bool:
        """Give a file in `tmp` its name, and take it out of `tmp`; False when only a new name would do and the name is taken."""
        place = self._link if only_new else os.replace
        try:
            try:
                place(written, path)
            except FileNotFoundError:
                self._place_in_folder(place, written, path)
        except FileExistsError:
            return False
        finally:
            _discard(written)
        if self._durable:
            _sync_folder(os.path.dirname(path))
        return True

    def _place_in_folder(self, place: Callable[[str, str], None], written: str, path: str) -> None:
        """Make the folder first, again if another process deletes it because it is empty."""
        for attempt in range(ATTEMPTS):
            try:
                self._make_folder(os.path.dirname(path))
                place(written, path)
                return
            except FileNotFoundError:
                if attempt == ATTEMPTS - 1:
                    raise

    def _link(self, written: str, path: str) -> None:
        """Raises FileExistsError when the name is taken."""
        try:
            os.link(written, path)
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            self._rename_alone(written, path)

    def _rename_alone(self, written: str, path: str) -> None:
        """`link()` for file systems without it: looks and renames under a lock that all writers of this machine take.

        Not `O_EXCL` on the name itself: that would show the document before it is whole, and for ever when its writer is killed.
        """
        with _Lock(self.root):
            if os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
            os.rename(written, path)

    def _make_folder(self, path: str) -> None:
        missing = []
        while not os.path.isdir(path):
            missing.append(path)
            path = os.path.dirname(path)
        for folder in reversed(missing):
            try:
                os.mkdir(folder)
            except FileExistsError:
                continue
            if self._durable:
                _sync_folder(os.path.dirname(folder))

    def _keeps(self, sha: str, size: int) -> bool:
        """Whether a blob is there and need not be written: a crash of the machine can leave a short one, and an old one is refreshed."""
        path = self._path(blob_key(sha))
        try:
            found = os.stat(path)
            if found.st_size == size and time.time() - found.st_mtime > DAY:
                os.utime(path)
            return found.st_size == size
        except (FileNotFoundError, PermissionError):  # a user who may not change the time of another user's file can still replace it
            return False

    def _put_large(self, views: list[memoryview], size: int) -> str:
        hashing = digests.Background(views)
        try:
            written = self._write(views)
        except BaseException:
            hashing.stop()
            raise
        sha = hashing.hexdigest()
        if self._keeps(sha, size):
            _discard(written)
        else:
            self._publish(written, self._path(blob_key(sha)), only_new=False)
        return sha

    def _contents(self, key: str, size: int) -> Buffer | None:
        """A new buffer with the content of a document; None if that is not `size` bytes long. Raises Missing."""
        try:
            return self._buffer(self._path(key), size)
        except OSError as error:
            raise self._reading(key, error) from error

    def _buffer(self, path: str, size: int) -> Buffer | None:
        with open(path, "rb", buffering=0) as file:
            if os.fstat(file.fileno()).st_size != size:
                return None
            if size >= MAPPED:
                import mmap

                try:
                    return mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY)
                except OSError as error:
                    if error.errno not in (errno.EMFILE, errno.ENODEV):  # too many maps; a file system that cannot map
                        raise
            data = bytearray(size)
            view, filled = memoryview(data), 0
            while filled < size:
                count = file.readinto(view[filled:])
                if not count:
                    return None
                filled += count
            return data

    def _reading(self, key: str, error: OSError) -> Exception:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return Missing(f"`{key}` is not in the store `{self.root}`")
        return self._refusal(f"read `{key}`", error)

    def _refusal(self, what: str, error: OSError) -> StoreError:
        reason = REASONS.get(error.errno or 0) or error.strerror or str(error)
        return StoreError(f"cannot {what} in `{self.root}`: {reason}")


class _Lock:
    """While it is held, no other process of this machine has the lock of the store in `root`."""

    def __init__(self, root: str) -> None:
        os.makedirs(f"{root}/tmp", exist_ok=True)
        self._file = os.open(f"{root}/tmp/lock", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)

    def __enter__(self) -> None:
        import fcntl

        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self._file)


def _version(found: os.stat_result) -> str:
    return f"{found.st_ino}-{found.st_mtime_ns}-{found.st_size}"


def _entry(key: str, found: os.stat_result) -> Entry:
    from flowport.runtime.store.entry import Entry

    return Entry(key, found.st_size, found.st_mtime, _version(found))


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _leads_on(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder, or a link of which only who follows it learns that it leads nowhere."""
    return _is(entry.is_dir) or (entry.is_symlink() and not _is(entry.is_file))


def _is(what: Callable[[], bool]) -> bool:
    """Whether an entry of a folder is a file, or a folder; a link that leads round in a circle is neither."""
    try:
        return what()
    except OSError:
        return False


def _discard(path: str) -> None:
    """Remove a file in `tmp` that may have been renamed already."""
    if os.path.exists(path):
        os.unlink(path)


def _sync_folder(path: str) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
