"""The folder in which unpacked code packages are kept, named by their digests, so that a second task need not fetch them.

It is the user's own, and a package is looked at each time before it is used: whatever a step, or a program that cleans up, has changed
in it is unpacked anew. `LISTING` in the package says how its files were left:

    {path: [size, time of modification, time of change (both in ns), SHA-256]}
"""

from __future__ import annotations

import os

from flowport.runtime.protocol import PLAN, VersionError
from flowport.runtime.store import digests, documents
from flowport.runtime.store.errors import Corrupt, StoreError
from flowport.runtime.store.keys import code_key, is_sha

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowport.runtime.store.interface import Store

CACHE = "FLOWPORT_CACHE"
LISTING = ".flowport/unpacked.json"
COMPILED = "__pycache__"
"""Folders in which Python keeps compiled modules; it looks itself whether they are of the sources that are there."""


def cache_folder() -> str:
    """Where unpacked packages are kept: `FLOWPORT_CACHE`, else the user's cache folder; an absolute path."""
    given = os.environ.get(CACHE)
    if given:
        return os.path.abspath(given)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "flowport")


def code_folder(digest: str) -> str:
    """Where the package with this digest is unpacked; raises VersionError for a name that is no digest."""
    if not is_sha(digest):
        raise VersionError(f"`{digest}` is not the name of a code package, which has 64 hexadecimal digits")
    return os.path.join(cache_folder(), "code", digest)


def unpacked(digest: str) -> str | None:
    """The folder of a package that was unpacked before and is unchanged; None if there is none."""
    folder = code_folder(digest)
    return folder if _private() and os.path.exists(os.path.join(folder, PLAN)) and _whole(folder) else None


def fetch(store: Store, digest: str) -> str:
    """The folder of a package, unpacked from the store; raises Missing, Corrupt, and StoreError when there is no place for it."""
    data = store.read(code_key(digest))
    if digests.of(data) != digest:
        raise Corrupt(f"the code package `{code_key(digest)}` does not match its digest")
    if not _private():
        os.environ[CACHE] = _own_folder()
    try:
        unpack(data, code_folder(digest))
    except OSError:
        # A container may have no home, or one that cannot be written; what runs after this process looks in the same place.
        os.environ[CACHE] = _own_folder()
        unpack(data, code_folder(digest))
    return code_folder(digest)


def _own_folder() -> str:
    """A new folder that no other user can write; raises StoreError if there is no place for it."""
    from tempfile import mkdtemp

    try:
        return mkdtemp(prefix="flowport-")
    except OSError as error:
        raise StoreError(f"there is no place to unpack the flow's code ({error}): name a folder that can be written in {CACHE}") from error


def _private() -> bool:
    """Whether no other user can put code into the cache. Packages that came with the image belong to root."""
    try:
        found = os.stat(os.path.join(cache_folder(), "code"))
    except (FileNotFoundError, NotADirectoryError):
        return True
    return found.st_uid in (0, os.getuid()) and not found.st_mode & 0o022


def _whole(folder: str) -> bool:
    """Whether the files of a package are those that were unpacked; one without a listing came with the image."""
    try:
        with open(os.path.join(folder, LISTING), "rb") as file:
            listed = documents.load(file.read())
        found = dict(_files(folder))
        return found.keys() == listed.keys() and all(
            [size, modified, changed] == listed[path][:3] or _digest(os.path.join(folder, path)) == listed[path][3]
            for path, (size, modified, changed) in found.items()
        )
    except FileNotFoundError:
        return not os.path.exists(os.path.join(folder, LISTING))
    except (OSError, ValueError, TypeError, LookupError, AttributeError):  # what cannot be read, or a listing that was changed itself
        return False


def _files(folder: str, place: str = "") -> Iterator[tuple[str, tuple[int, int, int]]]:
    """The files of a package by path, each with its size and times."""
    with os.scandir(os.path.join(folder, place)) as entries:
        for entry in entries:
            path = place + entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name != COMPILED:
                    yield from _files(folder, path + "/")
            elif path != LISTING:
                found = entry.stat(follow_symlinks=False)
                yield path, (found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return digests.of(file.read())


def unpack(data: bytes, folder: str) -> None:
    """Unpack a package, also over a damaged one. Two processes that do this at the same time end with the same folder."""
    import io
    import shutil
    import zipfile

    unfinished, damaged = f"{folder}.{os.getpid()}", f"{folder}.{os.getpid()}.damaged"
    os.makedirs(os.path.dirname(folder), mode=0o700, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(unfinished)
    listed = {path: [*about, _digest(os.path.join(unfinished, path))] for path, about in _files(unfinished)}
    with open(os.path.join(unfinished, LISTING), "wb") as file:
        file.write(documents.dump(listed))
    if os.path.exists(folder) and not _whole(folder):
        os.rename(folder, damaged)
        shutil.rmtree(damaged)
    try:
        os.rename(unfinished, folder)
    except OSError:
        if not os.path.exists(os.path.join(folder, PLAN)):
            raise
        shutil.rmtree(unfinished)
