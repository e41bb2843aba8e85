"""`flowport logs -f` and what it reads: containers and local runs, in folders and buckets, while they run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import progress
from flowport.runtime.live.follow import Follower
from flowport.runtime.live.tasks import LiveRun
from flowport.runtime.protocol import DONE, FAILED
from flowport.runtime.records.signs import places
from flowport.runtime.run.reader import Run
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store
from live.gate import FLOW, Gates, begun, ended, gates, printed, task
from solo import OPENING, Solo

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

__all__ = ["gates"]

FLOWPORT = [sys.executable, "-m", "flowport"]


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return open_store(str(tmp_path / "store"))
    return open_store(f"s3://{request.getfixturevalue('bucket')}/runs")


def lines(follower: Follower) -> list[tuple[str, int, str]]:
    """What is new."""
    return [(line.task, line.attempt, line.text) for line in follower.look()]


def test_lines_come_once_while_a_task_runs_and_after_it(tmp_path: Path, gates: Gates, store: Store) -> None:
    flow = Solo(tmp_path, FLOW, store)
    process = begun(flow, "start")
    progress.until(lambda: bool(places(flow.store, Keys(flow.flow, "1").signs("start"))), processes=[process.pid])
    follower = Follower(flow.reader())
    assert lines(follower) == [("start", 1, "one")]
    assert follower.is_running
    gates.open("first")
    assert progress.until(lambda: lines(follower), processes=[process.pid]) == [("start", 1, "two")]
    gates.open("second")
    assert ended(process) == DONE
    assert lines(follower) == [("start", 1, "three")]
    assert lines(follower) == []
    assert not follower.is_running


def test_every_attempt_is_followed(tmp_path: Path, gates: Gates, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = Solo(tmp_path, FLOW)
    gates.open("first", "second", "item-1")
    assert ended(begun(flow, "start")) == DONE
    follower = Follower(flow.reader(), "each", "s.1")
    monkeypatch.setenv("FAILS", "1")
    assert ended(begun(flow, "each", "s.1")) == FAILED
    assert [line for line in lines(follower) if "LookupError:" in line[2]] == [("each/r.1", 1, "LookupError: it fails")]
    assert ended(begun(flow, "each", "s.1")) == FAILED
    assert [line for line in lines(follower) if "LookupError:" in line[2]] == [("each/r.1", 2, "LookupError: it fails")]
    assert {line[0] for line in lines(Follower(flow.reader()))} == {"start", "each/r.1"}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts commands of flowport; those that a test leaves behind are ended."""
    started: list[subprocess.Popen[str]] = []

    def begin(*words: str, **streams: int) -> subprocess.Popen[str]:
        started.append(subprocess.Popen([*FLOWPORT, *words], cwd=tmp_path, text=True, **streams))
        return started[-1]

    yield begin
    for process in started:
        process.terminate()
        process.wait()
        for stream in filter(None, (process.stdout, process.stderr)):
            stream.close()


@pytest.fixture
def run_of(tmp_path: Path, start: Callable[..., subprocess.Popen[str]]) -> Callable[[str], subprocess.Popen[str]]:
    """Starts a run on this machine that waits at the gates, in the store at an address."""
    (tmp_path / "gated.py").write_text(OPENING + FLOW)
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return lambda url: start("run", "gated.py", "--run-id", "one", "--store", url, **silent)


Starts = Callable[[str], "subprocess.Popen[str]"]


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_a_local_run_shows_its_tasks_and_their_logs(
    tmp_path: Path, gates: Gates, kind: str, run_of: Starts, request: pytest.FixtureRequest
) -> None:
    url = str(tmp_path / "store") if kind == "folder" else f"s3://{request.getfixturevalue('bucket')}/runs"
    process = run_of(url)
    store, keys = open_store(url), Keys("Gated", "one")
    progress.until(lambda: bool(places(store, keys.signs("start"))), processes=[process.pid])
    live = LiveRun(Run(store, "Gated", "one"))
    assert (task(live, "start").state, printed(live, "start")) == ("running", b"one\n")
    gates.open("first")
    progress.until(lambda: printed(live, "start") == b"one\ntwo\n", processes=[process.pid])
    gates.open("second", "item-0", "item-1")
    progress.until(lambda: live.counts("each")["running"] == 2 and live.counts("each")["done"] == 2, processes=[process.pid])
    gates.open("item-2", "item-3")
    progress.finish(process)
    assert process.returncode == 0
    assert [one.state for step in ("start", "each", "end") for one in live.tasks(step).tasks] == ["done"] * 6
    assert printed(live, "start") == b"one\ntwo\nthree\n"
    assert [(one.is_over, one.code) for one in live.attempts("start", "s")] == [(True, DONE)]


def test_the_tasks_of_a_local_run_that_was_killed_are_lost(tmp_path: Path, gates: Gates, run_of: Starts) -> None:
    url = str(tmp_path / "store")
    process = run_of(url)
    store = open_store(url)
    progress.until(lambda: bool(places(store, Keys("Gated", "one").signs("start"))), processes=[process.pid])
    live = LiveRun(Run(store, "Gated", "one"))
    assert task(live, "start").state == "running"
    process.kill()
    process.wait()
    assert task(live, "start").state == "lost"
    assert printed(live, "start") == b"one\n"


def test_the_command_follows_a_run_from_before_its_beginning_to_its_end(tmp_path: Path, gates: Gates, run_of: Starts, start: Any) -> None:
    url = str(tmp_path / "store")
    following = start("logs", "-f", "Gated/one", "--store", url, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process = run_of(url)
    gates.open("first", "second", *(f"item-{number}" for number in range(4)))
    progress.finish(process)
    out, _ = progress.finish(following)
    assert following.returncode == 0
    assert out.splitlines() == ["start | one", "start | two", "start | three"]


def test_the_exit_status_says_that_a_run_failed(tmp_path: Path, gates: Gates, run_of: Starts, monkeypatch: pytest.MonkeyPatch) -> None:
    url = str(tmp_path / "store")
    monkeypatch.setenv("FAILS", "2")
    gates.open("first", "second", *(f"item-{number}" for number in range(4)))
    progress.finish(run_of(url))
    done = progress.run([*FLOWPORT, "logs", "-f", "Gated/one/each", "--store", url], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if "LookupError:" in line] == [
        "each/r.2 | LookupError: it fails",
        "each/r.2, attempt 2 | LookupError: it fails",
    ]


def test_ctrl_c_ends_following(tmp_path: Path, gates: Gates, run_of: Starts, start: Any) -> None:
    url = str(tmp_path / "store")
    process = run_of(url)
    following = start("logs", "-f", "Gated/one", "--store", url, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert following.stdout is not None
    assert following.stdout.readline() == "start | one\n"
    os.kill(following.pid, signal.SIGINT)
    _, err = progress.finish(following)
    assert (following.returncode, err.splitlines()[-1]) == (130, "stopped")
    gates.open("first", "second", *(f"item-{number}" for number in range(4)))
    progress.finish(process)
    assert process.returncode == 0
