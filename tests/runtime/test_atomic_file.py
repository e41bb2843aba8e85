"""Files that a user keeps are replaced in one step."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from flowport.runtime import atomic_file
from flowport.runtime.atomic_file import write_file

FULL = """
import resource, signal, sys
from flowport.runtime.atomic_file import write_file

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
write_file(sys.argv[1], b"x" * 100_000)
"""
"""Writes a file that is larger than the process may write."""


def test_a_file_is_there_whole_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "lock.txt"
    for data in (b"one", b"two"):
        write_file(str(path), data)
        assert path.read_bytes() == data
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("before", [b"", b"before"])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, before: bytes) -> None:
    path = tmp_path / "lock.txt"
    if before:
        path.write_bytes(before)
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True)
    assert f"OSError: [Errno 27] File too large: '{path}'" in done.stderr
    assert [(each, each.read_bytes()) for each in tmp_path.iterdir()] == ([(path, before)] if before else [])


def test_an_interrupted_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock.txt"
    path.write_bytes(b"before")

    def interrupted(source: str, target: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_file(str(path), b"after")
    assert [(each, each.read_bytes()) for each in tmp_path.iterdir()] == [(path, b"before")]


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "lock.txt", tmp_path / "link.txt"
    path.write_bytes(b"before")
    path.chmod(0o640)
    link.symlink_to(path.name)
    write_file(str(link), b"after")
    assert link.is_symlink()
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"after", 0o640)


def test_the_owner_stays_where_that_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock.txt"
    path.write_bytes(b"before")
    before, given = path.stat(), []

    def refused(name: str, user: int, group: int) -> None:
        given.append((user, group))
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), name)

    monkeypatch.setattr(os, "chown", refused)
    write_file(str(path), b"after")
    assert (path.read_bytes(), given) == (b"after", [(before.st_uid, before.st_gid)])


def test_a_new_file_has_the_permissions_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_file(str(tmp_path / "new"), b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_a_device_is_written_to_and_stays_one() -> None:
    write_file("/dev/null", b"lost")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize("name", ["missing/lock.txt", "folder"])
def test_an_error_names_the_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=f"{name}'$") as caught:
        write_file(str(tmp_path / name), b"")
    assert caught.value.filename == str(tmp_path / name)


def test_a_file_that_must_not_be_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock.txt"
    path.write_bytes(b"before")

    def read_only(name: str, mode: str) -> None:  # as for a user who is not root
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), name)

    monkeypatch.setattr(atomic_file, "open", read_only, raising=False)
    with pytest.raises(PermissionError):
        write_file(str(path), b"after")
    assert [(each, each.read_bytes()) for each in tmp_path.iterdir()] == [(path, b"before")]
