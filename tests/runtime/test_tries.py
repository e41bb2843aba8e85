"""Tries: what failed is told, what finished is kept, what was killed is counted; and what `@catch` makes of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from flowport.runtime.protocol import DONE, FAILED
from flowport.runtime.records.attempts import failures
from flowport.runtime.store.keys import Keys
from solo import Broken, Solo

EACH = """
import os
import signal
import sys
import time


def mark(folder, name):
    with open(os.path.join(folder, name), "a") as file:
        file.write("x")


class Each(FlowSpec):
    folder = Parameter("folder")

    @step
    def start(self):
        self.items = [0, 1, 2, 3]
        self.next(self.each, foreach="items", batch={batch})

    {decorators}
    @step
    def each(self):
        mark(self.folder, str(self.input))
        self.before = self.input
        self.tried = current.retry_count
        {body}
        self.after = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.tried = [one.tried for one in inputs if hasattr(one, "tried")]
        self.before = [getattr(one, "before", None) for one in inputs]
        self.after = [getattr(one, "after", None) for one in inputs]
        self.caught = [getattr(one, "failed", "unset") for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


class Case:
    """A flow with one foreach of four items in one slice, and how often each item ran."""

    def __init__(self, folder: Path, decorators: str, body: str, batch: int = 4) -> None:
        self.counts = folder / "counts"
        self.counts.mkdir()
        self.flow = Solo(folder / "flow", EACH.format(decorators=decorators, body=body, batch=batch))

    def run(self, apart: bool = False) -> dict[str, Any]:
        """Run it, and give the artifacts of the join."""
        self.flow.run(apart=apart, parameters={"folder": str(self.counts)})
        return self.flow.artifacts("join")

    def ran(self) -> dict[str, int]:
        """How often each item ran."""
        return {path.name: path.stat().st_size for path in sorted(self.counts.iterdir())}


RETRY = "@retry(times=2, minutes_between_retries=0)"
FAIL = 'if self.input == 1 and current.retry_count < 2: raise ValueError("not yet")'
ALWAYS = 'if self.input == 1: raise ValueError("never")'
KILL = "if self.input == 1 and current.retry_count < 2: os.kill(os.getpid(), 9)"
ALWAYS_KILL = "if self.input == 1: os.kill(os.getpid(), 9)"


def test_a_failing_item_is_tried_again_alone(tmp_path: Path) -> None:
    case = Case(tmp_path, RETRY, FAIL)
    assert case.run()["tried"] == [0, 2, 0, 0]
    assert case.ran() == {"0": 1, "1": 3, "2": 1, "3": 1}


def test_an_item_that_keeps_failing_gets_no_more_tries_than_granted(tmp_path: Path) -> None:
    case = Case(tmp_path, RETRY, ALWAYS)
    with pytest.raises(Broken):
        case.run()
    assert case.ran() == {"0": 1, "1": 3, "2": 1, "3": 1}


def test_without_retry_the_other_items_still_run_and_the_failure_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    case = Case(tmp_path, "", ALWAYS)
    with pytest.raises(Broken):
        case.run()
    assert case.ran() == {"0": 1, "1": 1, "2": 1, "3": 1}
    said = capfd.readouterr().err
    assert "ValueError: never" in said
    assert "step `each` failed for 1 of 4 items: r.1" in said
    (failure,) = failures(case.flow.store, Keys("Each", "1"))
    assert {name: failure[name] for name in ("step", "slice", "item", "type", "message")} == {
        "step": "each",
        "slice": "s.0",
        "item": "r.1",
        "type": "ValueError",
        "message": "never",
    }
    assert failure["traceback"].startswith("Traceback")
    assert 'raise ValueError("never")' in failure["traceback"]
    assert "flowport/runtime" not in failure["traceback"]


def test_an_item_that_is_killed_is_counted(tmp_path: Path) -> None:
    case = Case(tmp_path, RETRY, KILL, batch=1)
    assert case.run(apart=True)["tried"] == [0, 2, 0, 0]
    assert case.ran() == {"0": 1, "1": 3, "2": 1, "3": 1}


def test_a_killed_slice_repeats_what_was_not_yet_kept(tmp_path: Path) -> None:
    case = Case(tmp_path, RETRY, "if self.input == 1 and current.retry_count < 1: os.kill(os.getpid(), 9)")
    assert case.run(apart=True)["after"] == [0, 1, 2, 3]
    assert case.ran() == {"0": 2, "1": 3, "2": 1, "3": 1}


def test_caught_items_go_on_with_what_they_set_before(tmp_path: Path) -> None:
    found = Case(tmp_path, '@catch(var="failed")', ALWAYS).run()
    assert found["before"] == [0, 1, 2, 3]
    assert found["after"] == [0, None, 2, 3]
    assert [found["caught"][row] for row in (0, 2, 3)] == [None, None, None]
    error = found["caught"][1]
    assert (error.type, error.exception, str(error)) == ("builtins.ValueError", "never", "ValueError: never")
    assert "Traceback" in error.stacktrace


def test_catch_waits_for_the_last_retry(tmp_path: Path) -> None:
    case = Case(tmp_path, RETRY + '\n    @catch(var="failed")', ALWAYS)
    assert [bool(error) for error in case.run()["caught"]] == [False, True, False, False]
    assert case.ran() == {"0": 1, "1": 3, "2": 1, "3": 1}


def test_an_item_that_succeeds_on_its_last_try_is_not_caught(tmp_path: Path) -> None:
    found = Case(tmp_path, RETRY + '\n    @catch(var="failed")', FAIL).run()
    assert found["caught"] == [None] * 4


def test_a_killed_item_is_caught_by_the_next_try(tmp_path: Path) -> None:
    case = Case(tmp_path, '@catch(var="failed")', ALWAYS_KILL)
    found = case.run(apart=True)
    assert found["after"] == [0, None, 2, 3]
    assert str(found["caught"][1]) == "FailureHandledByCatch: the process was killed while the item ran"
    assert found["caught"][1].type == "metaflow.plugins.catch_decorator.FailureHandledByCatch"
    assert case.ran()["1"] == 1


def test_a_killed_item_with_retries_is_caught_after_them(tmp_path: Path) -> None:
    case = Case(tmp_path, RETRY + '\n    @catch(var="failed")', ALWAYS_KILL)
    assert case.run(apart=True)["after"] == [0, None, 2, 3]
    assert case.ran()["1"] == 3


def test_catch_prints_the_exception_unless_told_not_to(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for number, (decorator, printed) in enumerate([("@catch()", True), ("@catch(print_exception=False)", False)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        Case(folder, decorator, ALWAYS).run()
        assert ("ValueError: never" in capfd.readouterr().err) is printed


def test_before_the_last_try_an_exception_is_printed_whatever_catch_says(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Case(tmp_path, RETRY + "\n    @catch(print_exception=False)", ALWAYS).run()
    assert capfd.readouterr().err.count("ValueError: never") == 2


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ("sys.exit()", "SystemExit"),
        ("sys.exit(0)", "SystemExit"),
        ("import asyncio; raise asyncio.CancelledError", "CancelledError"),
        ('sys.exit("so")', "so"),
    ],
)
def test_a_step_that_exits_has_failed(tmp_path: Path, capfd: pytest.CaptureFixture[str], end: str, message: str) -> None:
    with pytest.raises(Broken) as broken:
        Case(tmp_path, "", f"if self.input == 1: {end}").run()
    assert broken.value.code == FAILED
    assert message in capfd.readouterr().err


def test_a_step_that_ends_its_process_has_not_happened(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    case = Case(tmp_path, "", "os._exit(0)")
    with pytest.raises((Broken, AssertionError)):
        case.run(apart=True)
    assert not case.flow.store.exists("flows/Each/runs/1/steps/each/s.0@0.json")
    assert case.flow.perform("join") != DONE
    assert "step `each` has no manifest for s.0" in capfd.readouterr().err


TIMEOUT = "@timeout(seconds=1)"
SLOW = "time.sleep(60 if self.input == 1 else 0)"


def test_a_timeout_ends_its_own_item_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    case = Case(tmp_path, TIMEOUT, SLOW)
    with pytest.raises(Broken):
        case.run()
    assert case.ran() == {"0": 1, "1": 1, "2": 1, "3": 1}
    assert "step `each` ran longer than its timeout of 1 seconds" in capfd.readouterr().err


def test_a_timeout_is_caught(tmp_path: Path) -> None:
    found = Case(tmp_path, TIMEOUT + '\n    @catch(var="failed")', SLOW).run()
    assert found["after"] == [0, None, 2, 3]
    assert found["caught"][1].type == "metaflow.plugins.timeout_decorator.TimeoutException"


def test_a_timeout_is_tried_again(tmp_path: Path) -> None:
    case = Case(
        tmp_path,
        TIMEOUT + "\n    @retry(times=1, minutes_between_retries=0)",
        "time.sleep(60 if current.retry_count == 0 and self.input == 1 else 0)",
    )
    assert case.run()["tried"] == [0, 1, 0, 0]
    assert case.ran() == {"0": 1, "1": 2, "2": 1, "3": 1}


def test_a_killed_child_of_a_step_with_a_timeout_fails_its_item_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    case = Case(tmp_path, TIMEOUT + '\n    @catch(var="failed")', ALWAYS_KILL)
    assert case.run()["after"] == [0, None, 2, 3]
    assert "ended with signal SIGKILL" in capfd.readouterr().err


def test_a_child_that_ends_itself_fails_its_item_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    case = Case(tmp_path, TIMEOUT + '\n    @catch(var="failed")', "if self.input == 1: os._exit(0)")
    assert case.run()["after"] == [0, None, 2, 3]
    assert "ended with exit code 0" in capfd.readouterr().err


def test_what_a_supervised_item_raises_is_told_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Broken):
        Case(tmp_path, TIMEOUT, ALWAYS).run()
    assert capfd.readouterr().err.count("ValueError: never") == 1


WORKERS = """
import os


class Shared(FlowSpec):
    @step
    def start(self):
        self.items = list(range(12))
        self.next(self.each, foreach="items", batch=12, workers=3)

    @step
    def each(self):
        import time
        time.sleep(0.05)
        self.process = os.getpid()
        self.square = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.processes = {one.process for one in inputs}
        self.squares = [one.square for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_workers_share_the_items_of_a_slice(tmp_path: Path) -> None:
    flow = Solo(tmp_path, WORKERS)
    flow.run()
    found = flow.artifacts("join")
    assert found["squares"] == [number**2 for number in range(12)]
    assert len(found["processes"]) == 3


def test_a_machine_may_have_fewer_workers_than_a_flow_asks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWPORT_MAX_WORKERS", "1")
    flow = Solo(tmp_path, WORKERS)
    flow.run()
    assert len(flow.artifacts("join")["processes"]) == 1


def test_a_module_that_cannot_be_imported_leaves_a_try(tmp_path: Path) -> None:
    flow = Solo(tmp_path, WORKERS.replace("import os\n", "import no_such_module\n", 1))
    with pytest.raises(ModuleNotFoundError):
        flow.run()
    (failure,) = failures(flow.store, Keys("Shared", "1"))
    assert (failure["step"], failure["item"], failure["type"]) == ("start", "r", "ModuleNotFoundError")


def test_a_module_that_ends_the_process_has_not_done_its_task(tmp_path: Path) -> None:
    flow = Solo(tmp_path, "raise SystemExit(0)\n" + WORKERS)
    with pytest.raises(ImportError, match="ends the process when it is imported"):
        flow.run()


def test_a_store_that_fails_while_an_artifact_is_written_is_not_caught(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    case = Case(tmp_path, '@catch(var="failed")', 'self.big = "x" * 100_000')
    case.flow.store.create("flows/Each/runs/1/input.json", json.dumps({"parameters": {"folder": str(case.counts)}}).encode())
    case.flow.perform("start")
    blobs = case.flow.path("blobs")
    for name in {f"{number:02x}" for number in range(256)} - set(os.listdir(blobs)):
        (blobs / name).write_text("a file where a folder is needed")
    assert case.flow.perform("each", "s.0") == FAILED
    assert "a file stands where a folder is needed" in capfd.readouterr().err
    assert not case.flow.store.exists("flows/Each/runs/1/steps/each/s.0@0.json")


def test_the_outcome_of_a_big_artifact_is_kept_over_a_failed_try(tmp_path: Path) -> None:
    case = Case(tmp_path, RETRY, "self.big = str(self.input) * 100_000\n        " + FAIL)
    case.run()
    assert case.flow.artifacts("each", "r.3")["big"] == "3" * 100_000


def test_a_damaged_try_costs_a_repetition_and_nothing_else(tmp_path: Path) -> None:
    case = Case(tmp_path, RETRY, FAIL)
    case.flow.store.create("flows/Each/runs/1/input.json", json.dumps({"parameters": {"folder": str(case.counts)}}).encode())
    case.flow.perform("start")
    assert case.flow.perform("each", "s.0") == FAILED
    path = case.flow.path("flows/Each/runs/1/steps/each/s.0.attempt/0-0")
    path.write_bytes(path.read_bytes()[:-5])
    case.flow.insist("each", "s.0")
    assert case.ran()["0"] == 2


def test_a_try_whose_pack_is_gone_costs_a_repetition_and_nothing_else(tmp_path: Path) -> None:
    case = Case(tmp_path, RETRY, FAIL)
    case.flow.store.create("flows/Each/runs/1/input.json", json.dumps({"parameters": {"folder": str(case.counts)}}).encode())
    case.flow.perform("start")
    assert case.flow.perform("each", "s.0") == FAILED
    document = json.loads(case.flow.path("flows/Each/runs/1/steps/each/s.0.attempt/0-0").read_bytes())
    ((sha, _),) = document["packs"]
    case.flow.path(f"blobs/{sha[:2]}/{sha}").write_bytes(b"no pack")
    case.flow.insist("each", "s.0")
    assert case.ran()["0"] == 2
