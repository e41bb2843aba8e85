"""A process that hangs so that not even `@timeout` ends it is ended by the engine, and its step goes on as `@catch` says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store

FLOW = """
import os
import signal
import time

from flowport import FlowSpec, catch, step, timeout


class Hung(FlowSpec):
    @step
    def start(self):
        self.waits = [0, 1]
        self.next(self.wait, foreach="waits")

    @catch(var="late", print_exception=False)
    @timeout(seconds=1)
    @step
    def wait(self):
        if self.input:
            os.kill(os.getppid(), signal.SIGSTOP)  # the process that watches the clock
            time.sleep(1000)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.late = [each.late and each.late.type for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""

QUICK = """
from flowport.cli import main
from flowport.compiler.lower import time_limits
from flowport.targets.stepfunctions import jobs
from flowport.targets.stepfunctions.ecs import run_task

time_limits.SLACK = 7
jobs.SHORTEST_TIMEOUT = 1
run_task.START = 0
main()
"""
"""The command line, with limits that end a task after seconds and not after minutes."""


@pytest.mark.parametrize(
    ("target", "settings"),
    [
        ("sfn", ""),
        ("sfn", '[stepfunctions]\ncompute = "ecs"\n'),
        ("sfn", '[stepfunctions]\ncompute = "lambda"\n'),
        ("airflow", ""),
        ("argo", ""),
    ],
)
def test_the_engine_ends_a_task_that_hangs(tmp_path: Path, target: str, settings: str) -> None:
    (tmp_path / "hung.py").write_text(FLOW)
    (tmp_path / "flowport.toml").write_text(settings)
    command = [sys.executable, "-c", QUICK, "dry-run", "hung.py", "--target", target, "--run-id", "one", "--store", "store"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert find(open_store(str(tmp_path / "store")), "Hung", "one").artifacts("join")["late"] == [
        None,
        "metaflow.plugins.catch_decorator.FailureHandledByCatch",
    ]
