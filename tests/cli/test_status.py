"""`flowport status`: the steps of a run with what is done, what failed and what was taken over, and how to go on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from desk import Desk
from flowport.runtime.records.life import write_heartbeat
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import Keys
from progress import finish, until

FLOW = """
from flowport import FlowSpec, step


class Work(FlowSpec):
    @step
    def start(self):
        self.numbers = [0, 1, 2]
        self.next(self.divide, foreach="numbers")

    @step
    def divide(self):
        self.part = 6 / {divisor}
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.parts = [one.part for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A run `one` in which an item failed, and its resumed run `two`."""
    desk = Desk(tmp_path)
    desk.write("work.py", FLOW.format(divisor="self.input"))
    assert desk("run", "work.py", "--run-id", "one", "--max-workers", "1").status == 1
    desk.write("work.py", FLOW.format(divisor="(self.input or 1)"))
    assert desk("resume", "work.py", "one", "--run-id", "two").status == 0
    return desk


def test_a_run_that_failed_says_what_failed_and_how_to_go_on(desk: Desk) -> None:
    told = desk("status", "Work/one")
    assert (told.status, told.err) == (0, "")
    assert told.out == (
        "Work/one: failed after SECONDS, started TIME UTC\n"
        "\n"
        "STEP    STATUS  DONE  FAILED  DURATION\n"
        "start   done       1 SECONDS\n"
        "divide  failed             1\n"
        "gather\n"
        "end\n"
        "\n"
        "divide/r.0 failed: ZeroDivisionError: division by zero\n"
        "\n"
        "resume it: flowport resume Work/one\n"
        "store: DESK/.flowport\n"
    )


def test_a_resumed_run_says_what_it_took_over(desk: Desk) -> None:
    told = desk("status", "Work")
    assert told.out.splitlines() == [
        "Work/two: done in SECONDS, started TIME UTC",
        "resumes run one",
        "",
        "STEP    STATUS  DONE  TAKEN OVER  DURATION",
        "start   done       1           1 SECONDS",
        "divide  done       3 SECONDS",
        "gather  done       1 SECONDS",
        "end     done       1 SECONDS",
        "store: DESK/.flowport",
    ]


def test_a_status_can_be_read_by_programs(desk: Desk) -> None:
    found = json.loads(desk("status", "Work/one", "--json").out)
    assert found["status"] == "failed"
    divide = found["steps"][1]
    assert {name: divide[name] for name in ("step", "status", "items", "failed", "taken_over")} == {
        "step": "divide",
        "status": "failed",
        "items": 0,
        "failed": 1,
        "taken_over": 0,
    }
    assert found["failures"] == [{"step": "divide", "item": "r.0", "type": "ZeroDivisionError", "message": "division by zero"}]
    assert found["resume"] == "flowport resume Work/one"
    assert json.loads(desk("status", "Work/latest", "--json").out)["resume"] is None


def test_the_way_on_names_the_store_that_was_named(desk: Desk) -> None:
    assert "flowport resume Work/one --store .flowport\n" in desk("status", "Work/one", "--store", ".flowport").out


def test_a_damaged_manifest_is_named_and_the_rest_is_shown(desk: Desk) -> None:
    (path,) = (desk.folder / ".flowport/flows/Work/runs/two/steps/gather").glob("*@0.json")
    path.chmod(0o644)
    path.write_text("{}")
    told = desk("status", "Work/two")
    assert told.status == 1
    assert "gather/s@0 is not whole" in told.err
    assert "divide  done       3" in told.out


@pytest.mark.parametrize(
    ("words", "said"), [("Work/nine", "no run `nine`"), ("Wrk", "did you mean `Work`?"), ("Work/one/divide", "names a step")]
)
def test_what_is_no_run_is_said(desk: Desk, words: str, said: str) -> None:
    told = desk("status", words)
    assert told.status == 2
    assert said in told.err


def test_a_running_run_is_not_resumed_unless_somebody_insists(desk: Desk) -> None:
    keys = Keys("Work", "one")
    store = FolderStore(str(desk.folder / ".flowport"))
    store.delete(keys.ended())
    write_heartbeat(store, keys, is_local=True)  # of this process, which is there
    assert desk("runs", "Work").out.splitlines()[2].split()[1:3] == ["one", "running"]
    refused = desk("resume", "work.py", "one")
    assert refused.status == 2
    assert "run `one` of Work is still running" in refused.err
    assert "--force" in refused.err
    assert "is done or still running, so there is nothing to resume" in desk("resume", "work.py").err
    assert desk("resume", "work.py", "one", "--force", "--run-id", "three").status == 0


def test_a_step_is_running_while_its_task_has_neither_ended_nor_failed(desk: Desk) -> None:
    keys = Keys("Work", "one")
    store = FolderStore(str(desk.folder / ".flowport"))
    store.delete(keys.ended())
    write_heartbeat(store, keys, is_local=True)
    store.create(keys.log("gather", "s", 0, 0), b"")
    found = json.loads(desk("status", "Work/one", "--json").out)
    assert (found["status"], found["ended"], found["resume"]) == ("running", None, None)
    assert {step["step"]: step["status"] for step in found["steps"]} == {
        "start": "done",
        "divide": "failed",
        "gather": "running",
        "end": "",
    }


def test_a_step_of_a_foreach_is_running_until_all_items_are_done(desk: Desk) -> None:
    keys = Keys("Work", "two")
    store = FolderStore(str(desk.folder / ".flowport"))
    for key in (keys.ended(), *store.names(keys.series("divide", "s.2")), *store.names(keys.series("gather", "s"))):
        store.delete(key)
    shutil.rmtree(desk.folder / ".flowport" / keys.logs("divide", "s.2"))
    shutil.rmtree(desk.folder / ".flowport" / keys.logs("gather", "s"))
    write_heartbeat(store, keys, is_local=True)
    states = {step["step"]: step["status"] for step in json.loads(desk("status", "Work/two", "--json").out)["steps"]}
    assert (states["start"], states["divide"], states["gather"]) == ("done", "running", "")


def test_what_stopped_a_dry_run_and_where_its_flow_is_are_kept(desk: Desk) -> None:
    done = desk("dry-run", "work.py", "--target", "argo", "--run-id", "dry")
    assert done.status == 0
    desk.write("work.py", FLOW.format(divisor="self.input"))
    assert desk("dry-run", "work.py", "--target", "argo", "--run-id", "torn").status == 1
    assert json.loads(desk("status", "Work/torn", "--json").out)["status"] == "failed"
    desk.write("work.py", FLOW.format(divisor="(self.input or 1)"))
    assert desk("resume", "Work/torn", "--run-id", "mended").status == 0
    assert desk("status", "Work/mended").out.startswith("Work/mended: done")


def test_a_run_that_was_stopped_is_not_called_failed(desk: Desk) -> None:
    desk.write("slow.py", FLOW.format(divisor="__import__('time').sleep(100)").replace("Work", "Slow"))
    process = desk.start("run", "slow.py", "--run-id", "s", "--max-workers", "1")
    logs = desk.folder / ".flowport" / Keys("Slow", "s").logs("divide", "s.0")
    until(logs.exists, processes=[process.pid])
    process.terminate()
    finish(process)
    found = json.loads(desk("status", "Slow/s", "--json").out)
    assert (found["status"], [step["status"] for step in found["steps"]][:2]) == ("stopped", ["done", "stopped"])
    assert "divide/r.0 was stopped\n" in desk("status", "Slow/s").out


def test_runs_of_an_earlier_version_are_a_line(desk: Desk) -> None:
    desk.write(".flowport/Old/1/run.json", '{"v": 1}')
    desk.write(".flowport/Old/2/run.json", "")
    desk.write(".flowport/notes/readme.txt", "")
    told = desk("runs")
    assert (told.status, told.err) == (0, "Old has 2 runs of an earlier version of flowport, which this version does not read\n")
    assert "Old" not in told.out
    assert desk("runs", "Work").err == ""


def test_times_are_there_for_programs(desk: Desk) -> None:
    rows = [json.loads(line) for line in desk("runs", "--json").out.splitlines()]
    assert [(row["run"], row["status"], row["target"]) for row in rows] == [("two", "done", "local"), ("one", "failed", "local")]
    assert all(row["ended"] - row["started"] == pytest.approx(row["seconds"], abs=0.01) for row in rows)
    found = json.loads(desk("status", "Work/two", "--json").out)
    assert all(0 <= step["seconds"] <= found["seconds"] for step in found["steps"])
