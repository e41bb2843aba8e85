"""How the process of a task ends, and what it leaves: by a fork, by the command of a container, and in a container of an engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from desk import Desk
from progress import finish, until

WAYS = pytest.mark.parametrize("way", ["fork", "command", "container"])
COMMANDS = {"fork": ("run",), "command": ("run", "--no-fork"), "container": ("dry-run", "--target", "argo")}

HEAD = """
import atexit
import multiprocessing
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

from flowport import FlowSpec, catch, environment, retry, step, timeout

HERE = pathlib.Path({folder!r})
KEPT = {{}}


def forever():
    while True:
        time.sleep(1)


def alive(process):
    try:
        with open(f"/proc/{{process}}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Work(FlowSpec):
{decorators}
    @step
    def start(self):
{body}
        self.next(self.end)

    @step
    def end(self):
{end}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def indented(text: str, width: int) -> str:
    return "\n".join(" " * width + line for line in text.strip("\n").split("\n"))


def write(desk: Desk, body: str, end: str = "pass", decorators: str = "") -> None:
    """Write `work.py`: a step with this body, and one after it."""
    lines = indented(decorators, 4) if decorators else ""
    desk.write("work.py", HEAD.format(folder=str(desk.folder), decorators=lines, body=indented(body, 8), end=indented(end, 8)))


def run(desk: Desk, way: str, status: int = 0, name: str = "one", file: str = "work.py") -> str:
    """Run a flow without what this machine may say of buffers; everything that was printed."""
    ended = desk(COMMANDS[way][0], file, "--run-id", name, *COMMANDS[way][1:], PYTHONUNBUFFERED="")
    assert ended.status == status, ended.out + ended.err
    return ended.out + ended.err


def seen(desk: Desk) -> object:
    """The artifact `seen` of the last step."""
    return json.loads(desk("artifacts", "Work", "--json").out)["end/r"]["seen"]


@WAYS
def test_exit_hooks_run_and_may_print(desk: Desk, way: str) -> None:
    body = """
for stream in (sys.stdout, sys.stderr):
    atexit.register(print, "goodbye", file=stream)
atexit.register((HERE / "hook").write_text, "ran")
"""
    write(desk, body, "self.seen = (HERE / 'hook').read_text()")
    run(desk, way)
    assert seen(desk) == "ran"
    assert desk("logs", "Work/one/start").out.count("goodbye") == 2


@WAYS
def test_threads_that_a_step_leaves_behind_come_to_their_end(desk: Desk, way: str) -> None:
    body = """
def late():
    time.sleep(0.5)
    print("uploaded")
    (HERE / "uploaded").write_text("yes")
threading.Thread(target=late).start()
"""
    write(desk, body, "self.seen = (HERE / 'uploaded').exists()")
    run(desk, way)
    assert seen(desk) is True
    assert "uploaded" in desk("logs", "Work/one/start").out


@WAYS
def test_files_and_temporary_folders_are_closed(desk: Desk, way: str) -> None:
    body = """
import gzip
KEPT["file"] = open(HERE / "text", "w")
KEPT["file"].write("all of it")
KEPT["packed"] = gzip.open(HERE / "packed.gz", "wt")
KEPT["packed"].write("this too")
KEPT["folder"] = tempfile.TemporaryDirectory()
self.folder = KEPT["folder"].name
"""
    end = "import gzip\nself.seen = [(HERE / 'text').read_text(), gzip.open(HERE / 'packed.gz', 'rt').read(), os.path.exists(self.folder)]"
    write(desk, body, end)
    run(desk, way)
    assert seen(desk) == ["all of it", "this too", False]


@WAYS
@pytest.mark.parametrize(
    "left",
    [
        'KEPT["manager"] = multiprocessing.Manager(); KEPT["manager"].dict()["a"] = 1; self.left = KEPT["manager"]._process.pid',
        'KEPT["pool"] = multiprocessing.Pool(2); self.left = KEPT["pool"]._pool[0].pid; assert KEPT["pool"].map(abs, [-1]) == [1]',
        "child = multiprocessing.Process(target=forever, daemon=True); child.start(); self.left = child.pid",
        "self.left = subprocess.Popen(['sleep', '1000']).pid",
    ],
    ids=["manager", "pool", "daemon", "subprocess"],
)
def test_processes_that_a_step_leaves_behind_are_gone_with_it(desk: Desk, way: str, left: str) -> None:
    write(desk, left, "self.seen = alive(self.left)")
    run(desk, way)
    assert seen(desk) is False


@WAYS
def test_a_step_may_wait_for_all_children_and_kill_them(desk: Desk, way: str) -> None:
    body = """
for entry in os.listdir("/proc"):
    if entry.isdigit():
        try:
            with open(f"/proc/{entry}/stat") as file:
                parent = int(file.read().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == os.getpid():
            os.kill(int(entry), signal.SIGKILL)
try:
    os.wait()
except ChildProcessError:
    print("no children")
"""
    write(desk, body)
    run(desk, way)
    assert "no children" in desk("logs", "Work/one/start").out


@WAYS
@pytest.mark.parametrize("end", ["sys.stdout = None", "sys.stdout.close()", "sys.stdout = sys.stderr = None", "os.close(1)"])
def test_a_step_may_do_without_its_output(desk: Desk, way: str, end: str) -> None:
    write(desk, end, "self.seen = 1")
    run(desk, way)
    assert seen(desk) == 1


@WAYS
def test_what_a_forked_child_does_after_the_step_is_not_stored(desk: Desk, way: str) -> None:
    body = """
self.who = "parent"
if os.fork() == 0:
    self.who = "child"
    {end}
else:
    os.wait()
"""
    for number, end in enumerate(("return self.next(self.end)", "sys.exit(0)", "raise ValueError('in the child')")):
        write(desk, body.format(end=end), "self.seen = self.who")
        run(desk, way, name=str(number))
        assert seen(desk) == "parent"
        manifests = [path for path in (desk.folder / ".flowport" / "Work").glob("*/start/*@*.json") if "route" not in path.name]
        assert len({path.parent for path in manifests}) == len(manifests)


@WAYS
@pytest.mark.parametrize(
    ("printed", "kept"), [("'a whole line'", "a whole line\n"), ("'half a line', end=''", "half a line\n"), ("end=''", "")]
)
def test_a_log_ends_with_the_segmentation_fault_that_ended_its_task(desk: Desk, way: str, printed: str, kept: str) -> None:
    write(desk, f"print({printed})\nos.kill(os.getpid(), signal.SIGSEGV)")
    run(desk, way, status=1)
    log = desk("logs", "Work/one/start").out
    assert log.endswith(f"{kept}flowport: the task ended with a segmentation fault (SIGSEGV)\n")


@WAYS
@pytest.mark.parametrize("killed", ["os.kill(os.getpid(), signal.SIGKILL)", "os.abort()", "os._exit(3)"])
def test_what_was_printed_before_a_crash_is_kept(desk: Desk, way: str, killed: str) -> None:
    write(desk, f"print('a whole line')\nprint('half a line', end='')\nsys.stderr.write('an error')\n{killed}")
    run(desk, way, status=1)
    log = desk("logs", "Work/one/start").out
    assert "a whole line\nhalf a line" in log
    assert "an error" in log


@WAYS
def test_a_timeout_is_raised_in_the_step(desk: Desk, way: str) -> None:
    body = """
self.before = 1
(HERE / "lock").write_text("")
try:
    KEPT["child"] = subprocess.Popen(["sleep", "1000"])
    self.child = KEPT["child"].pid
    time.sleep(1000)
except TimeoutError as error:
    print("in the step:", type(error).__name__)
    raise
finally:
    (HERE / "lock").unlink()
"""
    end = "self.seen = [self.before, (HERE / 'lock').exists(), alive(self.child), self.failed.type.split('.')[-1]]"
    write(desk, body, end, "@timeout(seconds=1)\n@catch(var='failed')")
    run(desk, way)
    assert seen(desk) == [1, False, False, "TimeoutException"]
    log = desk("logs", "Work/one/start").out
    assert "in the step: TimeoutException" in log
    assert "process.py" not in log


@WAYS
def test_what_a_step_stores_after_its_time_is_not_on_its_clock(desk: Desk, way: str) -> None:
    body = """
class Slow:
    def __reduce__(self):
        time.sleep(2)
        return (int, (7,))
self.slow = Slow()
"""
    write(desk, body, "self.seen = self.slow", "@timeout(seconds=1)")
    run(desk, way)
    assert seen(desk) == 7


@WAYS
def test_a_pool_in_a_step_that_runs_out_of_time(desk: Desk, way: str) -> None:
    body = """
with multiprocessing.Pool(2) as pool:
    self.children = [child.pid for child in pool._pool]
    pool.map(time.sleep, [300, 300])
"""
    write(desk, body, "self.seen = [alive(child) for child in self.children]", "@timeout(seconds=1)\n@catch(var='failed')")
    run(desk, way)
    assert seen(desk) == [False, False]


@WAYS
def test_the_variables_of_a_step_are_there_before_its_module_is_imported(desk: Desk, way: str) -> None:
    body = "self.saw = [BACKEND, os.environ['MY_BACKEND'], time.tzname[0]]"
    write(desk, body, "self.seen = [*self.saw, BACKEND]", '@environment(vars={"MY_BACKEND": "fast", "TZ": "Asia/Tokyo"})')
    desk.write(
        "work.py", (desk.folder / "work.py").read_text().replace("KEPT = {}", "KEPT = {}\nBACKEND = os.environ.get('MY_BACKEND', 'none')")
    )
    run(desk, way)
    assert seen(desk) == ["fast", "fast", "JST", "none"]


def asked_to_end(desk: Desk, command: list[str], number: int, environment: dict[str, str] | None = None) -> int:
    """Start a command, send it a signal when the step has begun, and return its exit code."""
    process = subprocess.Popen(command, cwd=desk.folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: (desk.folder / "begun").exists() or process.poll() is not None, processes=[process.pid])
    process.send_signal(number)
    finish(process)
    return process.returncode


CLEANED = """
(HERE / "begun").write_text("")
self.before = 1
try:
    time.sleep(1000)
finally:
    (HERE / "begun").unlink()
"""


@pytest.mark.parametrize("decorators", ["", "@timeout(seconds=500)"], ids=["alone", "supervised"])
@pytest.mark.parametrize("how", [(), ("--no-fork",)], ids=["fork", "command"])
def test_an_interrupt_is_raised_in_the_step(desk: Desk, how: tuple[str, ...], decorators: str) -> None:
    write(desk, CLEANED, decorators=decorators)
    code = asked_to_end(desk, [sys.executable, "-m", "flowport", "run", "work.py", *how], signal.SIGINT)
    assert code == 130
    assert not (desk.folder / "begun").exists()


@pytest.mark.parametrize("decorators", ["", "@timeout(seconds=500)"], ids=["alone", "supervised"])
def test_a_container_that_is_stopped_lets_the_step_clean_up(tmp_path: Path, decorators: str) -> None:
    from solo import Solo

    desk = Desk(tmp_path)
    write(desk, CLEANED, decorators=decorators)
    solo = Solo(tmp_path / "solo", (desk.folder / "work.py").read_text())
    code = asked_to_end(desk, solo.command("start"), signal.SIGTERM, dict(os.environ))
    assert code == 143
    assert not (desk.folder / "begun").exists()
    assert solo.store.names("flows/Work/runs/1/steps/start/s.log/") == ["flows/Work/runs/1/steps/start/s.log/0-0"]
    tries = solo.store.names("flows/Work/runs/1/steps/start/s.attempt/")
    assert [json.loads(solo.store.read(key))["errors"]["0"]["type"] for key in tries] == ["Ended"]


@pytest.mark.parametrize("decorators", ["", "@timeout(seconds=500)"], ids=["alone", "supervised"])
def test_nothing_of_a_task_outlives_the_process_that_started_it(tmp_path: Path, decorators: str) -> None:
    from solo import Solo

    desk = Desk(tmp_path)
    body = "child = subprocess.Popen(['sleep', '1000'])\n(HERE / 'begun').write_text(f'{os.getpid()} {child.pid}')\ntime.sleep(1000)"
    write(desk, body, decorators=decorators)
    solo = Solo(tmp_path / "solo", (desk.folder / "work.py").read_text())
    code = asked_to_end(desk, solo.command("start"), signal.SIGKILL, dict(os.environ))
    assert code == -signal.SIGKILL
    processes = (desk.folder / "begun").read_text().split()
    until(lambda: all(gone(process) for process in processes))


def gone(process: str) -> bool:
    """Whether a process has ended, though nobody may have waited for it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_task_ends_also_where_nobody_wants_to_hear_of_the_end_of_children(tmp_path: Path) -> None:
    from solo import Solo

    desk = Desk(tmp_path)
    write(desk, "print('begun')")
    solo = Solo(tmp_path / "solo", (desk.folder / "work.py").read_text())
    for command in (solo.command("start"), [sys.executable, "-m", "flowport", "run", "work.py"]):
        process = subprocess.Popen(command, cwd=desk.folder, preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        finish(process)
        assert process.returncode == 0


CHILDREN = """
import multiprocessing

from metaflow import FlowSpec, step


def square(number):
    return number * number


class Work(FlowSpec):
    @step
    def start(self):
        with multiprocessing.get_context("{method}").Pool(1) as pool:
            self.seen = pool.map(square, range(3))
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@WAYS
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_processes_that_a_step_starts_find_the_flow_and_metaflow(desk: Desk, way: str, method: str) -> None:
    desk.write("work.py", CHILDREN.replace("{method}", method))
    run(desk, way)
    assert seen(desk) == [0, 1, 4]


CARDS = """
import multiprocessing

import metaflow.cards
from metaflow import FlowSpec, Run, S3 as Store, card, cards, current, step
from metaflow.cards import get_cards, Image, Markdown, MetaflowCardComponent, Table
from metaflow.plugins.aws.batch import Batch

try:
    from metaflow import titus
except ImportError:
    MISSING = True


class Badge(MetaflowCardComponent):
    def __init__(self, text):
        self.text = text


def square(number):
    return number * number


class Work(FlowSpec):
    @card(type="blank", id="one")
    @step
    def start(self):
        bar = metaflow.cards.ProgressBar(max=2)
        current.card.append(Markdown("# Done"))
        current.card["one"].extend([Table([[Badge("a")]]), Image.from_matplotlib(None), cards.VegaChart({}), bar])
        bar.update(1)
        metaflow.__version__.split(".")
        current.card.refresh()
        self.bar = bar
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            self.seen = [MISSING, Badge("a").text, pool.map(square, range(3))]
        self.next(self.end)

    @step
    def end(self):
        self.bar.update(2)
"""


@WAYS
def test_cards_are_taken_and_imports_that_nothing_uses_are_answered(desk: Desk, way: str) -> None:
    desk.write("work.py", CARDS)
    run(desk, way)
    assert seen(desk) == [True, "a", [0, 1, 4]]


READS = """
from flowport import FlowSpec, step, timeout


class Work(FlowSpec):
    {decorators}
    @step
    def start(self):
        self.seen = [open("sql/one.sql").read(), open("data.csv").read()]
        with open("sql/one.sql", "a"), open("made.txt", "x"):
            pass
        self.next(self.end)

    @step
    def end(self):
        import os

        self.seen = [*self.seen, os.path.exists("made.txt")]
"""


@WAYS
@pytest.mark.parametrize("decorators", ["", "@timeout(seconds=60)"])
def test_files_that_travel_with_the_flow_are_where_they_are_beside_it(desk: Desk, way: str, decorators: str) -> None:
    desk.write("flowport.toml", 'include = ["sql/*.sql", "data.csv"]\n')
    desk.write("sql/one.sql", "select 1")
    desk.write("data.csv", "a,b")
    desk.write("work.py", READS.replace("{decorators}", decorators))
    run(desk, way)
    assert seen(desk) == ["select 1", "a,b", way != "container"]


BESIDE = """
import os

import parts
from flowport import FlowSpec, step


class Work(FlowSpec):
    @step
    def start(self):
        self.seen = os.getcwd()
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@WAYS
def test_a_local_run_begins_where_the_user_is_also_with_modules_from_beside_the_flow(desk: Desk, way: str) -> None:
    desk.write("flows/flowport.toml", 'roots = ["../lib"]\ninclude = ["sql/*.sql"]\n')
    desk.write("flows/sql/one.sql", "select 1")
    desk.write("lib/parts.py", "")
    desk.write("flows/work.py", BESIDE)
    run(desk, way, file="flows/work.py")
    assert (seen(desk) == "DESK") == (way != "container")  # what stands for the folder of the desk


SENT = """
import subprocess
import sys
{first}
from flowport import FlowSpec, step

FACTOR = 2


class Scale:
    def __init__(self, by):
        self.by = by

    def of(self, number):
        return self.by * number


def scaled(number):
    return Scale(FACTOR).of(number)


def elsewhere(data):
    code = "import pickle, sys; print(pickle.load(sys.stdin.buffer)(21))"
    return int(subprocess.run([sys.executable, "-c", code], input=data, stdout=subprocess.PIPE, cwd="/", check=True).stdout)


class Work(FlowSpec):
    @step
    def start(self):
        import cloudpickle

        self.seen = [elsewhere(cloudpickle.dumps(sent)) for sent in (scaled, Scale(3).of)]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@WAYS
@pytest.mark.parametrize("first", ["", "import cloudpickle"])
def test_functions_and_classes_of_the_flow_can_be_sent_to_a_machine_without_it(desk: Desk, way: str, first: str) -> None:
    desk.write("work.py", SENT.replace("{first}", first))
    run(desk, way)
    assert seen(desk) == [42, 63]


NAMED = """
from dataclasses import dataclass

from flowport import FlowSpec, step
{first}


@dataclass
class Point:
    x: int


class Work(FlowSpec):
    @step
    def start(self):
        self.point = Point({value})
        self.next(self.end)

    @step
    def end(self):
        self.seen = self.point.x
"""


@WAYS
@pytest.mark.parametrize(
    ("name", "first", "value"),
    [("train.v2.py", "", "3"), ("forecast.py", "from forecast.parts import answer", "answer()")],
    ids=["dots", "a package of the same name"],
)
def test_a_class_of_the_flow_is_found_whatever_its_file_is_called(desk: Desk, way: str, name: str, first: str, value: str) -> None:
    desk.write(name, NAMED.replace("{first}", first).replace("{value}", value))
    desk.write("forecast/__init__.py", "")
    desk.write("forecast/parts.py", "def answer():\n    return 3\n")
    run(desk, way, file=name)
    assert seen(desk) == 3
    assert "Point(x=3)" in desk("artifacts", "Work").out
