"""The slots of checkpoints in the store: which are kept, and that one that is not whole is never loaded."""

from __future__ import annotations

import errno
import json
import os
import re
from pathlib import Path

import pytest

from checkpointing import Broken
from flowport.runtime.checkpoints import files, slots
from flowport.runtime.checkpoints.place import Place
from flowport.runtime.store.errors import StoreError
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(Broken(str(tmp_path / "store")), Keys("F", "1"), "train", "r", 0)


def save(place: Place, folder: Path, text: str, name: str = "mfchckpt", latest: bool = True) -> slots.Slot:
    """Save two files with a text."""
    folder.mkdir(exist_ok=True)
    (folder / "inner").mkdir(exist_ok=True)
    (folder / "a").write_text(text)
    (folder / "inner" / "b").write_text(text * 2)
    return slots.save(place, str(folder), {"name": name, "latest": latest, "metadata": {}, "format": "files", "reads": {}})


def newest(place: Place, folder: Path) -> str | None:
    """The text of the newest checkpoint."""
    slot = slots.newest(place, lambda doc: True, str(folder))
    if slot is None:
        return None
    text = (folder / "a").read_text()
    assert (folder / "inner" / "b").read_text() == text * 2
    return text


def stored(place: Place) -> set[str]:
    return {entry.key for entry in place.store.entries(place.folder)}


def test_the_newest_three_of_a_name_are_kept_and_the_space_is_bounded(place: Place, tmp_path: Path) -> None:
    for number in range(3):
        save(place, tmp_path / "in", str(number))
    before = stored(place)
    for number in range(3, 10):
        save(place, tmp_path / "in", str(number))
        assert newest(place, tmp_path / "out") == str(number)
    assert [slot.sequence for slot in slots.read(place)] == [9, 8, 7]
    assert stored(place) == before


def test_checkpoints_of_another_name_stay(place: Place, tmp_path: Path) -> None:
    best = save(place, tmp_path / "in", "best", name="best")
    for number in range(10):
        save(place, tmp_path / "in", str(number))
    slots.fetch(place.store, best.key, str(tmp_path / "best"))
    assert (tmp_path / "best" / "a").read_text() == "best"


def test_names_that_never_come_again_do_not_fill_the_store(place: Place, tmp_path: Path) -> None:
    kept = save(place, tmp_path / "in", "kept", name="kept")
    for number in range(2 * slots.SLOTS):
        save(place, tmp_path / "in", str(number), name=f"epoch {number}", latest=False)
    assert len(slots.read(place)) == slots.SLOTS
    assert newest(place, tmp_path / "out") == "kept", "the one that the next attempt begins with was overwritten"
    slots.fetch(place.store, kept.key, str(tmp_path / "kept"))


def test_one_that_is_not_the_latest_is_not_loaded(place: Place, tmp_path: Path) -> None:
    save(place, tmp_path / "in", "first")
    save(place, tmp_path / "in", "second", latest=False)
    assert newest(place, tmp_path / "out") == "first"


def test_a_half_written_one_is_never_loaded(place: Place, tmp_path: Path) -> None:
    """However often saving ends in the middle: the newest whole one is never overwritten."""
    save(place, tmp_path / "in", "whole")
    for number in range(12):
        place.store.left = number % 2  # type: ignore[attr-defined]
        with pytest.raises(StoreError, match="no space is left"):
            save(place, tmp_path / "in", "half")
        assert newest(place, tmp_path / "out") == "whole"
    place.store.left = 10  # type: ignore[attr-defined]
    save(place, tmp_path / "in", "later")
    assert newest(place, tmp_path / "out") == "later"


@pytest.mark.parametrize("harm", ["gone", "shorter", "other", "document"])
def test_a_damaged_one_is_not_loaded_and_the_one_before_is(place: Place, tmp_path: Path, harm: str) -> None:
    save(place, tmp_path / "in", "first")
    second = save(place, tmp_path / "in", "second")
    file = Path(place.store.url, place.folder, str(second.number), "1")
    if harm == "gone":
        file.unlink()
    elif harm == "document":
        Path(place.store.url, place.folder, f"{second.number}.json").write_text('{"v": 1, "sequence": 1, "valid": true')
    else:
        file.write_bytes({"shorter": b"second", "other": b"secondsecone"}[harm])
    assert newest(place, tmp_path / "out") == "first"


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside", "", "a//b"])
def test_no_document_has_files_written_outside_of_the_folder(place: Place, tmp_path: Path, name: str) -> None:
    slot = save(place, tmp_path / "in", "first")
    document = Path(place.store.url, place.folder, f"{slot.number}.json")
    doc = json.loads(document.read_text())
    doc["files"][0][0] = name
    document.write_text(json.dumps(doc))
    assert newest(place, tmp_path / "out") is None
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("there", ["a", "inner/b", "."], ids=["a folder", "an inner folder", "the folder is a file"])
def test_what_is_in_the_way_is_named_and_nothing_half_is_left(place: Place, tmp_path: Path, there: str) -> None:
    save(place, tmp_path / "in", "1")
    out = tmp_path / "out"
    if there == ".":
        out.write_text("mine")
    else:
        (out / there).mkdir(parents=True)
    with pytest.raises(StoreError, match=f"cannot write to `{re.escape(str(out / there))}`: (Is a directory|File exists)"):
        newest(place, out)
    assert [path for path in out.rglob("*") if path.is_file()] == []


def test_a_full_disk_leaves_nothing_half(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(place, tmp_path / "in", "1")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files, "_piece", full)
    with pytest.raises(StoreError, match=f"cannot write to `{re.escape(str(tmp_path / 'out'))}`: No space left on device"):
        newest(place, tmp_path / "out")
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def test_two_attempts_that_save_at_once_leave_whole_checkpoints(place: Place, tmp_path: Path) -> None:
    other = Place(FolderStore(place.store.url), place.keys, "train", "r", 1)
    for number in range(4):
        save(place, tmp_path / "in", f"one {number}")
        save(other, tmp_path / "in", f"other {number}")
    assert newest(place, tmp_path / "out") == "other 3"
    assert [slot.doc["attempt"] for slot in slots.read(place)] == [1, 0, 1]


def test_files_are_sent_and_fetched_in_pieces(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PIECE", 1000)
    content = os.urandom(10_500)
    (tmp_path / "large").write_bytes(content)
    (tmp_path / "empty").write_bytes(b"")
    for name in ("large", "empty"):
        doc = {"name": name, "latest": True, "metadata": {}, "format": "files", "reads": {}}
        slots.save(place, str(tmp_path / name), doc).fetch(str(tmp_path / "out"))
    assert (tmp_path / "out" / "large").read_bytes() == content
    assert (tmp_path / "out" / "empty").read_bytes() == b""


def test_on_a_bucket_the_same_is_kept_and_loaded(tmp_path: Path, bucket: str) -> None:
    store = open_store(f"s3://{bucket}/prefix")
    place = Place(store, Keys("F", "1"), "train", "r", 0)
    large = os.urandom(20_000_000)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "large").write_bytes(large)
    (tmp_path / "in" / "empty").write_bytes(b"")
    for number in range(4):
        (tmp_path / "in" / "number").write_text(str(number))
        doc = {"name": "n", "latest": True, "metadata": {"number": number}, "format": "files", "reads": {}}
        slots.save(place, str(tmp_path / "in"), doc)
    slot = slots.newest(place, lambda doc: True, str(tmp_path / "out"))
    assert slot is not None
    assert slot.doc["metadata"] == {"number": 3}
    assert (tmp_path / "out" / "large").read_bytes() == large
    assert (tmp_path / "out" / "empty").read_bytes() == b""
    assert (tmp_path / "out" / "number").read_text() == "3"
    sha, size = store.put_blob_file(str(tmp_path / "in" / "large"))
    assert bytes(store.blob(sha, size)) == large
    assert store.put_blob_file(str(tmp_path / "in" / "empty"))[1] == 0


def test_a_file_that_changes_while_it_is_stored_is_no_blob(tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(f"s3://{bucket}")
    file = tmp_path / "file"
    file.write_bytes(b"first")
    monkeypatch.setattr(store, "_meta", lambda key: file.write_bytes(b"other") and None)
    with pytest.raises(StoreError, match="was changed while it was stored"):
        store.put_blob_file(str(file))
    assert list(store.entries("blobs/")) == []
