"""The local runner when things go wrong: steps that fail, end themselves or are killed, and runs that are stopped or killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from choice import sample
from desk import FLOWPORT, Desk, Ended
from progress import finish, gone, until

HEAD = "import os\nimport sys\nimport time\n\nfrom flowport import FlowSpec, retry, step\n\n\nclass Work(FlowSpec):\n"
START = """
    @step
    def start(self):
        self.numbers = list(range({n}))
        self.next(self.work, foreach="numbers")

"""
REST = """        self.done = self.input
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.found = [each.done for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""

FORK = pytest.mark.parametrize("how", [(), ("--no-fork",)], ids=["fork", "no-fork"])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def flow(desk: Desk, body: str, n: int = 4, decorator: str = "", head: str = HEAD) -> None:
    """Write `work.py`: a foreach over `n` numbers whose step begins with `body`."""
    lines = [f"    {decorator}" if decorator else "", "    @step", "    def work(self):", *(f"        {line}" for line in body.split("\n"))]
    desk.write("work.py", head + START.format(n=n) + "\n".join(filter(None, lines)) + "\n" + REST)


@FORK
def test_a_failing_item_lets_the_running_ones_finish_and_starts_no_more(desk: Desk, how: tuple[str, ...]) -> None:
    flow(desk, "time.sleep(0.1 if self.input == 0 else 1)\nassert self.input\nprint('finished', self.input)", n=6)
    ended = desk("run", "work.py", "--max-workers", "2", *how)
    assert ended.status == 1
    assert ended.out.splitlines()[-1] == "work/r.1 | finished 1"
    assert "finished 2" not in ended.out
    assert "assert self.input" in ended.err


@FORK
def test_a_failing_step_is_tried_as_often_as_it_says(desk: Desk, how: tuple[str, ...]) -> None:
    flow(
        desk,
        "from flowport import current\nprint('this is try', current.retry_count)\nassert current.retry_count == 2",
        n=1,
        decorator="@retry(times=2)",
    )
    ended = desk("run", "work.py", *how)
    assert ended.status == 0
    assert [line for line in ended.out.splitlines() if "this is try" in line and "print" not in line] == [
        f"work/r.0 | this is try {number}" for number in range(3)
    ]
    assert desk("logs", "Work", "--all").out.count("=== work/r.0, SECONDS, attempt") == 3


@FORK
def test_a_step_that_ends_its_process_has_stored_nothing(desk: Desk, how: tuple[str, ...]) -> None:
    flow(desk, "os._exit(0)", n=1)
    ended = desk("run", "work.py", *how)
    assert ended.status == 1
    assert "work/r.0 ended its process itself and stored nothing" in ended.err


@FORK
def test_a_step_that_is_killed_is_said_to_be(desk: Desk, how: tuple[str, ...]) -> None:
    flow(desk, "print('last words', flush=True)\nos.kill(os.getpid(), 9)", n=1)
    ended = desk("run", "work.py", *how)
    assert ended.status == 1
    assert "work/r.0 was killed by SIGKILL" in ended.err
    assert "last words" in ended.err


def test_lines_of_a_long_step_are_shown_while_it_runs(desk: Desk) -> None:
    flow(desk, "print('begun')\nwhile not os.path.exists('go'):\n    time.sleep(0.05)", n=1)
    process = desk.start("run", "work.py")
    assert process.stdout is not None
    assert process.stdout.readline() == "work/r.0 | begun\n"
    desk.write("go", "")
    assert finish(process)[0] == ""
    assert process.returncode == 0


def on_a_terminal(desk: Desk, *words: str) -> str:
    """What a command shows on a terminal that has both its streams."""
    ours, theirs = os.openpty()
    process = subprocess.Popen([FLOWPORT, *words], cwd=desk.folder, env=desk.environment(), stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while data := os.read(ours, 1 << 16):
            shown += data
    except OSError:  # what Linux answers when nobody has the other end any more
        pass
    os.close(ours)
    finish(process)
    return shown.decode()


@pytest.mark.parametrize("body", ["raise ValueError('no such thing')", "print('last words', flush=True)\nos.abort()"])
def test_a_terminal_shows_what_a_step_printed_once(desk: Desk, body: str) -> None:
    flow(desk, body, n=1)
    words = "no such thing" if "raise" in body else "last words"
    shown = on_a_terminal(desk, "run", "work.py")
    assert shown.count("Traceback") == ("raise" in body)
    assert shown.count(words) == (3 if "raise" in body else 1)  # the line that raises, what it says, and the reason in the end
    assert ("work/r.0 failed: ValueError: no such thing" in shown) == ("raise" in body)
    quiet = on_a_terminal(desk, "run", "work.py", "--quiet")
    assert words in quiet


def test_output_that_is_not_text_or_has_no_newline_is_shown(desk: Desk) -> None:
    flow(desk, "os.write(1, b'\\xff\\xfe\\n50%\\r100%\\nno newline')", n=1)
    assert desk("run", "work.py").out == "work/r.0 | \ufffd\ufffd\nwork/r.0 | 100%\nwork/r.0 | no newline\n"


def test_a_big_foreach_does_not_flood_the_terminal(desk: Desk) -> None:
    flow(desk, "print('one line')", n=150)
    ended = desk("run", "work.py", "--max-workers", "4")
    assert ended.out.count("one line") == 100
    assert "50 more tasks of `work` printed something: flowport logs Work/RUN/work" in ended.err


def test_what_a_flow_prints_while_it_is_imported_is_shown(desk: Desk) -> None:
    flow(desk, "pass", head="print('imported')\n" + HEAD)
    assert "imported" in desk("run", "work.py").err


def test_a_flow_that_ends_the_process_while_it_is_imported(desk: Desk) -> None:
    flow(desk, "pass", head="import os\nos._exit(3)\n" + HEAD)
    ended = desk("run", "work.py")
    assert ended.status == 1
    assert "its process ended while it was imported" in ended.err


DEAR = pytest.mark.parametrize("takes", [0, 0.1], ids=["quick", "dear"])
"""How long the import of a flow takes at least: on a busy machine the quick one takes long as well."""


def says_that_each_imports(ended: Ended) -> bool:
    return ended.err.count("each task imports the flow anew, which takes SECONDS: what it imports has started threads") == 1


@DEAR
def test_threads_that_a_module_starts_run_in_every_task(desk: Desk, takes: float) -> None:
    head = f"import threading, time\ntime.sleep({takes})\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n" + HEAD
    flow(desk, "print([thread.is_alive() for thread in threading.enumerate()], len(os.listdir('/proc/self/task')))", n=3, head=head)
    ended = desk("run", "work.py")
    assert sorted(ended.out.splitlines()) == [f"work/r.{number} | [True, True] 2" for number in range(3)]
    assert says_that_each_imports(ended) or not takes


NATIVE = """import ctypes, time
time.sleep({takes})
started, libc = ctypes.c_ulong(), ctypes.CDLL(None)
assert libc.pthread_create(ctypes.byref(started), None, ctypes.cast(libc.pause, ctypes.c_void_p), None) == 0
"""


@DEAR
@pytest.mark.parametrize("limit", ["", "@timeout(seconds=60)"])
def test_threads_that_python_does_not_know_run_in_every_task(desk: Desk, takes: float, limit: str) -> None:
    body = "import threading\nprint(threading.active_count(), len(os.listdir('/proc/self/task')))"
    flow(desk, body, n=3, decorator=limit, head=NATIVE.format(takes=takes) + HEAD.replace("retry", "timeout"))
    ended = desk("run", "work.py")
    assert sorted(ended.out.splitlines()) == [f"work/r.{number} | 1 2" for number in range(3)]
    assert says_that_each_imports(ended) or not takes


@DEAR
@pytest.mark.parametrize(
    "made",
    ["random.Random().random()", "random.random()", "uuid.uuid4()", "os.getpid()", "np().default_rng().random()", "np().rand()"],
)
def test_what_a_module_makes_for_one_process_differs_in_every_task(desk: Desk, made: str, takes: float) -> None:
    made = made.replace("np()", "__import__('numpy').random")
    flow(desk, "print(MADE)", n=4, head=f"import random, os, time, uuid\ntime.sleep({takes})\nMADE = {made}\n" + HEAD)
    lines = [line.partition(" | ")[2] for line in desk("run", "work.py").out.splitlines()]
    assert (len(lines), len(set(lines))) == (4, 4)


NOTED = "import os, time\nfile = os.open('imports', os.O_CREAT | os.O_WRONLY | os.O_APPEND)\n"
NOTED += "os.write(file, b'.')\nos.close(file)\ntime.sleep(0.1)\n"


@pytest.mark.parametrize(
    ("made", "times", "said"),
    [
        ("", 1, ""),
        ("MADE = open(__file__)\n", 8, "as they make files or connections that are open"),
        ("MADE = os.getpid()\n", 8, "as they make a process id (work.py, line 6)"),
        ("import datetime\nMADE = str(datetime.datetime.now())\n", 8, "as they make a time (work.py, line 7)"),
        ("import datetime\nmade = lambda: datetime.datetime.now()\ndef then(at=time.gmtime(0)): return datetime.date.today()\n", 1, ""),
        ("MADE = time.strftime('%H')\n", 8, "as they make a time (work.py, line 6)"),
    ],
    ids=["nothing", "file", "process id", "date", "date later", "hour"],
)
def test_an_import_that_takes_long_is_shared_where_that_changes_nothing(desk: Desk, made: str, times: int, said: str) -> None:
    flow(desk, "pass", n=4, head=NOTED + made + HEAD)
    assert said in desk("run", "work.py").err
    assert len((desk.folder / "imports").read_text()) == times


ODD_MODULE = """import sys, time, types
time.sleep(0.1)


class Lazy(types.ModuleType):
    def __getattr__(self, name):
        raise ImportError(name)


class NoModule:
    def __getattr__(self, name):
        raise ImportError(name)


sys.modules["lazy"], sys.modules["no_module"] = Lazy("lazy"), NoModule()
del sys.modules["lazy"].__loader__
"""


def test_odd_objects_among_the_modules_are_left_alone(desk: Desk) -> None:
    flow(desk, "assert self.input", n=2, head=ODD_MODULE + HEAD)
    ended = desk("run", "work.py")
    assert (ended.status, "assert self.input" in ended.err, "ImportError" in ended.err) == (1, True, False)
    flow(desk, "print('fine')", n=2, head=ODD_MODULE + HEAD)
    assert desk("run", "work.py").status == 0


def test_children_do_not_share_random_numbers(desk: Desk) -> None:
    flow(desk, "print(random.random(), numpy.random.rand())", n=3, head="import random\n\nimport numpy\n" + HEAD)
    lines = [line.partition(" | ")[2].split() for line in desk("run", "work.py").out.splitlines()]
    assert len({first for first, _ in lines}) == len({second for _, second in lines}) == 3


def test_a_seed_of_the_flows_own_holds_in_every_child(desk: Desk) -> None:
    flow(desk, "print(numpy.random.rand())", n=3, head="import numpy\nnumpy.random.seed(7)\n" + HEAD)
    lines = [line.partition(" | ")[2] for line in desk("run", "work.py").out.splitlines()]
    assert len(lines) == 3
    assert len(set(lines)) == 1


@FORK
def test_an_interrupt_ends_everything_and_says_how_to_go_on(desk: Desk, how: tuple[str, ...]) -> None:
    flow(desk, "print(os.getpid())\nif self.input:\n    os.execvp('sleep', ['sleep', '1000'])", n=3)
    process = desk.start("run", "work.py", "--max-workers", "3", *how)
    assert process.stdout is not None
    tasks = [int(process.stdout.readline().split()[-1]) for _ in range(3)]
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = finish(process)
    assert process.returncode == 130
    assert "was stopped; resume it: flowport resume Work/" in err
    assert "Traceback" not in out + err
    until(lambda: all(gone(task) for task in tasks))


def test_an_interrupt_while_the_flow_is_imported_ends_the_import(desk: Desk) -> None:
    flow(desk, "pass", head="import os, time\nopen('here', 'w').close()\ntime.sleep(1000)\n" + HEAD)
    process = desk.start("run", "work.py")
    until((desk.folder / "here").exists)
    process.send_signal(signal.SIGINT)
    assert finish(process) == ("", "stopped\n")
    assert process.returncode == 130


def test_a_run_that_shall_not_hear_of_hangups_does_not(desk: Desk) -> None:
    flow(desk, "print('begun')\nwhile not os.path.exists('go'):\n    time.sleep(0.05)", n=1)
    process = desk.start("run", "work.py", before="nohup")
    assert process.stdout is not None
    assert process.stdout.readline() == "work/r.0 | begun\n"
    process.send_signal(signal.SIGHUP)
    desk.write("go", "")
    finish(process)
    assert process.returncode == 0


def test_a_second_interrupt_does_not_ask(desk: Desk) -> None:
    flow(desk, "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint(os.getpid())\ntime.sleep(1000)", n=1)
    process = desk.start("run", "work.py")
    assert process.stdout is not None
    task = int(process.stdout.readline().split()[-1])
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
    finish(process)
    assert process.returncode == 130
    until(lambda: gone(task))


@FORK
def test_a_killed_run_leaves_nothing_running_and_can_be_resumed(desk: Desk, how: tuple[str, ...]) -> None:
    flow(desk, "print(os.getpid())\nif self.input >= 2 and not os.path.exists('go'):\n    time.sleep(1000)", n=4)
    process = desk.start("run", "work.py", "--max-workers", "4", *how)
    assert process.stdout is not None
    tasks = [int(process.stdout.readline().split()[-1]) for _ in range(4)]
    store = desk.folder / ".flowport/flows/Work/runs"
    until(lambda: all(list(store.glob(f"*/steps/work/s.{number}@0.json")) for number in (0, 1)))
    process.kill()
    finish(process)
    until(lambda: all(gone(task) for task in tasks))
    assert desk("runs").out.splitlines()[1].split()[2] == "lost"
    desk.write("go", "")
    ended = desk("resume", *how)
    assert ended.status == 0
    assert len(ended.out.splitlines()) == 2
    assert json.loads(desk("artifacts", "Work", "--json").out)["end/r"]["found"] == [0, 1, 2, 3]


@FORK
def test_a_run_that_is_killed_before_it_has_read_that_a_task_ended_leaves_nothing_running(desk: Desk, how: tuple[str, ...]) -> None:
    flow(desk, "print(os.getpid())\nif self.input:\n    time.sleep(1000)\nwhile not os.path.exists('go'):\n    time.sleep(0.02)", n=2)
    process = desk.start("run", "work.py", "--max-workers", "2", *how)
    assert process.stdout is not None
    tasks = [int(process.stdout.readline().split()[-1]) for _ in range(2)]
    process.send_signal(signal.SIGSTOP)
    desk.write("go", "")
    until(lambda: any(gone(task) for task in tasks))
    time.sleep(0.2)  # the server says so
    process.kill()
    finish(process)
    until(lambda: all(gone(task) for task in tasks))


def test_a_run_whose_cache_is_emptied_says_so_and_can_be_resumed(desk: Desk) -> None:
    flow(
        desk,
        "import shutil\nif not os.path.exists('emptied'):\n    shutil.rmtree(os.environ['FLOWPORT_CACHE'])\nopen('emptied', 'w').close()",
        n=1,
    )
    ended = desk("run", "work.py")
    assert ended.status == 1
    assert "the unpacked code of the flow is gone from the cache: " in ended.err
    assert "resume it: flowport resume Work/" in ended.err
    assert "Traceback" not in ended.err
    assert desk("resume").status == 0


def test_a_run_whose_server_is_killed_fails(desk: Desk) -> None:
    flow(desk, "print(os.getpid(), os.getppid())\ntime.sleep(1000)", n=1)
    process = desk.start("run", "work.py")
    assert process.stdout is not None
    task, server = map(int, process.stdout.readline().split()[-2:])
    os.kill(server, signal.SIGKILL)
    _, err = finish(process)
    assert process.returncode == 1
    assert "the process that starts tasks is gone" in err
    until(lambda: gone(task))


def test_a_store_that_refuses_is_said_in_a_line(desk: Desk) -> None:
    flow(desk, "pass")
    desk.write("file", "")
    ended = desk("run", "work.py", "--store", "file/below")
    assert ended.status == 1
    assert "Traceback" not in ended.err
    assert "cannot write" in ended.err


@sample(more=2)
@pytest.mark.parametrize("name", ["deep", "loop_exits", "batched_switch", "shared_arms", "caught", "nasties"])
def test_without_a_fork_the_corpus_comes_to_the_same(desk: Desk, name: str) -> None:
    path = str(Path(__file__).parents[1] / "flows" / f"{name}.py")
    assert desk("run", path, "--run-id", "forked", "--quiet").status == 0
    assert desk("run", path, "--run-id", "spawned", "--quiet", "--no-fork").status == 0
    (folder,) = (desk.folder / ".flowport/flows").glob("*/runs")

    def documents(run: str) -> list[str]:
        return sorted(str(file.relative_to(folder / run)) for file in (folder / run).rglob("*@*.json"))

    assert documents("forked") == documents("spawned")


CHANGED = """
import pathlib
import time

import helper
from flowport import FlowSpec, environment, step


class Work(FlowSpec):
    @step
    def start(self):
        self.first = helper.value()
        pathlib.Path("begun").write_text("")
        while not pathlib.Path("go").exists():
            time.sleep(0.02)
        self.next(self.middle)

    @environment(vars={"A": "1"})
    @step
    def middle(self):
        import late

        self.second = [helper.value(), late.VALUE, (pathlib.Path(__file__).parent / "data").read_text()]
        self.next(self.end)

    @step
    def end(self):
        self.third = helper.value()
        helper.fail()
"""


@FORK
def test_a_run_goes_on_with_the_files_that_it_began_with(desk: Desk, how: tuple[str, ...]) -> None:
    desk.write("work.py", CHANGED)
    desk.write("helper.py", "def value():\n    return 'old'\n\n\ndef fail():\n    raise ValueError('as it was')\n")
    desk.write("late.py", "VALUE = 'old'\n")
    desk.write("data", "beside")
    process = desk.start("run", "work.py", "--run-id", "one", *how)
    until((desk.folder / "begun").exists)
    desk.write("helper.py", "# longer\n# longer\ndef value():\n    return 'new'\n\n\ndef fail():\n    raise ValueError('as it is')\n")
    desk.write("late.py", "VALUE = 'new'\n")
    desk.write("go", "")
    _, err = finish(process)
    assert f'File "{desk.folder}/helper.py", line 6, in fail' in err
    assert "    raise ValueError('as it was')" in err
    found = json.loads(desk("artifacts", "Work/one/middle", "--json").out)["middle/r"]
    assert (found["first"], found["second"]) == ("old", ["old", "old", "beside"])
