"""Files that a user keeps, such as lock files and compiled files, are replaced in one step: nobody ever sees half of one.

The stores have ways of their own to write (`runtime/store`).
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress


def write_file(path: str, data: bytes) -> None:
    """Write a file whole or not at all, whatever happens meanwhile; raises OSError with the path as its `filename`.

    A file that is there keeps its owner and permissions, and a link stays a link. Of two writers at once, the file of the last one stays.
    """
    place = os.path.realpath(path)
    try:
        before = os.stat(place)
    except FileNotFoundError:
        before = None
    try:
        if before is not None and not stat.S_ISREG(before.st_mode):
            _write_through(place, data)
        else:
            _replace(place, data, before)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error


def _write_through(place: str, data: bytes) -> None:
    """Write to a device or a pipe, which cannot be replaced."""
    with open(place, "wb") as file:
        file.write(data)


def _replace(place: str, data: bytes, before: os.stat_result | None) -> None:
    if before is not None:
        with open(place, "ab"):
            pass  # a file that must not be written is not replaced either
    folder = os.path.dirname(place)
    # Hidden, and without the ending of the file: Airflow reads all `.py` of a folder. Short, as names have at most 255 bytes.
    unfinished = os.path.join(folder, f".flowport-{os.urandom(8).hex()}")
    try:
        with open(unfinished, "xb") as file:
            file.write(data)
        if before is not None:
            with suppress(PermissionError):  # root, as in a container, writes files of others; nobody else can give a file away
                os.chown(unfinished, before.st_uid, before.st_gid)
            os.chmod(unfinished, stat.S_IMODE(before.st_mode))
        os.replace(unfinished, place)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(unfinished)
        raise
