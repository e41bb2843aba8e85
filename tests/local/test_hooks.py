"""Exit hooks of runs on this machine, and what the command line says of them."""

from __future__ import annotations

import json
from pathlib import Path

from desk import Desk

FLOW = """
import alerts
from flowport import FlowSpec, Parameter, exit_hook, step


def tell(run):
    print("told of", run.pathspec, run.successful)


@exit_hook(on_success=[tell, alerts.page], on_error=[tell])
class Train(FlowSpec):
    broken = Parameter("broken", default=False)

    @step
    def start(self):
        assert not self.broken
        self.next(self.end)

    @step
    def end(self):
        pass
"""
ALERTS = """
import os

def page():
    raise RuntimeError("nobody is there " + os.getcwd()[-4:])
"""


def test_hooks_are_called_when_a_run_has_ended_whatever_became_of_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write("train.py", FLOW)
    desk.write("alerts.py", ALERTS)
    done = desk("run", "train.py", "--run-id", "one")
    assert (done.status, done.out) == (0, "told of Train/one True\n")
    assert done.err.index("run one is done") < done.err.index("exit hook `tell`: done"), done.err
    assert "exit hook `alerts:page` failed: RuntimeError: nobody is there" in done.err
    assert 'File "DESK/alerts.py", line 5, in page' in done.err
    failed = desk("run", "train.py", "--run-id", "two", "--broken", "true")
    assert (failed.status, failed.out.splitlines()[-1]) == (1, "told of Train/two False")
    resumed = desk("resume", "Train/two", "--run-id", "three", "--quiet", "--broken", "false")
    assert (resumed.status, resumed.out) == (0, "")
    assert resumed.err.startswith("exit hook `alerts:page` failed: RuntimeError"), "a quiet run shows nothing else"
    shown = desk("status", "Train/three")
    assert "Train/three: done" in shown.out
    assert "\nexit hook `alerts:page` failed: RuntimeError: nobody is there" in shown.out
    assert [hook["name"] for hook in json.loads(desk("status", "Train/three", "--json").out)["hooks"]] == [
        "exit hook `tell`",
        "exit hook `alerts:page`",
    ]
