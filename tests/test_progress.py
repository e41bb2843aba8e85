"""A wait of the tests ends when nothing makes progress, however long that takes, and a hang is found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import progress
from progress import Stalled, finish, run, until

SLEEPS = "import subprocess, sys, time\nprint('begun', flush=True)\nsubprocess.run([sys.executable, '-c', 'import time; time.sleep(1000)'])"
PRINTS = "import time\nfor each in range(12):\n    print(each, flush=True)\n    time.sleep(0.25)"
COMPUTES = "import time\nwhile time.process_time() < 3:\n    pass"
BELOW = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {COMPUTES!r}])"
FOR_EVER = "while True:\n    pass"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def started(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(python(code), stdout=subprocess.PIPE, text=True)


def test_a_process_that_hangs_is_found_and_killed_with_what_it_started() -> None:
    process = started(SLEEPS)
    with process, pytest.raises(Stalled, match="begun"):
        finish(process, patience=2)
    assert process.returncode == -9
    assert progress.tree(process.pid) == [process.pid]


def test_a_process_that_prints_is_waited_for() -> None:
    assert run(python(PRINTS), patience=2, stdout=subprocess.PIPE, text=True).stdout.split() == [str(each) for each in range(12)]


@pytest.mark.parametrize("code", [COMPUTES, BELOW], ids=["itself", "what it started"])
def test_a_process_that_computes_is_waited_for(code: str) -> None:
    assert run(python(code), patience=2, capture_output=True).returncode == 0


def test_a_process_that_computes_for_ever_is_found() -> None:
    with started(FOR_EVER) as process, pytest.raises(Stalled, match="computes without end"):
        finish(process, busy=1)
    assert process.returncode == -9


def test_a_command_that_fails_is_said_when_it_must_not() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        run(python("raise SystemExit(3)"), check=True)


def test_a_wait_goes_on_while_something_changes(tmp_path: Path) -> None:
    looks = iter(range(1000))
    assert until(lambda: next(looks) > 30, seen=lambda: next(looks), patience=0.2, pause=0.05)


def test_a_wait_for_what_never_comes_says_what_was_seen_last() -> None:
    with pytest.raises(Stalled, match=r"the answer: nothing has changed for 0\.2 seconds; last seen: silence"):
        until(lambda: False, "the answer", lambda: "silence", patience=0.2)
