"""`flowport status --watch`: a run is watched from elsewhere until it is over."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import progress
from live.gate import FLOW, Gates, gates
from live.screen import on_terminal
from solo import OPENING

__all__ = ["gates"]

FLOWPORT = [sys.executable, "-m", "flowport"]
ITEMS = [f"item-{number}" for number in range(4)]


@pytest.fixture
def running(tmp_path: Path, gates: Gates) -> Iterator[None]:
    """A run of which one item of a foreach is done, and the others wait."""
    (tmp_path / "gated.py").write_text(OPENING + FLOW)
    gates.open("first", "second", "item-0")
    process = subprocess.Popen([*FLOWPORT, "run", "gated.py", "-q", "--run-id", "one"], cwd=tmp_path)
    yield
    gates.open(*ITEMS)
    progress.finish(process)


@pytest.mark.usefixtures("running")
def test_a_terminal_shows_bars_until_the_run_is_over(tmp_path: Path, gates: Gates) -> None:
    def look(lines: list[str]) -> None:
        if any(line.startswith("each [") and " 1 of 4, " in line for line in lines):
            gates.open(*ITEMS)

    screen, seen, code = on_terminal([*FLOWPORT, "status", "Gated", "--watch"], tmp_path, 80, look)
    assert code == 0
    assert any(" of 4 steps, " in line and " tasks running" in line for line in seen)
    assert any(line.startswith("Gated/one: done in ") for line in screen.lines)
    assert not any(" tasks running" in line or "[" in line for line in screen.lines)  # what was shown meanwhile is gone


@pytest.mark.usefixtures("running")
def test_a_pipe_gets_a_line_for_each_change(tmp_path: Path, gates: Gates) -> None:
    command = [*FLOWPORT, "status", "Gated", "--watch"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        assert "each: running, 1 done\n" in lines
        gates.open(*ITEMS)
        out, _ = progress.finish(process)
    assert process.returncode == 0
    assert out.startswith("Gated/one: done in ")


def test_a_run_that_is_over_is_shown_at_once(tmp_path: Path, gates: Gates, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gated.py").write_text(OPENING + FLOW)
    gates.open("first", "second", *ITEMS)
    monkeypatch.setenv("FAILS", "2")
    progress.run([*FLOWPORT, "run", "gated.py", "-q", "--run-id", "one"], cwd=tmp_path, capture_output=True)
    done = progress.run([*FLOWPORT, "status", "Gated/one", "-w"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Gated/one: failed" in done.stdout
