"""`flowport dry-run`: the emitted files on the emulator, seen by whoever types the command."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from choice import sample
from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store
from progress import finish, until

FLOW = """
import time

from flowport import FlowSpec, Parameter, current, step

TRACE = {trace!r}


def trace(name):
    with open(TRACE, "a") as file:
        file.write(name + " ")


class Trip(FlowSpec):
    far = Parameter("far", default=2)

    @step
    def start(self):
        trace("start")
        {start}
        self.legs = list(range(self.far))
        self.next(self.leg, foreach="legs")

    @step
    def leg(self):
        trace("leg")
        self.length = 10 * self.input
        self.next(self.arrive)

    @step
    def arrive(self, inputs):
        trace("arrive")
        self.total = sum(each.length for each in inputs)
        current.log_metric("kilometres", self.total + 0.5)
        self.next(self.rest)

    @step
    def rest(self):
        trace("rest")
        self.hours = {hours}
        self.next(self.end)

    @step
    def end(self):
        trace("end")
"""


TARGETS = ("sfn", "airflow", "argo")


class Trip:
    """A flow in a folder of its own, and the command on it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.trace = folder, folder / "trace"
        self.write("self.total / 0")

    def write(self, hours: str, start: str = "pass") -> None:
        (self.folder / "trip.py").write_text(FLOW.format(trace=str(self.trace), hours=hours, start=start))

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "flowport", *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        self.trace.write_text("")
        return subprocess.run(self.command(*words), cwd=self.folder, capture_output=True, text=True)

    @property
    def ran(self) -> list[str]:
        return self.trace.read_text().split() if self.trace.exists() else []


@pytest.fixture
def trip(tmp_path: Path) -> Trip:
    return Trip(tmp_path)


@pytest.mark.parametrize("target", TARGETS)
def test_a_run_that_failed_is_mended_and_only_the_mended_step_and_those_after_it_run(trip: Trip, target: str) -> None:
    failed = trip.run("dry-run", "trip.py", "--target", target, "--run-id", "first", "--far", "3")
    assert failed.returncode == 1
    assert trip.ran == ["start", "leg", "leg", "leg", "arrive", "rest"]
    assert "rest failed with exit status 1" in failed.stderr
    assert 'File "trip.py", line' in failed.stderr
    assert "ZeroDivisionError: division by zero" in failed.stderr
    assert "--origin-run first" in failed.stderr

    trip.write("self.total / 5")
    mended = trip.run("dry-run", "trip.py", "--target", target, "--run-id", "second", "--origin-run", "first")
    assert mended.returncode == 0, mended.stderr
    assert trip.ran == ["rest", "end"]
    assert ["hours", "6.0"] in [line.split() for line in trip.run("artifacts", "Trip/second/end").stdout.splitlines()]


@pytest.mark.parametrize(("target", "limit"), [("stepfunctions", "TimeoutSeconds"), ("argo", "activeDeadlineSeconds")])
def test_a_run_that_takes_longer_than_its_timeout_fails(trip: Trip, target: str, limit: str) -> None:
    trip.write("self.total", start="time.sleep(1000)")
    (trip.folder / "flowport.toml").write_text(f"[{target}]\nrun_timeout = 2\n")
    ended = trip.run("dry-run", "trip.py", "--target", target, "--run-id", "slow")
    assert ended.returncode == 1
    assert f"run slow failed: the {'run' if target == 'stepfunctions' else 'workflow'} " in ended.stderr
    assert limit in ended.stderr
    assert "leg" not in trip.ran


@pytest.mark.parametrize("target", TARGETS)
def test_a_dry_run_does_not_warn_of_settings_that_nobody_wrote(trip: Trip, target: str) -> None:
    trip.write("self.total")
    file = trip.folder / "trip.py"
    flow = file.read_text().replace("current, step", "current, resources, step")
    file.write_text(flow.replace("    @step\n    def rest", "    @resources(cpu=2, memory=3000)\n    @step\n    def rest"))
    ended = trip.run("dry-run", "trip.py", "--target", target)
    assert ended.returncode == 0, ended.stderr
    assert "warning" not in ended.stderr


def test_a_dry_run_on_airflow_has_no_timeout(trip: Trip) -> None:
    trip.write("self.total", start="time.sleep(2)")
    (trip.folder / "flowport.toml").write_text("[airflow]\nrun_timeout = 1\nmax_active_runs = 1\nstartup_timeout = 1\n")
    ended = trip.run("dry-run", "trip.py", "--target", "airflow", "--run-id", "slow")
    assert ended.returncode == 0, ended.stderr


def test_what_the_run_before_the_last_one_did_is_not_done_again(trip: Trip) -> None:
    assert trip.run("dry-run", "trip.py", "--target", "sfn", "--run-id", "first").returncode == 1
    trip.write("self.total", start="raise RuntimeError")
    assert trip.run("dry-run", "trip.py", "--target", "sfn", "--run-id", "second", "--origin-run", "first").returncode == 1
    assert trip.ran == ["start"]
    trip.write("self.total")
    assert trip.run("dry-run", "trip.py", "--target", "sfn", "--run-id", "third", "--origin-run", "second").returncode == 0
    assert trip.ran == ["rest", "end"]


@pytest.mark.parametrize("target", TARGETS)
def test_what_a_dry_run_left_looks_like_any_other_run(trip: Trip, target: str) -> None:
    trip.write("self.total", start="print('under way')")
    done = trip.run("dry-run", "trip.py", "--target", target, "--run-id", "one", "--tag", "try", "--logs")
    assert (done.returncode, done.stdout) == (0, "start | under way\n")
    shown = trip.run("runs").stdout
    assert "one" in shown
    assert "done" in shown
    assert "try" in shown
    [row] = csv.DictReader(trip.run("runs", "Trip", "--columns", "run,status,total,kilometres", "--csv").stdout.splitlines())
    assert (row["run"], row["status"]) == ("one", "done")
    assert (row["total"], row["kilometres"]) == ("10", "10.5")
    local = trip.run("run", "trip.py", "--run-id", "one", "--quiet")
    assert local.returncode == 2, "two runs with the same id must not mix"
    assert trip.run("dry-run", "trip.py", "--target", target, "--run-id", "one").returncode == 2


@sample(lambda target, number: {target, number})
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("target", TARGETS)
def test_an_interrupted_dry_run_leaves_no_process_behind(trip: Trip, target: str, number: int) -> None:
    trip.write("time.sleep(1000)")
    run = subprocess.Popen(
        trip.command("dry-run", "trip.py", "--target", target, "--run-id", "cut"),
        cwd=trip.folder,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # whoever has started the tests may have it ignored
    )
    until(lambda: run.poll() is not None or "rest" in trip.ran, "the last but one step", seen=lambda: trip.ran, processes=[run.pid])
    children = descendants(run.pid)
    assert len(children) > 1
    run.send_signal(number)
    _, said = finish(run)
    assert run.returncode == 130
    assert "run cut was stopped" in said
    until(lambda: not any(map(alive, children)), "all processes to end", seen=lambda: [*filter(alive, children)])


def test_argos_form_takes_no_tags_with_commas(trip: Trip) -> None:
    trip.write("self.total")
    for tag in ("a,b", " a"):
        refused = trip.run("dry-run", "trip.py", "--target", "argo", "--tag", tag)
        assert refused.returncode == 2
        assert "choose tags without a comma and without blanks around them" in refused.stderr


def test_without_airflow_a_dry_run_says_how_to_install_it(trip: Trip) -> None:
    without = "import sys; sys.modules['airflow'] = None; from flowport.cli import main; main()"
    command = [sys.executable, "-c", without, "dry-run", "trip.py", "--target", "airflow"]
    done = subprocess.run(command, cwd=trip.folder, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "a dry run needs Airflow: pip install 'flowport[airflow]'\n")
    assert not (trip.folder / ".flowport").exists()


UNFIT = """
from flowport import FlowSpec, Parameter, step


class Unfit(FlowSpec):
    share = Parameter("share", default=lambda context: 1 / 0)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("target", TARGETS)
def test_a_run_that_never_began_says_why_and_is_nothing_to_go_on_from(trip: Trip, target: str) -> None:
    (trip.folder / "unfit.py").write_text(UNFIT)
    failed = trip.run("dry-run", "unfit.py", "--target", target)
    assert failed.returncode == 1
    assert "ZeroDivisionError: division by zero" in failed.stderr
    assert "--origin-run" not in failed.stderr


def test_a_dry_run_leaves_an_airflow_that_is_in_use_alone(trip: Trip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://nobody@127.0.0.1:9/airflow")
    trip.write("self.total")
    (trip.folder / "flowport.toml").write_text(f'[airflow]\ncompute = "local"\nstore = "{tmp_path}/deployed"\n')
    done = trip.run("dry-run", "trip.py", "--target", "airflow")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "home").exists()
    assert not (tmp_path / "deployed").exists(), "that is where deployed flows keep their runs"
    assert (trip.folder / ".flowport").exists()


APART = """
import os

import numpy

from flowport import FlowSpec, environment, step

NOTES = os.environ.get("NOTE", "none")
numpy.random.random()


class Apart(FlowSpec):
    @step
    def start(self):
        self.numbers = [1, 2, 3]
        self.next(self.draw, foreach="numbers")

    @step
    def draw(self):
        self.drawn = numpy.random.random()
        self.here = sorted(os.listdir())
        self.kept = sorted(name for name in os.environ if name.startswith("SECRET"))
        numpy.changed = True
        self.next(self.join)

    @step
    def join(self, inputs):
        self.different = len({each.drawn for each in inputs})
        self.here = [each.here for each in inputs]
        self.kept = [each.kept for each in inputs]
        self.clean = not hasattr(numpy, "changed")
        self.next(self.noted)

    @environment(vars={"NOTE": "mine"})
    @step
    def noted(self):
        self.notes = NOTES
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_jobs_share_imported_libraries_and_nothing_else(trip: Trip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "of the user's shell")
    (trip.folder / "apart.py").write_text(APART)
    done = trip.run("dry-run", "apart.py", "--target", "sfn", "--run-id", "one")
    assert done.returncode == 0, done.stderr
    run = find(open_store(str(trip.folder / ".flowport")), "Apart", "one")
    joined = run.artifacts("join")
    assert joined["different"] == 3
    assert joined["here"] == [[], [], []]
    assert joined["kept"] == [[], [], []]
    assert joined["clean"] is True
    assert run.artifacts("end")["notes"] == "mine"


def descendants(pid: int) -> list[int]:
    """The processes below one."""
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], check=True, capture_output=True, text=True).stdout
    below: dict[int, list[int]] = {}
    for line in listed.splitlines():
        child, parent = map(int, line.split())
        below.setdefault(parent, []).append(child)
    found, waiting = [], [pid]
    while waiting:
        children = below.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
