"""The folder store: whole documents or none, one winner of a create, and no way out of the folder."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flowport.runtime.store import folder as folders
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import blob_key
from flowport.runtime.store.open import open_store
from flowport.runtime.store.writes import DAY

NASTY = ["a b", "%2F%20", "é", "🙂", "$(rm -rf)", "{{x}}", "'\"", "new\nline", "-rf", "~", "*", "x" * 255, ".hidden", "a\\b", "CON"]


@pytest.fixture
def folder(tmp_path: Path) -> FolderStore:
    return FolderStore(str(tmp_path / "store"))


def everything(folder: FolderStore) -> list[str]:
    return sorted(str(path.relative_to(folder.root)) for path in Path(folder.root).rglob("*") if path.is_file())


def test_what_was_created_is_read(folder: FolderStore) -> None:
    assert folder.create("F/1/run.json", b"{}")
    assert folder.read("F/1/run.json") == b"{}"
    assert folder.exists("F/1/run.json")


def test_a_second_create_says_no_and_changes_nothing(folder: FolderStore) -> None:
    folder.create("a/b", b"first")
    assert not folder.create("a/b", b"second")
    assert folder.read("a/b") == b"first"
    assert everything(folder) == ["a/b"]


def test_a_link_whose_answer_was_lost_is_ones_own(folder: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def repeated(source: str, target: str) -> None:
        link(source, target)
        raise FileExistsError(errno.EEXIST, "NFS was asked twice", target)

    monkeypatch.setattr(os, "link", repeated)
    assert folder.create("a/b", b"first")
    assert not folder.create("a/b", b"second")
    assert folder.read("a/b") == b"first"


def test_the_size_of_a_document_is_known(folder: FolderStore, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"0123456789")
    folder.replace_with_file("a/b", str(tmp_path / "log"))
    assert (folder.size("a/b"), folder.read("a/b")) == (10, b"0123456789")
    with pytest.raises(Missing):
        folder.size("a/c")


def test_replace_replaces(folder: FolderStore) -> None:
    folder.replace("a/b", b"first")
    folder.replace("a/b", b"second")
    assert folder.read("a/b") == b"second"
    assert everything(folder) == ["a/b"]


def test_an_empty_document_is_a_document(folder: FolderStore) -> None:
    assert folder.create("a", b"")
    assert folder.read("a") == b""
    assert folder.part("a", 0, 0) == b""


def test_a_part_is_exact_or_an_error(folder: FolderStore) -> None:
    folder.create("a", b"0123456789")
    assert folder.part("a", 2, 3) == b"234"
    with pytest.raises(Corrupt, match="ends before byte 12"):
        folder.part("a", 8, 4)


def test_what_is_not_there_is_missing(folder: FolderStore) -> None:
    assert not folder.exists("a/b")
    with pytest.raises(Missing, match="`a/b` is not in the store"):
        folder.read("a/b")
    with pytest.raises(Missing):
        folder.part("a/b", 0, 1)
    with pytest.raises(Missing):
        folder.blob("0" * 64, 5)
    assert folder.names("a/") == folder.folders("") == []
    assert not os.path.exists(folder.root), "reading makes no folder"


def test_what_lies_below_a_document_is_missing(folder: FolderStore) -> None:
    folder.create("a", b"")
    with pytest.raises(Missing):
        folder.read("a/b")
    with pytest.raises(StoreError, match="a file stands where a folder is needed"):
        folder.create("a/b", b"")


@pytest.mark.parametrize("key", ["", "/etc/passwd", "a//b", "a/", "..", "a/../../b", "./a", "a\0b"])
def test_keys_that_lead_elsewhere_are_refused(folder: FolderStore, key: str) -> None:
    for ask in (folder.read, folder.exists, lambda key: folder.create(key, b""), lambda key: folder.replace(key, b"")):
        with pytest.raises(StoreError, match="takes no key like"):
            ask(key)


@pytest.mark.parametrize("name", NASTY)
def test_nasty_names_are_names(folder: FolderStore, name: str) -> None:
    assert folder.create(f"F/{name}/{name}", name.encode())
    assert folder.read(f"F/{name}/{name}") == name.encode()
    assert folder.names(f"F/{name}/") == [f"F/{name}/{name}"]
    assert folder.folders("F/") == [name]


def test_a_name_that_is_too_long_is_refused(folder: FolderStore) -> None:
    with pytest.raises(StoreError, match="longer than the file system takes"):
        folder.create("F/" + "x" * 256, b"")
    assert everything(folder) == []


def test_names_and_folders_list_one_level(folder: FolderStore) -> None:
    for key in ("F/1/s/s.10@0.json", "F/1/s/s.1@0.json", "F/1/s/s.1@1.json", "F/1/s/s.1.attempt/0-1", "F/2/run.json", "blobs/ab/c"):
        folder.create(key, b"")
    assert folder.names("F/1/s/") == ["F/1/s/s.10@0.json", "F/1/s/s.1@0.json", "F/1/s/s.1@1.json"]
    assert folder.names("F/1/s/s.1@") == ["F/1/s/s.1@0.json", "F/1/s/s.1@1.json"]
    assert folder.folders("F/1/s/") == ["s.1.attempt"]
    assert folder.folders("") == ["F", "blobs"]
    assert folder.folders("F/") == ["1", "2"]


def test_entries_list_all_levels_in_the_order_of_keys(folder: FolderStore) -> None:
    keys = ["F/1/run.json", "F/1/s/s.1.log/0-1", "F/1/s/s.1@0.json", "F/1/s/s@0.json", "F/1-x/run.json", "blobs/ab/c"]
    for number, key in enumerate(keys):
        folder.create(key, b"x" * number)
    assert [(entry.key, entry.size) for entry in folder.entries("")] == sorted((key, number) for number, key in enumerate(keys))
    assert [entry.key for entry in folder.entries("F/1/s/s.1")] == ["F/1/s/s.1.log/0-1", "F/1/s/s.1@0.json"]
    assert [entry.key for entry in folder.entries("F/1/", after="F/1/s/s.1.log/0-1")] == ["F/1/s/s.1@0.json", "F/1/s/s@0.json"]
    assert list(folder.entries("nothing/")) == []
    assert all(abs(entry.modified - time.time()) < 600 for entry in folder.entries(""))


def test_a_document_is_replaced_only_in_the_version_that_was_seen(folder: FolderStore) -> None:
    folder.create("F/index", b"1")
    seen = folder.entry("F/index").version
    assert folder.replace_if("F/index", b"2", seen)
    assert not folder.replace_if("F/index", b"3", seen)
    assert folder.read("F/index") == b"2"
    assert not folder.replace_if("F/other", b"1", seen)
    assert not folder.exists("F/other")


def test_what_is_deleted_is_gone_and_may_be_deleted_again(folder: FolderStore) -> None:
    folder.create("F/1/run.json", b"{}")
    folder.delete("F/1/run.json")
    folder.delete("F/1/run.json")
    assert not folder.exists("F/1/run.json")
    with pytest.raises(Missing):
        folder.entry("F/1/run.json")


def test_count_stops_at_the_first_gap(folder: FolderStore) -> None:
    for number in (0, 1, 2, 4):
        folder.create(f"a/s.{number}@0.json", b"")
    assert folder.count("a/s.", "@0.json") == 3
    assert folder.count("a/t.", "@0.json") == 0


def test_a_blob_is_named_by_its_content_and_stored_once(folder: FolderStore) -> None:
    sha, size = folder.put_blob([b"ab", memoryview(b"cd")])
    assert (sha, size) == (hashlib.sha256(b"abcd").hexdigest(), 4)
    before = os.stat(f"{folder.root}/{blob_key(sha)}")
    assert folder.put_blob([b"abcd"]) == (sha, size)
    assert os.stat(f"{folder.root}/{blob_key(sha)}").st_ino == before.st_ino
    assert bytes(memoryview(folder.blob(sha, size))) == b"abcd"
    assert folder.blob_part(sha, 1, 2) == b"bc"


@pytest.mark.parametrize("size", [0, 1, 1 << 18, folders.MAPPED - 1, folders.MAPPED, folders.MAPPED * 3 + 1])
def test_blobs_of_every_size_come_back_writable_and_private(folder: FolderStore, size: int) -> None:
    data = os.urandom(size)
    sha, _ = folder.put_blob([data[: size // 3], b"", data[size // 3 :]])
    view = memoryview(folder.blob(sha, size))
    assert view == data
    if size:
        view[0] ^= 255
    assert memoryview(folder.blob(sha, size)) == data
    assert everything(folder) == [blob_key(sha)]


@pytest.mark.parametrize("size", [100, folders.MAPPED * 2])
@pytest.mark.parametrize("harm", ["flip", "cut", "grow"])
def test_a_blob_that_was_changed_is_corrupt(folder: FolderStore, size: int, harm: str) -> None:
    sha, _ = folder.put_blob([os.urandom(size)])
    path = Path(folder.root, blob_key(sha))
    data = path.read_bytes()
    path.write_bytes({"flip": data[:50] + bytes([data[50] ^ 1]) + data[51:], "cut": data[:-1], "grow": data + b"x"}[harm])
    with pytest.raises(Corrupt, match=f"blob `{sha}` .* does not match its digest"):
        folder.blob(sha, size)


def test_a_blob_that_a_crash_cut_short_is_written_again(folder: FolderStore) -> None:
    sha, size = folder.put_blob([b"abcd"])
    Path(folder.root, blob_key(sha)).write_bytes(b"ab")
    folder.put_blob([b"abcd"])
    assert bytes(memoryview(folder.blob(sha, size))) == b"abcd"


def test_an_old_blob_that_is_used_again_counts_as_new(folder: FolderStore) -> None:
    for size in (4, folders.MAPPED):
        sha, _ = folder.put_blob([bytes(size)])
        path = Path(folder.root, blob_key(sha))
        for use in (lambda: folder.put_blob([bytes(size)]), lambda: folder.refresh(sha, size)):  # noqa: B023 - called at once
            for age, is_refreshed in ((DAY // 2, False), (2 * DAY, True)):
                then = time.time() - age
                os.utime(path, (then, then))
                use()
                assert (path.stat().st_mtime > then + 1) == is_refreshed
    with pytest.raises(Missing):
        folder.refresh("0" * 64, 4)


def test_only_the_owner_may_look(folder: FolderStore) -> None:
    folder.create("a", b"")
    assert stat.S_IMODE(os.stat(folder.root).st_mode) == 0o700


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o755)
    FolderStore(str(tmp_path)).create("a", b"")
    assert stat.S_IMODE(os.stat(tmp_path).st_mode) == 0o755


def test_a_store_stays_where_it_was_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    opened = open_store("here")
    opened.create("a", b"1")
    monkeypatch.chdir("/")
    assert opened.read("a") == b"1"
    assert open_store(opened.url).read("a") == b"1"
    assert open_store(f"file://{tmp_path}/here").url == open_store(f"file:{tmp_path}/here").url == opened.url


@pytest.mark.parametrize("url", ["", "file:", "file://host/a", "ftp://a/b", "s3://", "s3:///a", "s3://bucket/../a"])
def test_addresses_that_are_no_store_are_refused(url: str) -> None:
    with pytest.raises(StoreError):
        open_store(url)


RACE = """
import sys
from flowport.runtime.store.folder import FolderStore
folder = FolderStore(sys.argv[1])
sys.stdin.read(1)
print(sum([folder.create(f"a/{number}", sys.argv[2].encode()) for number in range(300)]))
"""


@pytest.mark.parametrize("links", [True, False])
def test_one_of_two_processes_creates_each_document(folder: FolderStore, links: bool) -> None:
    code = RACE if links else NO_LINKS + RACE
    commands = [[sys.executable, "-c", code, folder.root, name] for name in ("left", "right")]
    racers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/") for command in commands]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("g")
        racer.stdin.flush()
    won = [int(racer.communicate()[0]) for racer in racers]
    found = [folder.read(f"a/{number}") for number in range(300)]
    assert won == [found.count(b"left"), found.count(b"right")]
    assert [name for name in os.listdir(f"{folder.root}/tmp") if name != "lock"] == []


NO_LINKS = """
import errno, os
def link(source, target):
    raise OSError(errno.EPERM, "no links here")
os.link = link
"""

KILLED = """
import os, signal, sys
from flowport.runtime.store.folder import FolderStore
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(os, sys.argv[2], die)
folder = FolderStore(sys.argv[1])
{"create": lambda: folder.create("a/b", b"new"), "replace": lambda: folder.replace("a/b", b"new"),
 "blob": lambda: folder.put_blob([bytes(1 << 20)])}[sys.argv[3]]()
"""


@pytest.mark.parametrize(
    ("moment", "write"), [("link", "create"), ("write", "create"), ("replace", "replace"), ("replace", "blob"), ("write", "blob")]
)
def test_a_killed_writer_leaves_nothing_to_see(folder: FolderStore, moment: str, write: str) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, folder.root, moment, write], cwd="/")
    assert ended.returncode == -signal.SIGKILL
    assert not folder.exists("a/b")
    assert folder.names("a/") == []
    assert all(path.startswith("tmp/") for path in everything(folder))
    assert folder.create("a/b", b"next")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("call", ["open", "write", "link", "mkdir"])
def test_a_store_that_refuses_a_write_says_so(folder: FolderStore, monkeypatch: pytest.MonkeyPatch, number: int, call: str) -> None:
    folder.create("there", b"")
    before = everything(folder)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(StoreError, match=f"cannot write `a/b` in `{folder.root}`: "):
        folder.create("a/b", b"data")
    monkeypatch.undo()
    assert everything(folder) == before


def test_a_large_blob_that_is_refused_leaves_nothing(folder: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(StoreError, match="no space is left"):
        folder.put_blob([bytes(folders.MAPPED)])
    assert everything(folder) == []


def test_with_fsync_the_content_is_on_the_disk_before_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    link, fsync = os.link, os.fsync

    def noted_sync(file: int) -> None:
        calls.append("folder" if stat.S_ISDIR(os.fstat(file).st_mode) else "file")
        fsync(file)

    def noted_link(source: str, target: str) -> None:
        calls.append("link")
        link(source, target)

    monkeypatch.setenv("FLOWPORT_FSYNC", "1")
    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "link", noted_link)
    folder = FolderStore(str(tmp_path / "store"))
    folder.create("a", b"")
    calls.clear()
    folder.create("b", b"")
    assert calls == ["file", "link", "folder"]


def test_many_large_values_do_not_use_up_the_files(folder: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    import mmap

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "too many")

    sha, size = folder.put_blob([bytes(folders.MAPPED)])
    monkeypatch.setattr(mmap, "mmap", refuse)
    assert memoryview(folder.blob(sha, size)) == bytes(size)
