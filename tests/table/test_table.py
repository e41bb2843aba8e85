"""The table of runs: what a store keeps of it, what readers collect, and what is found where documents are missing or came late."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import pytest

from flowport.runtime.records.changes import enter_change
from flowport.runtime.run.tags import change_tags
from flowport.runtime.store.errors import StoreError
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store
from flowport.runtime.table import table as tables
from flowport.runtime.table.table import RunTable
from solo import Broken, Solo
from table.rows import STARTED, Counting, put_row, put_run, row

TRAIN = """
import numpy

class Train(FlowSpec):
    depth = Parameter("depth", default=4)
    names = Parameter("names", default=["a", "b"], type=JSONType)

    @step
    def start(self):
        current.log_metric("accuracy", 0.5)
        self.before, self.large, self.rows = "text", "x" * 201, [1]
        self.next(self.end)

    @step
    def end(self):
        current.log_metric("accuracy", self.depth / 8)
        self.score, self.count, self.seed = numpy.float32(0.25), numpy.int64(3), numpy.uint64(2**64 - 1)
        self.good, self.nothing = True, None
        assert self.depth < 7
"""


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(str(tmp_path / "store"))


def rows(store: Any, flow: str = "Train") -> dict[str, dict[str, Any]]:
    """The rows that a new reader finds, by run."""
    return {row["run"]: row for row in RunTable(store, flow).rows()}


def chunks(store: Any) -> list[str]:
    """The names of the chunks."""
    return [key.rpartition("/")[2] for key in store.names("flows/Train/table/chunks/")]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of few rows."""
    monkeypatch.setattr(tables, "ENOUGH", 3)
    monkeypatch.setattr(tables, "LARGEST", 5)


def test_the_row_of_a_run_has_its_parameters_metrics_and_small_artifacts(tmp_path: Path) -> None:
    solo = Solo(tmp_path, TRAIN)
    solo.run("1", tags=["a"])
    found = rows(solo.store)["1"]
    assert (found["status"], found["tags"], found["origin"]) == ("done", ["a"], "")
    assert found["parameters"] == {"depth": 4, "names": '["a","b"]'}
    assert found["metrics"] == {"accuracy": 0.5}
    assert found["artifacts"] == {"before": "text", "score": 0.25, "count": 3, "seed": 2**64 - 1, "good": True}


def test_a_run_that_goes_on_or_failed_has_what_is_known_of_it(tmp_path: Path) -> None:
    solo = Solo(tmp_path, TRAIN)
    assert solo.perform("start", run="going") == 0
    with pytest.raises(Broken):
        solo.run("failed", parameters={"depth": 7})
    found = rows(solo.store)
    assert [(found[run]["status"], found[run]["metrics"], found[run]["artifacts"]) for run in ("going", "failed")] == [
        ("running", {"accuracy": 0.5}, {}),
        ("failed", {"accuracy": 0.5}, {}),
    ]
    assert found["failed"]["parameters"]["depth"] == 7
    assert solo.perform("end", run="going") == 0
    assert rows(solo.store)["going"]["status"] == "done"


def test_a_run_that_was_killed_before_its_row_was_written_writes_it_when_it_is_tried_again(tmp_path: Path) -> None:
    solo = Solo(tmp_path, TRAIN)
    solo.run("1")
    (entry,) = solo.store.entries("flows/Train/table/changes/")
    solo.path(entry.key).unlink()
    assert rows(solo.store)["1"]["artifacts"] == {}
    assert solo.perform("end") == 0
    assert rows(solo.store)["1"]["artifacts"]["score"] == 0.25


def test_what_was_collected_is_not_read_again(store: FolderStore) -> None:
    for number in range(250):
        put_row(store, f"r{number}", STARTED + number, metrics={"accuracy": number, "none": math.nan})
    assert len(rows(store)) == 250
    assert chunks(store) == ["00000000-00000000.json"]
    counting = Counting(store)
    found = rows(counting)
    assert (len(found), found["r7"]["metrics"]["accuracy"], math.isnan(found["r7"]["metrics"]["none"])) == (250, 7, True)
    assert counting.calls["read"] == 1
    assert sum(counting.calls.values()) <= 6, counting.calls


def test_runs_without_a_row_are_read_once(store: FolderStore) -> None:
    for number in range(120):
        put_run(store, f"r{number}", STARTED + number, "done", parameters={"depth": number})
    assert len(rows(store)) == 120
    counting = Counting(store)
    found = rows(counting)
    assert (found["r119"]["parameters"], found["r0"]["status"]) == ({"depth": 119}, "done")
    assert counting.calls["read"] == 1


def test_a_run_that_was_going_on_when_it_was_collected_is_found_when_it_has_ended(store: FolderStore, few: None) -> None:
    put_run(store, "going", time.time() - 60)
    for number in range(4):
        put_row(store, f"r{number}", STARTED + number)
    assert rows(store)["going"]["status"] == "running"
    put_row(store, "later", time.time())
    assert chunks(store) == ["00000000-00000000.json"]
    put_row(store, "going", time.time() - 60, metrics={"accuracy": 1})
    found = rows(store)
    assert (found["going"]["status"], found["going"]["metrics"]) == ("done", {"accuracy": 1})
    assert len(found) == 6


def test_a_failed_run_that_goes_on_later_replaces_its_row(store: FolderStore, few: None) -> None:
    for number in range(3):
        put_run(store, f"r{number}", STARTED + number, "failed")
    assert {row["status"] for row in rows(store).values()} == {"failed"}
    for number in range(3):
        put_row(store, f"r{number}", STARTED + number)
    for _ in range(2):
        assert {row["status"] for row in rows(store).values()} == {"done"}
    assert chunks(store) == ["00000000-00000000.json", "00000001-00000001.json"]


def test_tags_that_change_change_the_row(store: FolderStore, few: None) -> None:
    for number in range(3):
        put_row(store, f"r{number}", STARTED + number, tags=["old"])
    assert rows(store)["r1"]["tags"] == ["old"]
    change_tags(store, Keys("Train", "r1"), json.loads(store.read(Keys("Train", "r1").run())), ["old"], ["new"])
    found = rows(store)
    assert [found[run]["tags"] for run in ("r0", "r1", "r2")] == [["old"], ["new"], ["old"]]
    assert found["r1"]["status"] == "done"


def test_tags_that_changed_while_a_run_went_on_are_those_of_its_row(tmp_path: Path) -> None:
    solo, keys = Solo(tmp_path, TRAIN), Keys("Train", "1")
    assert solo.perform("start") == 0
    change_tags(solo.store, keys, json.loads(solo.store.read(keys.run())), [], ["new"])
    (entry,) = solo.store.entries("flows/Train/table/changes/")
    solo.path(entry.key).unlink()  # it was so long ago that no reader looks at it again
    assert solo.perform("end") == 0
    assert rows(solo.store)["1"]["tags"] == ["new"]


def test_an_entry_that_comes_late_is_found(store: FolderStore, few: None) -> None:
    for number in range(4):
        put_row(store, f"r{number}", STARTED + number)
    assert len(rows(store)) == 4
    put_row(store, "late", STARTED - 1800)
    assert rows(store)["late"]["status"] == "done"


def test_readers_that_collect_at_the_same_time_lose_nothing(store: FolderStore, few: None) -> None:
    one, other = RunTable(store, "Train"), RunTable(store, "Train")
    for number in range(12):
        put_row(store, f"r{number}", STARTED + number)
        if number % 4 == 3:
            assert len(one.rows()) == len(other.rows()) == number + 1
    assert len(rows(store)) == 12


def test_many_chunks_become_one(store: FolderStore, few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "CHUNKS", 3)
    reader = RunTable(store, "Train")
    for number in range(15):
        put_row(store, f"r{number}", STARTED + number, metrics={"accuracy": number})
        reader.rows()
    assert "00000000-00000002.json" in chunks(store)
    counting = Counting(store)
    found = rows(counting)
    assert {run: row["metrics"]["accuracy"] for run, row in found.items()} == {f"r{number}": number for number in range(15)}
    assert counting.calls["read"] < 5


def test_a_reader_that_may_not_write_reads_the_same(store: FolderStore, few: None) -> None:
    class ReadOnly(Counting):
        def create(self, key: str, data: bytes) -> bool:
            raise StoreError("you may not write here")

    for number in range(7):
        put_row(store, f"r{number}", STARTED + number)
    assert len(rows(ReadOnly(store))) == 7
    assert chunks(store) == []


def test_a_store_that_takes_no_row_does_not_fail_the_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    class Refusing(FolderStore):
        def create(self, key: str, data: Any) -> bool:
            if "/table/" in key:
                raise StoreError("you may not write here")
            return super().create(key, data)

    solo = Solo(tmp_path, TRAIN, Refusing(str(tmp_path / "store")))
    solo.run()
    assert "this run has no row in the table of runs yet: you may not write here" in capfd.readouterr().err
    assert rows(FolderStore(str(tmp_path / "store")))["1"]["status"] == "done"


def test_damaged_documents_are_said(store: FolderStore, few: None) -> None:
    put_row(store, "good", STARTED)
    put_run(store, "bad", STARTED + 1, "done")
    store.replace(Keys("Train", "bad").run(), b"{")
    enter_change(store, Keys("Train", "other"), {"v": 99})
    said: list[str] = []
    found = {row["run"]: row["status"] for row in RunTable(store, "Train", said.append).rows()}
    assert found == {"good": "done", "bad": "damaged"}
    assert len(said) == 2
    for number in range(3):
        put_row(store, f"r{number}", STARTED + number)
    rows(store)
    store.replace("flows/Train/table/chunks/00000000-00000000.json", b"{}")
    said.clear()
    assert len(RunTable(store, "Train", said.append).rows()) == 5
    assert said[0].startswith("`flows/Train/table/chunks/00000000-00000000.json` in ")
    assert said[0].endswith("or one that is no number: None; delete this document, which is made again")


def test_a_change_that_is_not_what_it_must_be_is_said_and_the_run_is_read_without_it(store: FolderStore) -> None:
    wrong: list[dict[str, Any]] = [
        {"tags": [1]}, {"started": 1e300}, {"ended": math.nan}, {"parameters": {"depth": [4]}}, {"metrics": {"accuracy": 10**400}},
        {"artifacts": {"a": None}}, {"run": "another"},
    ]  # fmt: skip
    for number, fields in enumerate(wrong):
        put_run(store, f"r{number}", STARTED + number, "done", parameters={"depth": number})
        enter_change(store, Keys("Train", f"r{number}"), {**row(f"r{number}", STARTED + number), **fields})
    said: list[str] = []
    found = {row["run"]: row["parameters"] for row in RunTable(store, "Train", said.append).rows()}
    assert found == {f"r{number}": {"depth": number} for number in range(len(wrong))}
    reasons = sorted(text.rpartition("cannot be read: ")[2] for text in said)
    names = ("artifacts", "ended", "metrics", "parameters", "started", "tags")
    assert reasons == ["it is of another run", *(f"its `{name}` is not what it must be" for name in names)]


@pytest.mark.parametrize(
    "fields",
    [
        {"seen": {"begun": "abc", "changed": "", "open": {}}},
        {"seen": {"begun": "", "changed": "", "open": {"r1": "9" * 5000}}},
        {"seen": []},
        {"first": "00000000"},
        {"rows": [{"at": 1}]},
    ],
    ids=str,
)
def test_a_chunk_that_is_not_what_it_must_be_is_no_obstacle(store: FolderStore, few: None, fields: dict[str, Any]) -> None:
    for number in range(3):
        put_row(store, f"r{number}", STARTED + number)
    rows(store)
    key = "flows/Train/table/chunks/00000000-00000000.json"
    store.replace(key, json.dumps({**json.loads(store.read(key)), **fields}).encode())
    said: list[str] = []
    reader = RunTable(store, "Train", said.append)
    for _ in range(2):
        assert len(reader.rows()) == 3
    assert len(said) == 2


def test_a_deleted_run_is_in_no_table_that_is_made_again(store: FolderStore, few: None) -> None:
    for number in range(3):
        put_row(store, f"r{number}", STARTED + number)
    assert len(rows(store)) == 3
    store.delete(Keys("Train", "r1").run())
    store.delete("flows/Train/table/chunks/00000000-00000000.json")
    assert sorted(rows(store)) == ["r0", "r2"]


def test_a_table_in_a_bucket_takes_few_requests(bucket: str) -> None:
    store = open_store(f"s3://{bucket}/store")
    for number in range(110):
        put_row(store, f"r{number}", STARTED + number, metrics={"accuracy": number})
    rows(store)
    counting = Counting(store)  # type: ignore[arg-type]
    assert len(rows(counting)) == 110
    assert counting.calls["read"] == 1


def test_a_spin_is_in_no_table(store: FolderStore) -> None:
    spin = "spin-20261121-071334-c8996f"
    put_row(store, spin)
    enter_change(store, Keys("Train", spin), {"tags": ["new"]})
    assert rows(store) == {}
    assert [*store.entries("flows/Train/table/")] == []


def test_a_change_of_a_run_that_is_gone_is_forgotten(store: FolderStore) -> None:
    enter_change(store, Keys("Train", "gone"), {"tags": ["new"]})
    reader = RunTable(store, "Train")
    assert (reader.rows(), reader._open) == ([], {})
