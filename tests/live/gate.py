"""A flow whose tasks wait at gates, which a test opens: files in the folder that the variable GATES names."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import progress
from flowport.runtime.live.tasks import LiveRun, TaskState
from flowport.runtime.records.signs import places
from flowport.runtime.store.keys import Keys

if TYPE_CHECKING:
    from solo import Solo

FLOW = """
import os
import time


def gate(name):
    while not os.path.exists(os.path.join(os.environ["GATES"], name)):
        time.sleep(0.02)


class Gated(FlowSpec):
    @step
    def start(self):
        print("one")
        gate("first")
        print("two" * int(os.environ.get("TIMES", "1")))
        gate("second")
        print("three")
        self.items = [0, 1, 2, 3]
        self.next(self.each, foreach="items")

    @retry(times=1)
    @step
    def each(self):
        gate(f"item-{self.input}")
        if os.environ.get("FAILS") == str(self.input):
            raise LookupError("it fails")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


BEGUN: list[subprocess.Popen[bytes]] = []
"""The tasks of the test."""


class Gates:
    """The gates of a test."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        os.environ["GATES"] = str(folder)

    def open(self, *names: str) -> None:
        """Let those pass who wait there."""
        for name in names:
            (self.folder / name).touch()


@pytest.fixture
def gates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gates]:
    """Gates, with signs once a second; tasks that a failed test leaves behind are killed."""
    monkeypatch.setenv("FLOWPORT_LIVE", "1")
    yield Gates(tmp_path / "gates")
    for process in BEGUN:
        progress.kill(process.pid)
        process.wait()
    BEGUN.clear()


def begun(flow: Solo, step: str, slice: str = "s", run: str = "1") -> subprocess.Popen[bytes]:
    """A task in a process of its own, as a container has it."""
    process = subprocess.Popen(flow.command(step, slice, run), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    BEGUN.append(process)
    return process


def ended(process: subprocess.Popen[bytes]) -> int:
    """The exit code of a task, when it has ended."""
    progress.finish(process)
    return process.returncode


def task(live: LiveRun, step: str, slice: str = "s") -> TaskState:
    """One task as it is now."""
    return next(one for one in live.tasks(step).tasks if one.slice == slice)


def printed(live: LiveRun, step: str, slice: str = "s", attempt: str = "") -> bytes:
    """All that a task has printed, read in small pieces."""
    data, offset = b"", 0
    while True:
        part = live.log(step, slice, attempt, offset, limit=1000)
        data += part.data
        if part.is_over or not part.data:
            return data
        offset = part.offset


def grow_old(flow: Solo, seconds: float = 3600.0, run: str = "1") -> None:
    """Have all signs of a run in a folder be older."""
    for place in places(flow.store, Keys(flow.flow, run).signs()):
        os.utime(flow.path(place.key), (place.seen - seconds, place.seen - seconds))
