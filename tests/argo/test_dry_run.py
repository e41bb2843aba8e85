"""A dry run reports events and returns a result, and prints nothing, so that more than the command line can use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flowport.compiler.compile import load
from flowport.compiler.package.archive import package
from flowport.compiler.target import DryRun, DryRunResult, TaskEnded
from flowport.targets.argo import target
from flowport.targets.prepare import prepare

FLOW = """
from flowport import FlowSpec, Parameter, step


class Small(FlowSpec):
    bad = Parameter("bad", type=bool, default=False)

    @step
    def start(self):
        print("hello")
        self.next(self.end)

    @step
    def end(self):
        assert not self.bad, "it is bad"
"""


def run(folder: Path, run_id: str, **more: Any) -> tuple[DryRunResult, list[TaskEnded]]:
    """The result of a dry run, and what was reported meanwhile."""
    (folder / "small.py").write_text(FLOW)
    plan = load(str(folder / "small.py")).plan
    assert plan is not None
    settings = prepare(target, plan, target.dry_run_defaults).settings
    request = DryRun(plan, settings, package(plan), more.pop("parameters", {}), run_id, str(folder / "store"), **more)
    events: list[TaskEnded] = []
    runner = target.dry_runner
    assert runner is not None
    return runner.run(request, events.append), events


def test_it_reports_tasks_and_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    result, events = run(tmp_path, "one", logs=True)
    assert result == DryRunResult("done")
    assert [(event.step, event.slice, event.exit_code, event.log) for event in events] == [
        ("start", "s", 0, ("hello",)),
        ("end", "s", 0, ()),
    ]
    assert capfd.readouterr() == ("", "")


def test_a_failed_run_has_its_items_and_can_be_resumed(tmp_path: Path) -> None:
    result, events = run(tmp_path, "one", parameters={"bad": True})
    assert (result.status, result.resumable, [event.exit_code for event in events]) == ("failed", True, [0, 1])
    (item,) = result.failed
    assert (item.step, item.item) == ("end", "r")
    assert "AssertionError: it is bad" in item.story
    result, events = run(tmp_path, "two", parameters={"bad": False}, origin_run="one")
    assert (result.status, [event.taken_over for event in events]) == ("done", ["taken over from one", "done"])


def test_a_run_id_is_used_once(tmp_path: Path) -> None:
    assert run(tmp_path, "one")[0].status == "done"
    result, events = run(tmp_path, "one")
    assert (result.status, events) == ("refused", [])
    assert "there is a run `one` of Small already" in result.reason
