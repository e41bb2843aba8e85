"""A bucket that does what it is asked and whose answer is lost: for every kind of document a run comes to the same as ever."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from desk import Desk
from flowport.runtime.protocol import DONE
from flowport.runtime.store.errors import Missing, StoreError
from flowport.runtime.store.open import open_store
from proxy import LOST, Proxy, proxied
from solo import Solo

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

FLOW = """
import os


class Late(FlowSpec):
    folder = Parameter("folder", default="")

    @step
    def start(self):
        self.text = "x" * 100_000
        self.numbers = [1, 2]
        self.next(self.square, foreach="numbers")

    @retry(times=1)
    @step
    def square(self):
        print("squaring", self.input)
        marker = os.path.join(self.folder, str(self.input))
        if self.folder and not os.path.exists(marker):
            open(marker, "w").close()
            raise LookupError("the first time")
        self.squared = self.input**2 + len(self.text)
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.sum = sum(each.squared for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass
"""

LOOP = """
class Round(FlowSpec):
    @step
    def start(self):
        self.left = 3
        self.next(self.turn)

    @step
    def turn(self):
        self.left -= 1
        self.way = "near" if self.left == 1 else "far" if self.left == 0 else "on"
        self.next({"on": self.turn, "near": self.near, "far": self.far}, condition="way")

    @step
    def near(self):
        self.next(self.meet)

    @step
    def far(self):
        self.next(self.meet)

    @step
    def meet(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""

KINDS = {
    "the code package": ".zip",
    "the document of a run": "run.json",
    "a manifest": "square/s.0@0.json",
    "a route": "start/s@0.route.json",
    "an attempt": "square/s.1.attempt/0-0",
    "a blob": "blobs/",
}


@pytest.fixture
def proxy(bucket: str, server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with proxied(server) as (address, proxy):
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        monkeypatch.setenv("AWS_TIMEOUT", "1 second")
        yield proxy


@pytest.fixture
def store(proxy: Proxy, bucket: str) -> Store:
    return open_store(f"s3://{bucket}/some/prefix")


def once(method: str, part: str, harm: str, seen: set[str]) -> Callable[[str, str], str]:
    """A rule that loses the first answer for every key with this part."""

    def rule(asked: str, key: str) -> str:
        if asked != method or part not in key or key in seen:
            return ""
        seen.add(key)
        return harm

    return rule


@pytest.mark.parametrize("kind", KINDS)
def test_a_lost_answer_to_a_put_changes_nothing(tmp_path: Path, store: Store, proxy: Proxy, kind: str) -> None:
    seen: set[str] = set()
    proxy.rule = once("PUT", KINDS[kind], "500", seen)
    (tmp_path / "marks").mkdir()
    flow = Solo(tmp_path, FLOW, store)
    flow.run(parameters={"folder": str(tmp_path / "marks")})
    assert seen, f"nobody put {kind}"
    assert flow.artifacts("end")["sum"] == 200_005
    assert [key.rpartition("/")[2] for key in store.names("flows/Late/runs/1/steps/square/")] == ["s.0@0.json", "s.1@0.json"]
    assert [key.rpartition("/")[2] for key in store.names("flows/Late/runs/1/steps/square/s.1.attempt/")] == ["0-0", "0-1"]


@pytest.mark.parametrize("harm", ["closed", "cut"])
def test_every_first_answer_to_a_put_may_be_lost(tmp_path: Path, store: Store, proxy: Proxy, harm: str) -> None:
    seen: set[str] = set()
    proxy.rule = once("PUT", "", harm, seen)
    flow = Solo(tmp_path, FLOW, store)
    flow.run()
    assert flow.artifacts("end")["sum"] == 200_005
    assert len(seen) > 12


@pytest.mark.parametrize("harm", LOST)
def test_a_lost_answer_to_the_way_out_of_a_loop_changes_nothing(tmp_path: Path, store: Store, proxy: Proxy, harm: str) -> None:
    flow = Solo(tmp_path, LOOP, store)
    assert flow.perform("start") == DONE
    proxy.first("PUT", ".rest.json", harm)
    assert subprocess.run(flow.command("turn", block=True), cwd="/").returncode == DONE
    assert proxy.harmed
    assert json.loads(store.read("flows/Round/runs/1/steps/turn/s.t0@0.rest.json")) == {"left": {"far": False, "near": True}}


@pytest.mark.parametrize("harm", LOST)
def test_a_log_whose_answer_was_lost_is_kept_once(tmp_path: Path, store: Store, proxy: Proxy, harm: str) -> None:
    flow = Solo(tmp_path, FLOW, store)
    assert flow.perform("start") == DONE
    proxy.first("PUT", "square/s.0.log/0-0", harm)
    done = subprocess.run(flow.command("square", "s.0"), cwd="/", capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (DONE, "squaring 1\n")
    assert proxy.harmed
    assert store.names("flows/Late/runs/1/steps/square/s.0.log/") == ["flows/Late/runs/1/steps/square/s.0.log/0-0"]


@pytest.mark.parametrize("harm", ["500", "late"])
@pytest.mark.parametrize("document", ["input.json", "local.json", ".zip", "run.json"])
def test_a_fresh_local_run_is_not_refused_for_a_lost_answer(
    tmp_path: Path, bucket: str, store: Store, proxy: Proxy, document: str, harm: str
) -> None:
    desk = Desk(tmp_path)
    desk.write("late.py", "from flowport import FlowSpec, Parameter, retry, step\n" + FLOW)
    proxy.first("PUT", document, harm)
    ended = desk("run", "late.py", "--store", f"s3://{bucket}/here", "--run-id", "1")
    assert ended.status == 0, ended.err
    assert proxy.harmed
    again = desk("run", "late.py", "--store", f"s3://{bucket}/here", "--run-id", "1")
    assert again.status == 2
    assert "there is a run `1` of Late already" in again.err


def test_two_local_runs_that_begin_at_once_with_one_id_do_not_mix(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write("late.py", "from flowport import FlowSpec, Parameter, retry, step\n" + FLOW)
    desk("check", "late.py")
    processes = [desk.start("run", "late.py", "--run-id", "1", "--quiet") for _ in range(3)]
    for process in processes:
        process.communicate()
    assert sorted(process.returncode for process in processes) == [0, 2, 2]


def test_what_another_engine_run_was_started_with_is_not_taken(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    flow = Solo(tmp_path, FLOW)
    flow.store.create("flows/Late/runs/1/input.json", b'{"engine": "local/other"}')
    assert flow.perform("start") == 78
    assert "run `1` of Late belongs to local/other" in capfd.readouterr().err


@pytest.mark.parametrize("harm", [*LOST, "503"])
def test_answers_to_reads_that_are_lost_are_asked_for_again(store: Store, proxy: Proxy, harm: str) -> None:
    assert store.create("a/b", b"0123456789")
    sha, size = store.put_blob([b"blob"])
    asks = {
        "read": ("GET", lambda: store.read("a/b"), b"0123456789"),
        "part": ("GET", lambda: store.part("a/b", 2, 3), b"234"),
        "exists": ("HEAD", lambda: store.exists("a/b"), True),
        "size": ("HEAD", lambda: store.size("a/b"), 10),
        "names": ("GET", lambda: store.names("a/"), ["a/b"]),
        "names from": ("GET", lambda: store.names("a/b"), ["a/b"]),
        "folders": ("GET", lambda: store.folders(""), ["a", "blobs"]),
        "blob": ("GET", lambda: bytes(store.blob(sha, size)), b"blob"),
        "not there": ("HEAD", lambda: store.exists("a/c"), False),
    }
    for name, (method, ask, expected) in asks.items():
        proxy.harmed.clear()
        proxy.first(method, "", harm)
        assert ask() == expected, name
        assert proxy.harmed, name


@pytest.mark.parametrize("harm", [*LOST, "503"])
def test_what_is_not_there_is_missing_also_when_that_answer_is_lost(store: Store, proxy: Proxy, harm: str) -> None:
    proxy.first("GET", "a/b", harm)
    with pytest.raises(Missing):
        store.read("a/b")
    assert proxy.harmed


@pytest.mark.parametrize("harm", ["500", "503", "cut", "closed"])
def test_a_store_that_never_answers_is_given_up(store: Store, proxy: Proxy, harm: str) -> None:
    store.create("a/b", b"0123456789")
    proxy.seen.clear()
    proxy.rule = lambda method, key: harm
    with pytest.raises(StoreError, match="cannot read `a/b`"):
        store.read("a/b")
    with pytest.raises(StoreError, match="cannot list"):
        store.names("a/")
    if harm != "cut":  # of a put nothing is left to be cut off
        with pytest.raises(StoreError, match="cannot write `a/c`"):
            store.create("a/c", b"")
    assert len(proxy.seen) < 40


def test_a_document_of_somebody_else_is_not_taken_for_ones_own(store: Store, proxy: Proxy) -> None:
    proxy.first("PUT", "a/b", "closed")
    assert store.create("a/b", b"first")
    proxy.first("PUT", "a/b", "closed")
    assert not store.create("a/b", b"second")
    assert store.read("a/b") == b"first"


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("harm", LOST)
def test_a_blob_in_parts_is_whole_though_an_answer_was_lost(store: Store, proxy: Proxy, method: str, harm: str) -> None:
    for times in (1, 2):
        data = os.urandom(9 << 20)
        proxy.first(method, "", harm, times)
        sha, size = store.put_blob([data])
        assert bytes(store.blob(sha, size)) == data


def test_a_route_that_says_something_else_is_not_followed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    flow = Solo(tmp_path, FLOW)
    flow.store.create("flows/Late/runs/1/steps/start/s@0.route.json", b"[0, 1, 2]")
    assert flow.perform("start") == 1
    assert "`flows/Late/runs/1/steps/start/s@0.route.json` in the store" in capfd.readouterr().err
