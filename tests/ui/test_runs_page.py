"""The list of runs: filters, pages, damage, and what it costs when there are thousands."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from flowport.runtime.records.index import enter_start
from flowport.runtime.run.tags import change_tags
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import Keys
from ui.pages import client, links, main

CODE = "0" * 64


def put(store: FolderStore, flow: str, run: str, started: float, status: str | None = "done", tags: tuple[str, ...] = ()) -> None:
    """A run as its documents say that it was; None for one that has not ended."""
    keys = Keys(flow, run)
    document: dict[str, Any] = {
        "v": 2,
        "flow": flow,
        "run": run,
        "code": CODE,
        "target": "argo",
        "engine": f"argo/{run}",
        "origin": None,
        "tags": list(tags),
        "system_tags": ["user:jane"],
        "parameters": {},
        "started": started,
        "steps": ["start", "end"],
    }
    enter_start(store, keys, started, tags, ["user:jane"])
    store.create(keys.run(), json.dumps(document).encode())
    if status:
        store.create(keys.ended(), json.dumps({"v": 2, "status": status, "ended": started + 5}).encode())


class Counting:
    """A store that counts the documents which are read, and the listings."""

    def __init__(self, store: FolderStore) -> None:
        self._store, self.calls = store, Counter[str]()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if callable(found):
            self.calls[name] += 1
        return found


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(str(tmp_path / "store"))


def shown(html: str) -> list[str]:
    return [link.removeprefix("/run/") for link in links(html, "/run/")]


def test_runs_of_all_flows_are_listed_the_latest_first(store: FolderStore) -> None:
    put(store, "Old", "one", 1_700_000_000)
    put(store, "New", "two", 1_700_000_100, "failed")
    put(store, "Old", "three", 1_700_000_200, "stopped")
    html = client(store).get("/").text
    assert shown(html) == ["Old/three", "New/two", "Old/one"]
    assert [word for word in main(html).split() if word in ("done", "failed", "stopped")][-3:] == ["stopped", "failed", "done"]


def test_every_run_is_on_one_page_also_when_several_began_at_once(store: FolderStore) -> None:
    for number in range(130):
        put(store, f"F{number % 3}", f"run-{number}", 1_700_000_000 + number // 7)
    page = client(store)
    found, address = [], "/"
    for _ in range(3):
        html = page.get(address).text
        found += shown(html)
        further = [link for link in links(html, "/?") if "after=" in link]
        address = further[0] if further else ""
    assert address == ""
    assert len(found) == 130
    assert {*found} == {f"F{number % 3}/run-{number}" for number in range(130)}
    order = [int(run.rpartition("-")[2]) // 7 for run in found]
    assert order == sorted(order, reverse=True)


@pytest.mark.parametrize(
    ("query", "runs"),
    [
        ({"flow": "B"}, ["B/4", "B/2", "B/0"]),
        ({"state": "failed"}, ["B/2"]),
        ({"tag": "nightly"}, ["A/3", "B/0"]),
        ({"tag": "user:jane", "flow": "A"}, ["A/3", "A/1"]),
        ({"text": "b/"}, ["B/4", "B/2", "B/0"]),
        ({"text": "NIGHT", "state": "done"}, ["A/3", "B/0"]),
        ({"tag": "weekly"}, []),
        ({"flow": "Nobody"}, []),
    ],
    ids=str,
)
def test_only_what_is_asked_for_is_listed(store: FolderStore, query: dict[str, str], runs: list[str]) -> None:
    for number in range(5):
        tags = ("nightly",) if number % 3 == 0 else ()
        put(store, "AB"[number % 2 == 0], str(number), 1_700_000_000 + number, "failed" if number == 2 else "done", tags)
    assert shown(client(store).get("/", params=query).text) == runs


def test_a_tag_that_a_run_has_lost_does_not_find_it(store: FolderStore) -> None:
    put(store, "A", "1", 1_700_000_000, tags=("nightly",))
    change_tags(store, Keys("A", "1"), json.loads(store.read(Keys("A", "1").run())), ["nightly"], ["daily"])
    page = client(store)
    assert shown(page.get("/", params={"tag": "nightly"}).text) == []
    assert shown(page.get("/", params={"tag": "daily"}).text) == ["A/1"]


def test_ten_thousand_runs_cost_what_fifty_do(store: FolderStore) -> None:
    for number in range(10_000):
        if number >= 9_800:
            put(store, "Many", f"{number:05}", 1_700_000_000 + number)
        else:
            enter_start(store, Keys("Many", f"{number:05}"), 1_700_000_000 + number, (), ())
    counting = Counting(store)
    html = client(counting).get("/").text  # type: ignore[arg-type]
    assert shown(html)[0] == "Many/09999"
    assert len(shown(html)) == 50
    # For each run its record, its tags and how it ended.
    assert counting.calls["read"] <= 51 * 3
    assert counting.calls["names"] + counting.calls["folders"] <= 60
    (further,) = [link for link in links(html, "/?") if "after=" in link]
    before = counting.calls["read"]
    assert shown(client(counting).get(further).text)[0] == "Many/09949"  # type: ignore[arg-type]
    assert counting.calls["read"] - before <= 51 * 3


def test_where_few_runs_match_the_page_says_how_far_it_looked(store: FolderStore) -> None:
    for number in range(1200):
        put(store, "Many", f"{number:05}", 1_700_000_000 + number, "failed" if number == 3 else "done")
    page = client(store)
    html = page.get("/", params={"state": "failed"}).text
    assert shown(html) == []
    assert "None of 1,020 runs matches." in main(html)
    (further,) = [link for link in links(html, "/?") if "after=" in link]
    assert shown(page.get(further).text) == ["Many/00003"]


def test_a_damaged_run_is_listed_as_such_and_hides_no_other(store: FolderStore) -> None:
    put(store, "A", "1", 1_700_000_000)
    put(store, "A", "2", 1_700_000_001)
    put(store, "A", "3", 1_700_000_002)
    store.replace(Keys("A", "2").run(), b"{")
    store.replace(Keys("A", "3").ended(), b"[]")
    html = client(store).get("/").text
    assert shown(html) == ["A/3", "A/2", "A/1"]
    assert "damaged" in main(html)
    assert "2 documents in the store cannot be read" in main(html)
    assert client(store).get("/run/A/2").status_code == 500
    assert client(store).get("/").status_code == 200


def test_an_empty_store_says_what_to_do(store: FolderStore) -> None:
    assert "flowport run flow.py" in main(client(store).get("/").text)
