"""Columns of small values: every row comes back, alone or with its column, and damage is noticed."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest

from flowport.runtime.store import codec, packs, row_ranges
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import blob_key


@pytest.fixture
def folder(tmp_path: Path) -> FolderStore:
    return FolderStore(str(tmp_path / "store"))


def packed(folder: FolderStore, values: list[object], items: list[list[int]] | None = None) -> dict[str, Any]:
    packer = packs.Packer()
    col = packer.add([codec.encode(value, folder) for value in values], row_ranges.full(len(values)) if items is None else items)
    packer.close(folder)
    return col


def random_value(chance: random.Random) -> object:
    return chance.choice([None, chance.randrange(1 << 40), "x" * chance.randrange(300), [1, {"a": 2}], "y" * chance.choice([1, 70_000])])


@pytest.mark.parametrize("seed", range(40))
def test_columns_come_back(folder: FolderStore, seed: int) -> None:
    chance = random.Random(seed)
    columns: list[tuple[list[object], dict[str, Any]]] = []
    packer = packs.Packer()
    for _ in range(chance.randrange(1, 5)):
        rows = sorted(chance.sample(range(60), chance.randrange(40)))
        values = [random_value(chance) for _ in rows]
        columns.append((values, packer.add([codec.encode(value, folder) for value in values], row_ranges.from_rows(rows))))
    index = packer.index([col for _, col in columns])
    packer.close(folder)
    for k, (values, col) in enumerate(columns):
        assert packs.values(folder, col) == values
        assert [codec.decode(packs.entry(folder, col, row), folder) for row in row_ranges.iterate(col["items"])] == values
        assert packs.values(folder, packs.indexed(folder, index, k)) == values


def test_a_column_says_where_it_is_and_which_rows_it_has(folder: FolderStore) -> None:
    col = packed(folder, [1, 2], [[3, 5]])
    assert set(col) == {"pack", "at", "size", "sha", "n", "items"}
    assert col["n"] == 2
    assert col["items"] == [[3, 5]]
    assert os.path.exists(f"{folder.root}/{blob_key(col['pack'])}")


def test_equal_values_are_stored_once(folder: FolderStore) -> None:
    col = packed(folder, ["word"] * 10_000)
    assert col["same"] is True
    assert col["size"] < 100
    assert packs.values(folder, col) == ["word"] * 10_000
    assert packs.entries(folder, col) == [codec.digest("word")] * 10_000


def test_equal_values_that_can_change_are_values_of_their_own(folder: FolderStore) -> None:
    first, second = packs.values(folder, packed(folder, [[1], [1]]))
    assert first == second
    assert first is not second


def test_columns_of_equal_bytes_share_them(folder: FolderStore) -> None:
    packer = packs.Packer()
    first, second = (packer.add([codec.digest(1), codec.digest(2)], [[0, 2]]) for _ in range(2))
    packer.close(folder)
    assert first == second
    assert first is not second


def test_a_pack_of_nothing_is_not_stored(folder: FolderStore) -> None:
    packs.Packer().close(folder)
    assert not os.path.exists(folder.root)


def test_a_column_of_no_rows_is_a_column(folder: FolderStore) -> None:
    col = packed(folder, [])
    assert packs.values(folder, col) == packs.entries(folder, col) == []


def test_a_row_that_the_column_lacks_is_an_error(folder: FolderStore) -> None:
    with pytest.raises(LookupError, match="row 2 is not in the column"):
        packs.entry(folder, packed(folder, [1, 2], [[0, 2]]), 2)


def test_an_index_does_not_grow_with_the_number_of_columns(folder: FolderStore) -> None:
    packer = packs.Packer()
    index = packer.index([packer.add([codec.digest(number)], [[0, 1]]) for number in range(1000)])
    packer.close(folder)
    assert set(index) == {"pack", "at", "size", "sha", "k"}
    assert index["k"] == 1000
    assert packs.values(folder, packs.indexed(folder, index, 999)) == [999]


@pytest.mark.parametrize("end", [0, 1])
def test_a_damaged_column_is_corrupt(folder: FolderStore, end: int) -> None:
    col = packed(folder, list(range(1000)))
    path = Path(folder.root, blob_key(col["pack"]))
    data = bytearray(path.read_bytes())
    data[col["at"] + (col["size"] - 1) * end] ^= 1
    path.write_bytes(data)
    with pytest.raises(Corrupt, match=f"blob `{col['pack']}` does not match"):
        packs.values(folder, col)


def test_a_pack_that_is_cut_is_corrupt_and_one_that_is_gone_is_missing(folder: FolderStore) -> None:
    col = packed(folder, list(range(1000)))
    path = Path(folder.root, blob_key(col["pack"]))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Corrupt):
        packs.entries(folder, col)
    path.unlink()
    with pytest.raises(Missing, match=col["pack"]):
        packs.entries(folder, col)
