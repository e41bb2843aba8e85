"""The files of a checkpoint or a model: sent to the store and fetched from it, in threads and in pieces.

A list of files has one `[path, size, SHA-256]` for each; the path is relative, with slashes.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from tempfile import TemporaryDirectory

from flowport.runtime.checkpoints.errors import CheckpointException, NothingToSave
from flowport.runtime.store import digests
from flowport.runtime.store.errors import Corrupt, StoreError
from flowport.runtime.store.keys import is_sha
from flowport.runtime.store.writes import wherever

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias, TypeVar

    from flowport.runtime.store.interface import Store

    Files: TypeAlias = list[tuple[str, int, str]]
    One = TypeVar("One")
    Result = TypeVar("Result")

THREADS = 8
"""How many transfers run at once. Each holds one piece in memory."""

PIECE = 1 << 24
"""Bytes that are fetched with one request."""


def in_threads(function: Callable[[One], Result], values: Iterable[One]) -> list[Result]:
    """The results in the order of the values; after an error, or when the task is asked to end, no further call begins."""
    given = list(values)
    if len(given) < 2:
        return [function(value) for value in given]
    pool = ThreadPoolExecutor(min(THREADS, len(given)), "flowport")
    waits = False
    try:
        found = list(pool.map(function, given))
        waits = True
    except Exception:
        waits = True
        raise
    finally:
        pool.shutdown(waits, cancel_futures=True)  # who is asked to end has no time to wait for what is under way
    return found


def temporary_folder(kind: str, root: str | os.PathLike[str] | None) -> TemporaryDirectory[str]:
    """A new folder in `root`, which is made if it is not there, or where the system has temporary folders; raises CheckpointException."""
    try:
        if root is not None:
            os.makedirs(root, exist_ok=True)
        return TemporaryDirectory(prefix=f"flowport_{kind}_", dir=root, ignore_cleanup_errors=True)
    except OSError as error:
        where, way_out = ("", "") if root is None else (f" in `{root}`", "; name another one in `temp_dir_root`, or leave that out")
        raise CheckpointException(f"a temporary folder cannot be made{where}: {error.strerror or error}{way_out}") from error


def local_files(path: str) -> list[tuple[str, str]]:
    """The files of a folder, or one file under its own name: pairs of the relative path and the path, sorted. Links are followed."""
    if not os.path.isdir(path):
        if not os.path.exists(path):
            raise NothingToSave(f"`{path}` is to be saved, and there is nothing")
        return [(os.path.basename(path), _regular(path))]
    found = []
    for folder, inner, names in os.walk(path, followlinks=True):
        inner[:] = [name for name in inner if not _leads_back(folder, name)]
        for name in names:
            full = os.path.join(folder, name)
            found.append((os.path.relpath(full, path).replace(os.sep, "/"), _regular(full)))
    return sorted(found)


def _leads_back(folder: str, name: str) -> bool:
    """Whether a folder is a link to one that it is in."""
    target = os.path.realpath(os.path.join(folder, name))
    return f"{os.path.realpath(folder)}/".startswith(f"{target}/")


def _regular(path: str) -> str:
    if not os.path.isfile(path):
        raise CheckpointException(f"`{path}` is to be saved, and is no file")
    return path


def fetch(store: Store, files: Files, key: Callable[[int], str], path: str) -> None:
    """Write files into a folder. `key` is where the file with a number is. Raises Missing, or Corrupt if what comes has another digest.

    Of what cannot be fetched whole, nothing is left behind.
    """
    wanted = [(key(number), os.path.join(path, *name.split("/")), size, sha) for number, (name, size, sha) in enumerate(files)]
    made: list[str] = []
    try:
        os.makedirs(path, exist_ok=True)
        for _, target, size, _ in wanted:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            _remove(target)
            with open(target, "wb") as file:
                made.append(target)
                file.truncate(size)
        in_threads(lambda piece: _piece(store, *piece), [piece for one in wanted for piece in _pieces(one)])
        in_threads(lambda one: _verify(store, *one), wanted)
    except BaseException as error:
        for target in made:
            _remove(target)
        if isinstance(error, OSError):
            raise StoreError(f"cannot write to `{error.filename or path}`: {error.strerror or error}") from error
        raise


def _remove(target: str) -> None:
    if os.path.lexists(target):
        os.unlink(target)


def _pieces(one: tuple[str, str, int, str]) -> Iterable[tuple[str, str, int, int]]:
    key, target, size, _ = one
    return [(key, target, start, min(PIECE, size - start)) for start in range(0, size, PIECE)]


def _piece(store: Store, key: str, target: str, start: int, size: int) -> None:
    data = wherever(store, key, lambda key: store.part(key, start, size))
    with open(target, "rb+", buffering=0) as file:
        file.seek(start)
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]


def _verify(store: Store, key: str, target: str, size: int, sha: str) -> None:
    found = digests.FileDigest(target).read()
    if (found.hexdigest(), found.size) != (sha, size):
        raise Corrupt(f"`{key}` in the store `{store.url}` is not the file that was saved")


def is_list(files: object) -> bool:
    """Whether this is a list of files, none of which would be written outside of the folder."""
    return isinstance(files, list) and all(
        isinstance(one, list) and len(one) == 3 and _is_inside(one[0]) and isinstance(one[1], int) and one[1] >= 0 and is_sha(one[2])
        for one in files
    )


def _is_inside(name: object) -> bool:
    return isinstance(name, str) and not any(part in ("", ".", "..") or "\0" in part or os.sep in part for part in name.split("/"))


def total(files: Sequence[tuple[str, int, str]]) -> int:
    """How many bytes the files have."""
    return sum(size for _, size, _ in files)
