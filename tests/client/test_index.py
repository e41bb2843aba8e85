"""The runs of a flow are found by the index: with few requests, and right where entries or documents are missing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from client.reading import read
from flowport.client import Flow, Metaflow, Run, namespace
from flowport.runtime.records.index import SYSTEM
from flowport.runtime.run.history import History
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import DONE, STARTED, Keys, index_folder, old_index_folder, tagged
from flowport.runtime.store.open import open_store
from proxy import proxied
from solo import Solo

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

USER = "user:tester"


def add_runs(solo: Solo, store: Store, count: int, done: int) -> None:
    """Add the documents of runs after run 1, `n0` and so on; of those only number `done` is done, and has the tag `best`."""
    record = json.loads(solo.store.read(Keys(solo.flow, "1").run()))
    store.create(f"code/{record['code']}.zip", solo.package.data)

    def add(number: int) -> None:
        keys, started = Keys(solo.flow, f"n{number}"), record["started"] + 100 + number
        tags = ["best"] if number == done else []
        entries = {STARTED: b"", tagged(STARTED, USER): SYSTEM} | {tagged(STARTED, tag): b"" for tag in tags}
        if number == done:
            entries |= {DONE: b"", tagged(DONE, USER): SYSTEM}
            store.create(keys.ended(), json.dumps({"v": record["v"], "status": "done", "ended": started + 1}).encode())
        for listed, data in entries.items():
            store.create(keys.started(started, listed), data)
        if number in (done, count - 1):
            store.create(keys.run(), json.dumps({**record, "run": keys.id, "started": started, "tags": tags}).encode())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(count)))


class Counting(FolderStore):
    """A store that counts the folders that are listed, and the documents that are read."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.listed, self.reads = 0, 0

    def _listed(self, folder: str) -> Iterator[Any]:
        self.listed += 1
        return super()._listed(folder)

    def read(self, key: str) -> bytes:
        self.reads += 1
        return super().read(key)


@pytest.fixture
def counting(train: Solo, monkeypatch: pytest.MonkeyPatch) -> Counting:
    """The store of `TrainFlow`, counted, with 2,000 more runs: the first of them is done."""
    store = Counting(train.store.url)
    add_runs(train, store, 2000, done=0)
    monkeypatch.setattr("flowport.client.flow.open_place", lambda address=None: store)
    store.listed = store.reads = 0
    return store


@pytest.mark.parametrize("seen", [None, USER])
@pytest.mark.parametrize(("what", "expected"), [("latest_run", "n1999"), ("latest_successful_run", "n0")])
def test_the_latest_runs_in_a_folder_cost_three_lists(counting: Counting, what: str, expected: str, seen: str | None) -> None:
    namespace(seen)
    assert getattr(Flow("TrainFlow"), what).id == expected
    # A list is a folder of numbers, and in it the folder of the first.
    assert (counting.listed <= 5, counting.reads <= 3) == (True, True), (counting.listed, counting.reads)


def test_the_runs_with_a_tag_cost_one_list(counting: Counting) -> None:
    namespace(None)
    assert [run.id for run in Flow("TrainFlow").runs("best")] == ["n0"]
    assert (counting.listed <= 3, counting.reads <= 3) == (True, True), (counting.listed, counting.reads)


def test_going_through_all_runs_reads_none_of_them(counting: Counting) -> None:
    assert [run.id for run in Flow("TrainFlow")] == ["n1999", "n0", "2", "1"]  # the others are entries of runs that did not begin
    assert counting.reads == 0


@pytest.mark.parametrize("seen", [None, USER])
def test_the_latest_runs_in_a_bucket_cost_three_pages(
    train: Solo, server: str, bucket: str, monkeypatch: pytest.MonkeyPatch, seen: str | None
) -> None:
    add_runs(train, open_store(f"s3://{bucket}/store"), 1050, done=0)
    with proxied(server) as (address, proxy):
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        store = open_store(f"s3://{bucket}/store")
        monkeypatch.setattr("flowport.client.flow.open_place", lambda address=None: store)
        namespace(seen)
        pages = []
        for what, expected in (("latest_run", "n1049"), ("latest_successful_run", "n0")):
            proxy.seen.clear()
            assert getattr(Flow("TrainFlow"), what).id == expected
            pages.append(sum(method == "GET" and key.strip("/") == bucket for method, key in proxy.seen))
        proxy.seen.clear()
        assert next(Flow("TrainFlow").runs("best")).id == "n0"
        pages.append(sum(method == "GET" and key.strip("/") == bucket for method, key in proxy.seen))
    assert max(pages) <= 3, pages


def test_a_run_whose_entry_is_there_before_it_began_is_none(train: Solo) -> None:
    keys = Keys("TrainFlow", "later")
    train.store.create(keys.started(4_000_000_000), b"")
    train.store.create(keys.started(4_000_000_000, DONE), b"")
    namespace(None)
    assert [run.id for run in Flow("TrainFlow")] == ["2", "1"]
    assert Flow("TrainFlow").latest_successful_run.id == "1"


def test_a_run_that_began_twice_is_listed_once(train: Solo) -> None:
    train.store.create(Keys("TrainFlow", "1").started(1.0), b"")
    namespace(None)
    assert [run.id for run in Flow("TrainFlow")] == ["2", "1"]


def test_a_run_is_done_when_its_last_task_was_killed_after_its_commit(train: Solo) -> None:
    train.path(Keys("TrainFlow", "1").ended()).unlink()
    assert Flow("TrainFlow").latest_successful_run.id == "1"
    assert Run("TrainFlow/1").successful


def test_a_run_whose_last_task_was_killed_before_its_commit_is_not_done(train: Solo) -> None:
    keys, record = Keys("TrainFlow", "2"), json.loads(train.store.read(Keys("TrainFlow", "2").run()))
    train.store.create(keys.started(record["started"], DONE), b"")
    namespace(None)
    assert Flow("TrainFlow").latest_successful_run.id == "1"


@pytest.fixture
def old(train: Solo) -> Solo:
    """The runs as an earlier version left them: their index says nothing of how they ended, and they have no system tags."""
    for run in ("1", "2"):
        path = train.path(Keys("TrainFlow", run).run())
        record = json.loads(path.read_text())
        del record["system_tags"]
        path.write_text(json.dumps(record))
    shutil.move(train.path(index_folder("TrainFlow", STARTED)), train.path(old_index_folder("TrainFlow")))
    shutil.rmtree(train.path(index_folder("TrainFlow")))
    return train


def test_runs_of_an_earlier_version_are_found_in_every_namespace(old: Solo) -> None:
    for seen in (None, USER, "user:other"):
        namespace(seen)
        assert [run.id for run in Flow("TrainFlow")] == ["2", "1"]
        assert (Flow("TrainFlow").latest_run.id, Flow("TrainFlow").latest_successful_run.id) == ("2", "1")
        assert [run.id for run in Flow("TrainFlow").runs("a", "b")] == ["1"]
        assert Run("TrainFlow/1").data.total == 18
    assert Run("TrainFlow/1").system_tags == frozenset()


def test_runs_of_both_versions_are_in_one_order(old: Solo) -> None:
    old.run("3", tags=["a"])
    read(old)
    assert [run.id for run in Flow("TrainFlow")] == ["3", "2", "1"]
    assert [run.id for run in Flow("TrainFlow").runs("a")] == ["3", "1"]
    assert Flow("TrainFlow").latest_successful_run.id == "3"


def test_runs_without_an_index_are_found(old: Solo) -> None:
    shutil.rmtree(old.path(old_index_folder("TrainFlow")))
    assert [run.id for run in Flow("TrainFlow")] == ["2", "1"]
    assert Flow("TrainFlow").latest_successful_run.id == "1"
    assert [run.id for run in Flow("TrainFlow").runs("a")] == ["1"]


def test_a_run_that_was_copied_without_its_entry_is_listed(train: Solo) -> None:
    source, target = (train.path(Keys("TrainFlow", run).root) for run in ("1", "copy"))
    shutil.copytree(source, target)
    record = json.loads(Path(target, "run.json").read_text())
    Path(target, "run.json").write_text(json.dumps({**record, "run": "copy"}))
    namespace(None)
    assert [run.id for run in Flow("TrainFlow")] == ["2", "1", "copy"]


def test_tags_that_most_runs_have_are_found_without_a_list(train: Solo) -> None:
    assert [run.id for run in Flow("TrainFlow").runs("runtime:dev")] == ["2", "1"]
    assert [run.id for run in Flow("TrainFlow").runs("runtime:dev", "a")] == ["1"]
    assert not train.path(index_folder("TrainFlow", tagged(STARTED, "runtime:dev"))).exists()


@pytest.mark.parametrize("tag", ["a/b", "..", "ü" * 90, "x" * 256, "user:tester"])
def test_runs_are_found_by_odd_tags(train: Solo, tag: str) -> None:
    train.run("3", tags=[tag])
    read(train)
    namespace(None)
    assert next(Flow("TrainFlow").runs(tag)).id == "3"
    assert next(History(train.store, "TrainFlow").runs([tag], done=True)) == "3"


def test_no_run_has_an_empty_tag(train: Solo) -> None:
    assert list(Flow("TrainFlow").runs("")) == []
    namespace("")
    assert Flow("TrainFlow", _namespace_check=False).is_in_namespace() is False
    assert list(Metaflow()) == []


@pytest.mark.parametrize("wrong", [5, b"user:tester", ["user:tester"]])
def test_a_namespace_is_a_text(train: Solo, wrong: Any) -> None:
    with pytest.raises(ValueError, match="`namespace` takes a tag, such as `user:NAME`, or None for all objects"):
        namespace(wrong)


@pytest.mark.parametrize("name", ["", ".", "a/b", "x" * 300, "\ud800", "\0"])
def test_odd_names_are_of_no_run_and_of_no_flow(train: Solo, name: str) -> None:
    assert (name in Flow("TrainFlow"), name in Run("TrainFlow/1")) == (False, False)
    with pytest.raises(KeyError):
        Metaflow()[name]


def test_a_namespace_can_be_any_tag(train: Solo) -> None:
    namespace("a")
    assert (Flow("TrainFlow").latest_run.id, Flow("TrainFlow").latest_successful_run.id) == ("1", "1")
    namespace(None)
    Run("TrainFlow/2").add_tag("user:other")
    namespace("user:other")
    assert [run.id for run in Flow("TrainFlow")] == ["2"]
    assert Flow("TrainFlow").latest_successful_run is None


def test_a_run_on_an_engine_is_in_the_namespace_of_its_flow(train: Solo) -> None:
    assert train.perform("start", run="4", engine="argo/uid") == 0
    read(train)
    assert [run.id for run in Flow("TrainFlow")] == ["2", "1"]
    namespace("production:TrainFlow")
    assert [run.id for run in Flow("TrainFlow")] == ["4"]
    assert {"production:TrainFlow", "runtime:argo"} <= Flow("TrainFlow").latest_run.system_tags
