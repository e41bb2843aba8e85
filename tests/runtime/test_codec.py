"""Values come back equal, large buffers without a copy, and damage is noticed before anything is unpickled."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from flowport.runtime.environments import tools
from flowport.runtime.store import codec
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import blob_key
from prepared import HERE, another_python


@pytest.fixture
def folder(tmp_path: Path) -> FolderStore:
    return FolderStore(str(tmp_path / "store"))


SHARED = ["shared"]
VALUES = [
    None,
    True,
    -(1 << 100),
    0.1,
    1j,
    "",
    "héllo 🙂",
    "lone \ud800 surrogate",
    b"",
    (),
    (1, ("a", b"b")),
    [1, [2, {"a": None}]],
    {"x": 1, 2: (3,)},
    {1, 2},
    frozenset(["a"]),
    range(5),
    Path("a/b"),
    ValueError("text", 1),
    "x" * 100_000,
    b"x" * 100_000,
    bytearray(b"x" * 100_000),
    list(range(50_000)),
    ["é" * 70_000, b"y" * 70_000, "é" * 70_000],
    {number: str(number) for number in range(20_000)},
    ((),) * 2000,
]


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_a_value_comes_back_equal_and_its_digest_is_its_entry(folder: FolderStore, value: object) -> None:
    unstored = codec.digest(value)
    assert not os.path.exists(folder.root)
    entry = codec.encode(value, folder)
    assert entry == unstored
    assert type(codec.decode(entry, folder)) is type(value)
    if not isinstance(value, Exception):
        assert codec.decode(entry, folder) == value


def test_a_small_value_is_its_pickle_and_a_large_one_a_reference(folder: FolderStore) -> None:
    small, large = codec.encode("x" * 1000, folder), codec.encode("x" * codec.INLINE, folder)
    assert pickle.loads(small) == "x" * 1000
    assert not codec.is_reference(small)
    assert codec.is_reference(large)
    assert len(large) == codec.REFERENCE
    sha, size = codec.reference(large)
    assert os.stat(f"{folder.root}/{blob_key(sha)}").st_size == size


def test_what_is_shared_stays_shared(folder: FolderStore) -> None:
    again = codec.decode(codec.encode([SHARED, SHARED], folder), folder)
    assert again[0] is again[1]  # type: ignore[index]


def test_a_value_that_holds_itself_comes_back_so(folder: FolderStore) -> None:
    value: list[object] = []
    value.append(value)
    again = codec.decode(codec.encode(value, folder), folder)
    assert again[0] is again  # type: ignore[index]


def test_each_decoding_is_a_value_of_its_own(folder: FolderStore) -> None:
    entry = codec.encode(np.zeros(100_000), folder)
    first, second = codec.decode(entry, folder), codec.decode(entry, folder)
    first[0] = 1  # type: ignore[index]
    assert second[0] == 0  # type: ignore[index]


ARRAYS = {
    "small": np.arange(10),
    "rows": np.arange(300_000).reshape(300, 1000),
    "columns": np.asfortranarray(np.arange(300_000).reshape(300, 1000)),
    "strided": np.arange(300_000)[::3],
    "reversed": np.arange(300_000)[::-1],
    "scalar": np.float64(1.5),
    "no dimension": np.array(3),
    "empty": np.empty((0, 5)),
    "structured": np.zeros(100_000, dtype=[("a", "i4"), ("b", "f8")]),
    "text": np.array(["a", "bcd"] * 50_000),
    "objects": np.array([{"a": 1}, None], dtype=object),
    "dates": np.arange("2020-01", "2021-01", dtype="datetime64[D]"),
    "booleans": np.ones(100_000, dtype=bool),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_come_back_equal_and_writable(folder: FolderStore, name: str) -> None:
    array = ARRAYS[name]
    again = codec.decode(codec.encode(array, folder), folder)
    assert type(again) is type(array)
    np.testing.assert_array_equal(again, array)
    assert again.dtype == array.dtype  # type: ignore[attr-defined]
    if isinstance(again, np.ndarray):
        assert again.flags.writeable


def test_a_small_array_can_be_resized(folder: FolderStore) -> None:
    found = codec.decode(codec.encode({"array": np.arange(10.0)}, folder), folder)["array"]
    found.resize(20, refcheck=False)
    assert list(found) == [*range(10), *[0] * 10]


def test_a_read_only_array_stays_read_only(folder: FolderStore) -> None:
    array = np.arange(100_000)
    array.flags.writeable = False
    assert not codec.decode(codec.encode(array, folder), folder).flags.writeable  # type: ignore[attr-defined]


def test_buffers_lie_at_multiples_of_64_in_the_map(folder: FolderStore) -> None:
    arrays = [np.arange(number, dtype=np.uint8) for number in (5_000_001, 4_097, 70_003)]
    entry = codec.encode(arrays, folder)
    again = codec.decode(entry, folder)
    for array, loaded in zip(arrays, again, strict=True):  # type: ignore[call-overload]
        np.testing.assert_array_equal(loaded, array)
        assert loaded.ctypes.data % codec.ALIGNMENT == 0
        assert not loaded.flags.owndata


def test_storing_an_array_copies_nothing() -> None:
    array = np.arange(100_000)
    parts, _ = codec._parts(array)
    (buffer,) = [part for part in parts if isinstance(part, memoryview)]
    assert np.frombuffer(buffer, dtype=np.uint8).ctypes.data == array.ctypes.data


def test_storing_long_bytes_copies_nothing() -> None:
    data = b"x" * 1_000_000
    parts, _ = codec._parts({"data": data})
    assert [part for part in parts if part is data]


def test_frames_come_back_equal(folder: FolderStore) -> None:
    frame = pd.DataFrame(
        {"a": range(50_000), "b": np.linspace(0, 1, 50_000), "c": ["x", "y"] * 25_000, "d": pd.Categorical(["p", "q"] * 25_000)}
    )
    again = codec.decode(codec.encode(frame, folder), folder)
    pd.testing.assert_frame_equal(again, frame)
    again.loc[0, "a"] = 7  # type: ignore[attr-defined]


def test_tables_come_back_equal_from_the_map_itself(folder: FolderStore) -> None:
    table = pa.table({"a": np.arange(1_000_000), "b": ["text", None] * 500_000})
    before = pa.total_allocated_bytes()
    again = codec.decode(codec.encode(table, folder), folder)
    assert pa.total_allocated_bytes() - before < 100_000
    assert again.equals(table)  # type: ignore[attr-defined]


EQUAL = """
import sys
from flowport.runtime.store import codec
word = "".join(["wo", "rd"])
for value in [None, True, 7, 0.5, 1j, "word", b"word", ("word", word), ((word,), ("word",)), frozenset([1])]:
    print(codec.digest(value).hex())
for value in [["word", word], {"a": "word", "word": word}, [("a", 1), ("a", 1)]]:
    print(codec.digest(value).hex())
print(codec.digest(sys.intern(word)).hex(), codec.digest((sys.intern(word),) * 2).hex())
"""


def test_equal_plain_values_have_equal_bytes_in_every_process() -> None:
    texts = []
    for seed in ("1", "2"):
        texts.append(
            subprocess.run([sys.executable, "-c", EQUAL], env={"PYTHONHASHSEED": seed}, cwd="/", capture_output=True, check=True).stdout
        )
    assert texts[0] == texts[1]
    one, other = "".join(["a", "b"]), "".join(["a", "b"])
    assert one is not other
    assert codec.digest((one, one)) == codec.digest((one, other))
    assert codec.digest([one, {one: one}]) == codec.digest([other, {one: "".join(["a", "b"])}])


STORES = """
import pathlib, sys
from flowport.runtime.store import codec
values = [None, 7, 2**70, 0.5, "word", ("a", ["b"]), {"a": {"b": [1, 2.5, None, True]}}, b"c", pathlib.PurePosixPath("d", "e")]
for value in values:
    sys.stdout.write(codec.digest(value).hex() + " ")
"""


def test_equal_values_have_equal_bytes_in_every_python() -> None:
    """So a step in one Python reads what a step in another one stored, and a resumed run knows it again."""
    package = Path(subprocess.check_output([sys.executable, "-c", "import flowport; print(flowport.__file__)"], cwd="/", text=True)).parent
    environment = {"PYTHONPATH": str(package.parent)}
    pythons = {tools.python(version) for version in (HERE, another_python())}
    texts = {subprocess.check_output([python, "-c", STORES], env=environment, cwd="/") for python in pythons}
    assert len(texts) == 1
    assert pickle.loads(bytes.fromhex(texts.pop().split()[-1].decode())) == Path("d", "e")


def test_a_changed_value_has_another_digest() -> None:
    value = {"a": [1, 2]}
    before = codec.digest(value)
    value["a"].append(3)
    assert codec.digest(value) != before


def test_a_changed_array_has_another_digest() -> None:
    value = np.zeros(1_000_000)
    before = codec.digest(value)
    value[-1] = 1
    assert codec.digest(value) != before


class Odd:
    def __reduce__(self) -> str:
        raise RuntimeError("not today")


CULPRITS = [
    (threading.Lock(), "_thread.lock"),
    ({"model": [1, (threading.Lock(),)]}, "_thread.lock"),
    (lambda: 1, "function"),
    ((number for number in [1]), "generator"),
    ([Odd()], "test_codec.Odd"),
    (sys.__stderr__, "_io.TextIOWrapper"),
    (np.array([threading.Lock()]), "_thread.lock"),
]


@pytest.mark.parametrize(("value", "culprit"), CULPRITS, ids=[name for _, name in CULPRITS])
def test_a_value_that_cannot_be_stored_names_the_type_that_cannot(folder: FolderStore, value: object, culprit: str) -> None:
    with pytest.raises(codec.Unstorable, match=f"`.*{culprit}` cannot be stored") as caught:
        codec.encode(value, folder)
    assert caught.value.culprit.endswith(culprit)
    with pytest.raises(codec.Unstorable):
        codec.digest(value)
    assert not os.path.exists(folder.root)


def test_a_value_that_is_nested_too_deeply_cannot_be_stored(folder: FolderStore) -> None:
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(codec.Unstorable, match="recursion"):
        codec.encode(value, folder)


@pytest.mark.parametrize("at", [0, 8, 30, 70, -1])
def test_a_damaged_blob_is_corrupt_before_it_is_unpickled(folder: FolderStore, at: int) -> None:
    entry = codec.encode(np.arange(100_000), folder)
    path = Path(folder.root, blob_key(codec.reference(entry)[0]))
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    with pytest.raises(Corrupt, match=codec.reference(entry)[0]):
        codec.decode(entry, folder)


def test_a_blob_that_is_gone_is_missing(folder: FolderStore) -> None:
    entry = codec.encode("x" * 100_000, folder)
    os.unlink(f"{folder.root}/{blob_key(codec.reference(entry)[0])}")
    with pytest.raises(Missing, match=codec.reference(entry)[0]):
        codec.decode(entry, folder)


def test_a_blob_that_is_no_value_is_corrupt(folder: FolderStore) -> None:
    sha, size = folder.put_blob([b"something else" * 100])
    with pytest.raises(Corrupt, match="is not a value"):
        codec.decode(b"R" + bytes.fromhex(sha) + size.to_bytes(8, "little"), folder)


@pytest.mark.parametrize("value", [None, 1, "a", (1, ("b",)), frozenset([1, (2,)]), (((),) * 1000,) * 1000])
def test_frozen_values(value: object) -> None:
    assert codec.frozen(value)


@pytest.mark.parametrize("value", [[], (1, []), {}, bytearray(), np.float64(1), type("Text", (str,), {})("a"), object()])
def test_values_that_may_have_changed(value: object) -> None:
    assert not codec.frozen(value)
