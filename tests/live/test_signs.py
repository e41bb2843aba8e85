"""What running tasks say in the store, and what a reader makes of it: in a folder and in a bucket."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import progress
from flowport.runtime.live.tasks import LiveRun
from flowport.runtime.protocol import DONE, FAILED, interval
from flowport.runtime.records.signs import LONGEST, PART, places
from flowport.runtime.store.keys import ATTEMPT, LIVE, Keys
from flowport.runtime.store.open import open_store
from live.gate import FLOW, Gates, begun, ended, gates, grow_old, printed, task
from proxy import Proxy, proxied
from solo import Solo

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

__all__ = ["gates"]


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return open_store(str(tmp_path / "store"))
    return open_store(f"s3://{request.getfixturevalue('bucket')}/runs")


@pytest.fixture
def front(server: str, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, Proxy]]:
    """A bucket whose requests are counted."""
    with proxied(server) as (address, proxy):
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
        yield open_store(f"s3://{bucket}/runs"), proxy


def is_signed(flow: Solo, step: str, slice: str = "s", times: int = 1) -> bool:
    return len(places(flow.store, Keys(flow.flow, "1").signs(step, slice))) >= times


def test_a_task_is_seen_while_it_runs(tmp_path: Path, gates: Gates, store: Store) -> None:
    flow = Solo(tmp_path, FLOW, store)
    process = begun(flow, "start")
    progress.until(lambda: is_signed(flow, "start"), processes=[process.pid])
    live = LiveRun(flow.reader())
    seen = task(live, "start")
    assert (seen.state, seen.label, seen.ended, seen.attempts) == ("running", "start", None, 1)
    assert seen.started is not None
    assert seen.seen is not None
    assert printed(live, "start") == b"one\n"
    assert task(live, "end").state == "waiting"
    assert live.tasks("each").tasks == []
    gates.open("first")
    progress.until(lambda: printed(live, "start") == b"one\ntwo\n", processes=[process.pid])
    (attempt,) = live.attempts("start", "s")
    assert not attempt.is_over
    before = live.log("start", "s", attempt.id)
    gates.open("second")
    assert ended(process) == DONE
    after = live.log("start", "s", attempt.id, before.offset)
    assert (after.data, after.is_over) == (b"three\n", True)
    (attempt,) = live.attempts("start", "s")
    assert (attempt.is_over, attempt.code) == (True, DONE)
    seen = task(live, "start")
    assert (seen.state, seen.items, seen.of, seen.is_final) == ("done", 1, 1, True)
    assert live.counts("each") == {"waiting": 4, "running": 0, "lost": 0, "failed": 0, "done": 0}


def test_a_task_that_was_killed_is_lost_and_its_log_is_there(tmp_path: Path, gates: Gates) -> None:
    flow = Solo(tmp_path, FLOW)
    process = begun(flow, "start")
    progress.until(lambda: is_signed(flow, "start"), processes=[process.pid])
    progress.kill(process.pid)
    process.wait()
    live = LiveRun(flow.reader())
    assert task(live, "start").state == "running"
    grow_old(flow, 9)
    assert task(live, "start").state == "running"
    grow_old(flow, 2)
    seen = task(live, "start")
    assert (seen.state, seen.ended, live.counts("start")["lost"]) == ("lost", None, 1)
    assert printed(live, "start") == b"one\n"


def test_a_task_whose_process_was_killed_has_failed(tmp_path: Path, gates: Gates) -> None:
    flow = Solo(tmp_path, FLOW)
    process = begun(flow, "start")
    progress.until(lambda: is_signed(flow, "start"), processes=[process.pid])
    os.kill(progress.tree(process.pid)[1], signal.SIGKILL)
    assert ended(process) == 128 + signal.SIGKILL
    live = LiveRun(flow.reader())
    assert task(live, "start").state == "failed"
    assert [(one.is_over, one.code) for one in live.attempts("start", "s")] == [(True, -signal.SIGKILL)]
    assert printed(live, "start") == b"one\n"


def test_attempts_that_run_at_once_do_not_mix(tmp_path: Path, gates: Gates, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = Solo(tmp_path, FLOW)
    one = begun(flow, "start")
    monkeypatch.setenv("TIMES", "2")
    other = begun(flow, "start")
    progress.until(lambda: is_signed(flow, "start", times=2), processes=[one.pid, other.pid])
    live = LiveRun(flow.reader())
    ids = [attempt.id for attempt in live.attempts("start", "s")]
    gates.open("first")
    texts = {b"one\ntwo\n", b"one\ntwotwo\n"}
    progress.until(lambda: {printed(live, "start", "s", id) for id in ids} == texts, processes=[one.pid, other.pid])
    gates.open("second")
    assert [ended(one), ended(other)] == [DONE, DONE]
    assert {printed(live, "start", "s", id) for id in ids} == {text + b"three\n" for text in texts}
    assert len(live.attempts("start", "s")) == 2


def test_failures_and_items_are_told(tmp_path: Path, gates: Gates, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = Solo(tmp_path, FLOW)
    flow.width = 2
    gates.open("first", "second", "item-0", "item-3")
    assert flow.perform("start") == DONE
    running = begun(flow, "each", "s.0")
    monkeypatch.setenv("FAILS", "3")
    gates.open("item-2")
    failing = begun(flow, "each", "s.1")
    assert ended(failing) == FAILED
    live = LiveRun(flow.reader())
    progress.until(lambda: task(live, "each", "s.0").items == 1, processes=[running.pid])
    seen = task(live, "each", "s.0")
    assert (seen.state, seen.label, seen.items, seen.of) == ("running", "each/r.0..r.1", 1, 2)
    seen = task(live, "each", "s.1")
    assert (seen.state, seen.items, seen.failed, seen.is_final) == ("failed", 1, 1, False)
    assert ended(begun(flow, "each", "s.1")) == FAILED
    seen = task(live, "each", "s.1")
    assert (seen.state, seen.failed, seen.is_final, seen.attempts) == ("failed", 1, True, 2)
    assert [one.slice for one in live.tasks("each", states=("failed",)).tasks] == ["s.1"]
    page = live.tasks("each", limit=1)
    assert ([one.slice for one in page.tasks], page.next) == (["s.0"], "s.0")
    page = live.tasks("each", after=page.next, limit=1)
    assert ([one.slice for one in page.tasks], page.next) == (["s.1"], "")
    gates.open("item-1")
    assert ended(running) == DONE
    assert (task(live, "each", "s.0").state, task(live, "each", "s.0").items) == ("done", 2)


def test_a_long_log_is_written_piece_by_piece(tmp_path: Path, gates: Gates, monkeypatch: pytest.MonkeyPatch) -> None:
    times = 4 * LONGEST // 3
    monkeypatch.setenv("TIMES", str(times))
    flow = Solo(tmp_path, FLOW)
    process = begun(flow, "start")
    progress.until(lambda: is_signed(flow, "start"), processes=[process.pid])
    gates.open("first")
    live = LiveRun(flow.reader())
    (attempt,) = live.attempts("start", "s")
    folder = Keys(flow.flow, "1").live_log("start", "s", attempt.id)

    def parts() -> list[int]:
        return [entry.size for entry in flow.store.entries(folder)]

    progress.until(lambda: sum(parts()) == LONGEST, processes=[process.pid])
    assert min(parts()) >= PART
    text = b"one\n" + b"two" * times + b"\n"

    def first() -> bytes:
        return live.log("start", "s", attempt.id, 0, 2 * LONGEST).data

    progress.until(lambda: len(first()) == LONGEST, processes=[process.pid])
    assert first() == text[:LONGEST]
    last = progress.until(lambda: live.log("start", "s", attempt.id, len(text) - 100).data, processes=[process.pid])
    assert last == text[-100:]
    gates.open("second")
    assert ended(process) == DONE
    assert live.log("start", "s", attempt.id, len(text)).data == b"three\n"
    at, whole = 0, b""
    while not (part := live.log("start", "s", attempt.id, at)).is_over:
        whole, at = whole + part.data, part.offset
    assert whole + part.data == flow.store.read(Keys(flow.flow, "1").log("start", "s", 0, 0))
    assert part.offset == len(text) + len("three\n")


def kinds(proxy: Proxy) -> Counter[tuple[str, str]]:
    """The requests that were made, without what differs in each run: a task of more than a second also records what it did."""
    return Counter(
        (method, key.partition("/index/")[0].partition("?")[0]) for method, key in proxy.seen if "/blobs/" not in key and ATTEMPT not in key
    )


def test_what_signs_cost_in_a_bucket(tmp_path: Path, gates: Gates, front: tuple[Store, Proxy], monkeypatch: pytest.MonkeyPatch) -> None:
    store, proxy = front
    flow = Solo(tmp_path, FLOW, store)
    gates.open("first", "second")
    assert ended(begun(flow, "start", run="warm")) == DONE  # the code is cached
    costs = {}
    for run, every in (("1", "off"), ("2", "3600"), ("3", "1")):
        monkeypatch.setenv("FLOWPORT_LIVE", every)
        if run == "3":
            (gates.folder / "first").unlink()
        proxy.seen.clear()
        process = begun(flow, "start", run=run)
        if run == "3":
            progress.until(lambda: sum(f"/{LIVE}/" in key for _, key in proxy.seen) == 2, processes=[process.pid])
            gates.open("first")
        assert ended(process) == DONE
        costs[run] = Counter({(method, key.replace(f"/runs/{run}/", "/")): times for (method, key), times in kinds(proxy).items()})
    assert costs["2"] == costs["1"], "a task that ends within the first interval makes no request more"
    signs = Counter({key: times for key, times in costs["3"].items() if LIVE in key[1]})
    assert costs["3"] - signs == costs["1"]
    (((method, _), number),) = signs.items()
    assert method == "PUT"
    assert number >= 3, "one for each interval, and one at the end"


def test_a_store_that_refuses_signs_stops_no_task(tmp_path: Path, gates: Gates, front: tuple[Store, Proxy]) -> None:
    store, proxy = front
    flow = Solo(tmp_path, FLOW, store)
    proxy.rule = lambda method, key: "403" if f"/{LIVE}/" in key else ""
    process = begun(flow, "start")
    progress.until(lambda: proxy.harmed, processes=[process.pid])
    gates.open("first", "second")
    assert ended(process) == DONE
    assert store.read(Keys(flow.flow, "1").log("start", "s", 0, 0)) == b"one\ntwo\nthree\n"


def test_a_store_that_does_not_answer_holds_up_nothing(tmp_path: Path, gates: Gates, front: tuple[Store, Proxy]) -> None:
    store, proxy = front
    flow = Solo(tmp_path, FLOW, store)
    proxy.rule = lambda method, key: "late" if f"/{LIVE}/" in key else ""
    process = begun(flow, "start")
    progress.until(lambda: proxy.harmed, processes=[process.pid])
    gates.open("first", "second")
    assert ended(process) == DONE
    assert store.read(Keys(flow.flow, "1").log("start", "s", 0, 0)) == b"one\ntwo\nthree\n"
    live = LiveRun(flow.reader())
    assert task(live, "start").state == "done"


def test_signs_can_be_turned_off(tmp_path: Path, gates: Gates, monkeypatch: pytest.MonkeyPatch) -> None:
    assert interval("s3://bucket", "off") is None
    assert interval("s3://bucket", None) == 10
    assert interval("s3://bucket", "60") == 60
    assert interval("/folder", None) == interval("file:///folder", "") == interval("/folder", "nonsense") == 1
