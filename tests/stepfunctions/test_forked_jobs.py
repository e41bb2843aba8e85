"""A job that is a fork ends and prints as one that is a new process."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowport.targets.stepfunctions.emulator.forked_jobs import LOST, Fork, ForkServer
from flowport.targets.stepfunctions.emulator.processes import Job, Started, new_process

WRONG = [sys.executable, "-m", "flowport.runtime", "task", "--flow", "None"]


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    server = ForkServer([("json", []), ("no_such_library", []), ("ast", ["parse"])])
    yield server
    server.close()


def ended(start: Any, command: list[str], folder: Path) -> tuple[Started, int, str]:
    with open(folder / "output", "w+") as output:
        process = start(command, str(folder), {"PATH": "/usr/bin:/bin"}, output)
        code = process.wait()
        output.seek(0)
        return process, code, output.read()


def test_exit_code_and_output_are_those_of_a_new_process(server: ForkServer, tmp_path: Path) -> None:
    fork, code, printed = ended(server.start, WRONG, tmp_path)
    assert isinstance(fork, Fork)
    assert (code, printed) == ended(new_process, WRONG, tmp_path)[1:]
    assert printed


def test_what_is_not_the_runtime_gets_a_new_process(server: ForkServer, tmp_path: Path) -> None:
    process, code, printed = ended(server.start, [sys.executable, "-c", "print(1); raise SystemExit(3)"], tmp_path)
    assert not isinstance(process, Fork)
    assert (code, printed) == (3, "1\n")


def test_a_job_that_a_killed_fork_server_never_started_is_over_and_has_no_process_to_end(tmp_path: Path) -> None:
    server = ForkServer([])
    ended(server.start, WRONG, tmp_path)  # it is ready
    server._process.send_signal(signal.SIGSTOP)
    killer = threading.Timer(0.3, server._process.kill)
    killer.start()
    with open(tmp_path / "output", "w") as output:
        fork = server.start(WRONG, str(tmp_path), {"PATH": "/usr/bin:/bin"}, output)
    assert (fork.pid, fork.poll(), fork.wait()) == (0, LOST, LOST)
    job = Job("late", {"containerProperties": {}}, WRONG)
    job.process = fork
    job.stop()  # `killpg(0)` would end this process
    server.close()
