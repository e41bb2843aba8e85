"""The command of a container, as a process: exit codes, logs, and what it loads; on a folder and on S3."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import progress
from flowport.runtime.protocol import DONE, FAILED, STOP
from flowport.runtime.replay.scheduler import PlanScheduler
from flowport.runtime.store.keys import Keys, code_key
from flowport.runtime.store.open import open_store
from solo import Solo

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

ROUND = """
import os
import signal


class Round(FlowSpec):
    @step
    def start(self):
        print("this is start")
        self.items = [1, 2]
        self.next(self.each, foreach="items")

    @timeout(seconds=30)
    @step
    def each(self):
        print(f"item {self.input}")
        self.square = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.squares = [one.square for one in inputs]
        self.turns = 0
        self.next(self.turn)

    @environment(vars={"HERE": "turn"})
    @step
    def turn(self):
        self.turns += 1
        self.seen = os.environ.get("HERE")
        self.next(self.judge)

    @timeout(seconds=30)
    @step
    def judge(self):
        self.leaked = os.environ.get("HERE")
        self.way = "again" if self.turns < 4 else "done"
        self.next({"again": self.turn, "done": self.end}, condition="way")

    @step
    def end(self):
        pass
"""

KILLED = """
import os


class Killed(FlowSpec):
    @step
    def start(self):
        print("last words", flush=False)
        os.kill(os.getpid(), 9)
        self.next(self.end)

    @step
    def end(self):
        pass
"""

TRIVIAL = """
class Trivial(FlowSpec):
    @step
    def start(self):
        self.number = 1
        self.next(self.middle)

    @step
    def middle(self):
        self.number += 1
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store of each kind; `file://` is a folder by another name."""
    if request.param == "folder":
        return open_store(f"file://{tmp_path}/store")
    return open_store(f"s3://{request.getfixturevalue('bucket')}/runs")


def ran(flow: Solo, step: str, slice: str = "s", run: str = "1", **more: Any) -> subprocess.CompletedProcess[str]:
    """One task, in a process of its own; all that it prints is in `stdout`."""
    return output(flow.command(step, slice, run, **more))


def output(command: list[str]) -> subprocess.CompletedProcess[str]:
    """A command's exit code and all that it prints."""
    return progress.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def log(flow: Solo, step: str, slice: str = "s", run: str = "1") -> str:
    """What the store has of a task's output."""
    return flow.store.read(Keys(flow.flow, run).log(step, slice, 0, 0)).decode()


def test_a_flow_runs_by_commands_alone(tmp_path: Path, store: Store) -> None:
    flow = Solo(tmp_path, ROUND, store)
    walk = PlanScheduler(flow.program.plan["body"])
    waiting = walk.ready()
    while waiting:
        step, slice = waiting.pop()
        done = ran(flow, step, slice)
        assert done.returncode == DONE, (step, slice, done.stdout)
        walk.done(step, slice, flow.route(step, slice))
        waiting += walk.ready()
    assert flow.artifacts("end")["squares"] == [1, 4]
    assert flow.artifacts("end")["turns"] == 4
    assert (log(flow, "start"), log(flow, "each", "s.1")) == ("this is start\n", "item 2\n")


def test_the_rest_of_a_loop_is_one_command(tmp_path: Path, store: Store) -> None:
    flow = Solo(tmp_path, ROUND, store)
    tasks = [("start", "s"), ("each", "s.0"), ("each", "s.1"), ("join", "s"), ("turn", "s.t0"), ("judge", "s.t0")]
    for step, slice in tasks:
        assert ran(flow, step, slice).returncode == DONE
    done = ran(flow, "turn", block=True, turn=1)
    assert (done.returncode, done.stdout) == (DONE, "")
    assert ran(flow, "end").returncode == DONE
    last = flow.artifacts("end")
    assert (last["turns"], last["seen"], last["leaked"]) == (4, "turn", None)


def test_a_block_that_is_tried_again_runs_nothing_twice(tmp_path: Path) -> None:
    flow = Solo(tmp_path, ROUND)
    for step, slice in [("start", "s"), ("each", "s.0"), ("each", "s.1"), ("join", "s")]:
        assert flow.perform(step, slice) == DONE
    assert ran(flow, "turn", block=True).returncode == DONE
    before = flow.manifest("judge", "s.t2")["nonce"]
    assert ran(flow, "turn", block=True).returncode == DONE
    assert flow.manifest("judge", "s.t2")["nonce"] == before


HALF = """
class Half(FlowSpec):
    @step
    def start(self):
        self.n = 0
        self.next(self.turn)

    {turn}
    @step
    def turn(self):
        self.n += 1
        {fails}
        self.next(self.judge)

    @retry(times=1)
    @step
    def judge(self):
        self.over = "no" if self.n < 2 else "yes"
        self.next({{"no": self.turn, "yes": self.end}}, condition="over")

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(
    ("turn", "fails", "code"),
    [
        ("", "raise ValueError", STOP),
        ("@timeout(seconds=1)", "import time; time.sleep(60)", STOP),
        ("@retry(times=1)", "raise ValueError", FAILED),
    ],
)
def test_only_a_step_that_may_be_tried_again_has_its_block_tried_again(tmp_path: Path, turn: str, fails: str, code: int) -> None:
    flow = Solo(tmp_path, HALF.format(turn=turn, fails=fails))
    assert flow.perform("start") == DONE
    done = ran(flow, "turn", block=True)
    assert done.returncode == code, done.stdout


def test_a_task_with_a_timeout_fetches_its_code_and_keeps_its_whole_log(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = Solo(tmp_path, ROUND, store)
    assert ran(flow, "start").returncode == DONE
    monkeypatch.setenv("FLOWPORT_CACHE", str(tmp_path / "empty"))
    done = ran(flow, "each", "s.0")
    assert (done.returncode, done.stdout) == (DONE, "item 1\n")
    assert log(flow, "each", "s.0") == "item 1\n"


def test_the_log_of_a_killed_task_is_kept(tmp_path: Path, store: Store) -> None:
    flow = Solo(tmp_path, KILLED, store)
    assert ran(flow, "start").returncode == 128 + signal.SIGKILL
    assert log(flow, "start") == "last words\n"


def test_the_log_of_a_task_that_crashed_says_so(tmp_path: Path) -> None:
    flow = Solo(tmp_path, KILLED.replace("os.getpid(), 9", "os.getpid(), 11"))
    done = ran(flow, "start")
    assert done.returncode == 128 + signal.SIGSEGV
    assert log(flow, "start") == "last words\nflowport: the task ended with a segmentation fault (SIGSEGV)\n"
    assert done.stdout == log(flow, "start")


def test_the_log_of_every_try_is_kept(tmp_path: Path) -> None:
    flow = Solo(tmp_path, KILLED)
    for _ in range(2):
        ran(flow, "start")
    assert flow.store.read("flows/Killed/runs/1/steps/start/s.log/0-1") == b"last words\n"


def test_a_log_is_kept_when_nobody_listens(tmp_path: Path) -> None:
    flow = Solo(tmp_path, ROUND)
    process = subprocess.Popen(flow.command("start"), stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    progress.until(lambda: process.poll() is not None, processes=[process.pid])
    assert process.returncode == DONE
    assert log(flow, "start") == "this is start\n"


def test_a_failing_task_tells_why_on_its_log(tmp_path: Path) -> None:
    flow = Solo(tmp_path, TRIVIAL.replace("self.number += 1", "self.number / 0"))
    ran(flow, "start")
    done = ran(flow, "middle")
    assert done.returncode == FAILED
    assert "ZeroDivisionError" in log(flow, "middle")
    assert "flowport: step `middle` failed for 1 of 1 item: r" in log(flow, "middle")


FORBIDDEN = [
    "asyncio",
    "base64",
    "contextlib",
    "copy",
    "ctypes",
    "dataclasses",
    "difflib",
    "email",
    "enum",
    "fcntl",
    "hashlib",
    "http",
    "importlib.metadata",
    "importlib.util",
    "inspect",
    "io.open",
    "json",
    "logging",
    "multiprocessing",
    "obstore",
    "pathlib",
    "pickle",
    "pkgutil",
    "random",
    "re",
    "select",
    "signal",
    "socket",
    "ssl",
    "string",
    "subprocess",
    "tempfile",
    "threading",
    "traceback",
    "typing",
    "urllib",
    "uuid",
    "zipfile",
]


def loaded(code: str, *arguments: str) -> set[str]:
    """The modules that a process with this code has at its end."""
    script = f"import sys\n{code}\nsys.stdout.flush()\nprint('LOADED', *sorted(sys.modules))"
    done = progress.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("LOADED ")[2].split())


def test_a_trivial_task_loads_little(tmp_path: Path) -> None:
    flow = Solo(tmp_path, TRIVIAL)
    assert ran(flow, "start").returncode == DONE
    # As the task's own process, which another one has started.
    command = (
        "import os\nwatch, said = os.pipe(), os.pipe()\nos.environ['FLOWPORT_LIFELINE'] = f'{watch[0]} {said[1]}'\n"
        "from flowport.runtime.__main__ import main\nassert main(sys.argv[1:]) == 0"
    )
    found = loaded(command, *flow.invocation("middle").argv()) - loaded("pass")
    assert found & set(FORBIDDEN) <= {"fcntl", "select"}
    ours = {name.removeprefix("flowport.runtime.") for name in found if name.startswith("flowport.runtime.")}
    rooms = ("names", "package", "process", "records", "replay", "store", "task")
    assert ours == {
        "__main__", "protocol", "text", *rooms,
        "names.current", "names.exceptions", "names.flow",
        "package.cache", "package.class_attributes", "package.code_package", "package.definitions", "package.modules",
        "process.exit_code", "process.leave", "process.lifecycle", "process.lifeline", "process.log",
        "records.attempts", "records.manifest", "records.run_record", "records.slices", "records.validation",
        "replay.artifact_view", "replay.lineage", "replay.replay",
        "store.codec", "store.digests", "store.documents", "store.errors", "store.folder", "store.keys", "store.open", "store.packs",
        "store.row_ranges", "store.writes",
        "task.commit", "task.context", "task.entry", "task.execute",
        "task.item", "task.items", "task.manifest_document", "task.process_state", "task.route",
    }  # fmt: skip


NASTY_RUNS = ["a b", "a/b", "..", "é", "🙂", "$(id)", "{{x}}", "a\nb", "'\"\\"]


@pytest.mark.parametrize("run", NASTY_RUNS)
def test_a_run_id_that_engines_cannot_address_stops(tmp_path: Path, run: str) -> None:
    done = ran(Solo(tmp_path, TRIVIAL), "start", run=run)
    assert done.returncode == STOP
    assert "choose another" in done.stdout


def test_a_run_id_of_another_engine_run_stops(tmp_path: Path) -> None:
    flow = Solo(tmp_path, TRIVIAL)
    assert ran(flow, "start", engine="execution-1").returncode == DONE
    done = ran(flow, "start", engine="execution-2")
    assert done.returncode == STOP
    assert "run `1` of Trivial belongs to execution-1: start this one under another id" in done.stdout
    assert ran(flow, "start", engine="execution-1").returncode == DONE


def test_what_the_command_says_wrongly_stops(tmp_path: Path) -> None:
    flow = Solo(tmp_path, TRIVIAL)
    right = flow.command("start")
    wrong = {
        "protocol 99": [*right],
        "option `--width` is a number, not `many`": right,
        "option `--color` is unknown": [*right, "--color", "red"],
        "followed by pairs": right[:-1],
        "the code package has no step `nope`": flow.command("nope"),
    }
    wrong["protocol 99"][right.index("--protocol") + 1] = "99"
    wrong["option `--width` is a number, not `many`"] = [*right[: right.index("--width") + 1], "many", *right[right.index("--width") + 2 :]]
    for said, command in wrong.items():
        done = output(command)
        assert (done.returncode, said in done.stdout) == (STOP, True), (said, done.stdout)


def test_code_that_does_not_match_its_digest_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWPORT_CACHE", str(tmp_path / "empty"))
    flow = Solo(tmp_path, TRIVIAL)
    path = flow.path(code_key(flow.package.digest))
    path.write_bytes(path.read_bytes() + b"?")
    done = ran(flow, "start")
    assert done.returncode == FAILED
    assert f"`{code_key(flow.package.digest)}` does not match its digest" in done.stdout
    path.unlink()
    done = ran(flow, "start")
    assert done.returncode == FAILED
    assert code_key(flow.package.digest) in done.stdout
    assert not os.path.exists(tmp_path / "empty" / "code" / flow.package.digest)


EXITS = """
class Exits(FlowSpec):
    @step
    def start(self):
        self.turns = 0
        self.next(self.outer)

    @step
    def outer(self):
        self.turns += 1
        self.inner_turns = 0
        self.next(self.inner)

    @step
    def inner(self):
        self.inner_turns += 1
        self.way = "once more" if self.inner_turns < 2 else "out" if self.turns == 3 else "up"
        self.next({"once more": self.inner, "out": self.far, "up": self.judge}, condition="way")

    @step
    def judge(self):
        self.tired = self.turns > 9
        self.next({True: self.near, False: self.outer}, condition="tired")

    @step
    def near(self):
        self.next(self.end)

    @step
    def far(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_a_way_out_of_two_loops_at_once_is_told_to_the_engine(tmp_path: Path) -> None:
    flow = Solo(tmp_path, EXITS)
    flow.perform("start")
    assert ran(flow, "outer", block=True).returncode == DONE
    assert json.loads(flow.store.read("flows/Exits/runs/1/steps/outer/s.t0@0.rest.json")) == {"left": {"far": True, "near": False}}
    assert ran(flow, "far").returncode == DONE
    assert ran(flow, "end").returncode == DONE
    assert flow.artifacts("end")["turns"] == 3


def test_attempts_that_race_agree_on_one_manifest(tmp_path: Path) -> None:
    flow = Solo(tmp_path, TRIVIAL.replace("self.number += 1", "import os; self.number = os.getpid()"))
    for step in ("start", "middle"):
        racing = [subprocess.Popen(flow.command(step), stdout=subprocess.DEVNULL) for _ in range(6)]
        for process in racing:
            progress.finish(process)
        assert [process.returncode for process in racing] == [DONE] * 6
        assert flow.store.names(f"flows/Trivial/runs/1/steps/{step}/s@") == [f"flows/Trivial/runs/1/steps/{step}/s@0.json"]
    assert ran(flow, "end").returncode == DONE
    assert flow.artifacts("end")["number"] == flow.artifacts("middle")["number"]
