"""A run on this machine whose steps run in several Pythons: which of them runs what, and that they are one run all the same."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from desk import Desk, Ended
from flowport.runtime.environments import tools
from prepared import HERE, NO_INDEX, another_python, prepare
from progress import finish, until

OTHER = another_python()

FLOW = """
import os
import pathlib
import shutil
import sys
import time

from flowport import FlowSpec, pypi, retry, step

FOLDER = pathlib.Path({folder!r})
{head}


def wait_for(*names):
    while not all((FOLDER / name).exists() for name in names):
        time.sleep(0.01)


def place():
    import fruit

    program = pathlib.Path(shutil.which("python"))
    inner = os.path.commonpath([program, sys.prefix]) == sys.prefix
    return [fruit.VERSION, "%d.%d" % sys.version_info[:2], inner, os.environ["VIRTUAL_ENV"] == sys.prefix, os.environ.get("PYTHONPATH")]


class Mixed(FlowSpec):
{steps}
"""

OLD, NEW = '@pypi(packages={"fruit": "1.0"})', f'@pypi(packages={{"fruit": "2.0"}}, python="{OTHER}")'

LINE = """
    {old}
    @step
    def start(self):
        {start}
        self.next(self.middle)

    {new}
    @step
    def middle(self):
        {middle}
        self.next(self.end)

    {last}
    @step
    def end(self):
        {end}
"""

BRANCHES = """
    @step
    def start(self):
        self.items = list(range({items}))
        self.next(self.one, self.two)

    {old}
    {above}
    @step
    def one(self):
        {one}
        self.next(self.join)

    {new}
    {above}
    @step
    def two(self):
        {two}
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""

COUNTED = """
    @step
    def start(self):
        self.items = list(range(5))
        self.next(self.each_old, self.each_new)

    {old}
    @step
    def each_old(self):
        self.next(self.old, foreach="items")

    {old}
    @step
    def old(self):
        self.seen = counted({weight})
        self.next(self.joined_old)

    @step
    def joined_old(self, inputs):
        self.seen = [each.seen for each in inputs]
        self.next(self.join)

    {new}
    @step
    def each_new(self):
        self.next(self.new, foreach="items")

    {new}
    @step
    def new(self):
        self.seen = counted(1)
        self.next(self.joined_new)

    @step
    def joined_new(self, inputs):
        self.seen = [each.seen for each in inputs]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = inputs[0].seen + inputs[1].seen
        self.next(self.end)

    @step
    def end(self):
        pass
"""

COUNT = """
import fcntl


def counted(weight):
    # The sum of the weights of the items that run now.
    with open(FOLDER / "count", "a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("+" * weight)
        file.flush()
        file.seek(0)
        text = file.read()
        seen = text.count("+") - text.count("-")
    time.sleep(0.05)
    with open(FOLDER / "count", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("-" * weight)
    return seen
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with lock files, and a code cache with their environments."""
    folder = tmp_path_factory.mktemp("prepared")
    prepare(folder, folder / "cache", {"fruit": "1.0"})
    prepare(folder, folder / "cache", {"fruit": "2.0"}, OTHER)
    return folder


@pytest.fixture
def desk(tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for name, value in NO_INDEX.items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".cache").symlink_to(prepared / "cache")
    (tmp_path / "environments").symlink_to(prepared / "environments")
    return Desk(tmp_path)


def write(desk: Desk, steps: str, head: str = "", **bodies: str) -> None:
    """Write `mixed.py`; steps without a body do nothing."""
    names = dict.fromkeys(("start", "middle", "end", "one", "two"), "pass") | {"last": "", "above": "", "items": "2", "weight": "1"}
    filled = steps.format(**{**names, "old": OLD, "new": NEW, **bodies})
    desk.write("mixed.py", FLOW.format(folder=str(desk.folder), head=head, steps=filled))


def run(desk: Desk, *words: str, **variables: str) -> Ended:
    return desk("run", "mixed.py", "--run-id", "one", *words, **variables)


def artifacts(desk: Desk, step: str = "end") -> dict[str, object]:
    """The artifacts of a step of the run `one`."""
    found: dict[str, object] = json.loads(desk("artifacts", f"Mixed/one/{step}", "--json").out)[f"{step}/r"]
    return found


@pytest.mark.parametrize("how", [(), ("--no-fork",)], ids=["fork", "command"])
def test_each_step_runs_in_its_environment_and_finds_its_programs_first(desk: Desk, how: tuple[str, ...]) -> None:
    """And a variable with the folders of modules of another Python is not for it."""
    end = "self.here = sys.executable"
    write(desk, LINE, start="self.old = place()", middle="self.new = place()", end=end)
    (desk.folder / "elsewhere").mkdir()
    (desk.folder / "elsewhere" / "fruit.py").write_text("VERSION = 'of another Python'")
    ended = run(desk, *how, PYTHONPATH=str(desk.folder / "elsewhere"))
    assert ended.status == 0, ended.err
    found = artifacts(desk)
    assert (found["old"], found["new"]) == (["1.0", HERE, True, True, None], ["2.0", OTHER, True, True, None])
    assert found["here"] == sys.executable


def test_a_step_that_runs_again_by_itself_does_so_in_its_environment(desk: Desk) -> None:
    write(desk, LINE, start="self.old = place()", middle="self.new = place()")
    assert run(desk).status == 0
    done = desk("spin", "mixed.py", "middle", "--json")
    assert done.status == 0, done.err
    assert json.loads(done.out)["items"]["r"]["artifacts"]["new"] == {
        "change": "unchanged",
        "value": ["2.0", OTHER, True, True, None],
        "was": ["2.0", OTHER, True, True, None],
    }
    without = desk("spin", "mixed.py", "middle", "--skip-decorators")
    assert without.status == 1
    assert "ModuleNotFoundError: No module named 'fruit'" in without.out


def test_what_one_python_stores_another_reads(desk: Desk) -> None:
    """Paths too, whose classes Python 3.13 keeps in a module that no other version has."""
    values = "self.path = pathlib.Path('a'); self.values = [{'a': (1, 2.5)}, 'b', {3}, None, b'c', range(3)]"
    write(desk, LINE, middle=values, end="self.same = [str(self.path), self.values]")
    assert run(desk).status == 0
    assert "['a', [{'a': (1, 2.5)}, 'b', {3}, None, b'c', range(0, 3)]]" in desk("artifacts", "Mixed/one/end").out


def test_no_server_is_started_in_a_python_in_which_no_step_runs(desk: Desk) -> None:
    """So a flow works whose file imports what is in the environments alone."""
    write(desk, LINE, head="import fruit", last=OLD, end="self.version = fruit.VERSION")
    ended = run(desk)
    assert ended.status == 0, ended.err
    assert artifacts(desk)["version"] == "1.0"


def test_a_flow_that_one_python_cannot_import_does_not_begin_and_the_message_says_which(desk: Desk) -> None:
    write(desk, LINE, head="import fruit")
    ended = run(desk)
    assert ended.status == 1
    message = "Mixed cannot be imported in this Python, which has no environment of its own for `end`\nTraceback (most recent call last):"
    assert message in ended.err
    assert "ModuleNotFoundError: No module named 'fruit'\nimport a module that not all environments have inside of the steps" in ended.err
    assert not list((desk.folder / ".flowport").rglob("input.json"))


def test_a_flow_that_an_environment_cannot_import_names_the_environment(desk: Desk) -> None:
    write(desk, LINE, head="import fruit; assert fruit.VERSION == '1.0', 'too new'", last=OLD)
    ended = run(desk)
    assert ended.status == 1
    assert "Mixed cannot be imported in the environment `fruit-" in ended.err
    assert "assert fruit.VERSION == '1.0'" in ended.err
    assert ended.err.count("cannot be imported") == 1
    assert "not all environments" not in ended.err


def test_what_a_flow_prints_when_it_is_imported_is_shown_once(desk: Desk) -> None:
    write(desk, LINE, head="print('hello')")
    ended = run(desk)
    assert ended.status == 0
    assert ended.err.count("hello") == 1


def test_tasks_of_two_pythons_run_at_once(desk: Desk) -> None:
    body = "(FOLDER / '{}').touch(); wait_for('one', 'two')"
    write(desk, BRANCHES, one=body.format("one"), two=body.format("two"))
    ended = run(desk, "--max-workers", "2")
    assert ended.status == 0, ended.err


@pytest.mark.parametrize(("limit", "weight"), [(1, 1), (3, 1), (2, 2), (3, 2)])
def test_the_limit_of_workers_holds_for_all_pythons_together(desk: Desk, limit: int, weight: int) -> None:
    write(desk, COUNTED, head=COUNT, weight=str(weight))
    if weight > 1:
        text = (desk.folder / "mixed.py").read_text()
        text = text.replace('self.next(self.old, foreach="items")', 'self.next(self.old, foreach="items", workers=2)')
        (desk.folder / "mixed.py").write_text(text)
    ended = run(desk, "--max-workers", str(limit))
    assert ended.status == 0, ended.err
    seen = artifacts(desk)["seen"]
    assert isinstance(seen, list)
    assert len(seen) == 10
    assert max(seen) <= max(limit, weight)


def test_a_task_that_fails_in_one_python_is_tried_again_there(desk: Desk) -> None:
    tries = "count = len(list(FOLDER.glob('tried*'))); (FOLDER / f'tried{count}').touch(); self.n = count; 1 / count"
    write(desk, BRANCHES, above="@retry(times=2, minutes_between_retries=0)", two=tries)
    ended = run(desk)
    assert ended.status == 0, ended.err
    assert artifacts(desk, "two")["n"] == 1


def test_after_a_failure_in_one_python_nothing_begins_in_another_and_the_run_is_resumed(desk: Desk) -> None:
    write(desk, BRANCHES, one="(FOLDER / 'ran').touch()", two="wait_for('ran'); time.sleep(0.2); self.mended")
    failed = run(desk)
    assert failed.status == 1
    assert "AttributeError" in failed.err
    (desk.folder / "ran").unlink()
    write(desk, BRANCHES, one="(FOLDER / 'ran').touch()", two="self.version = place()[0]")
    resumed = desk("resume", "mixed.py", "one", "--run-id", "next")
    assert resumed.status == 0, resumed.err
    assert not (desk.folder / "ran").exists()
    assert '"version": "2.0"' in desk("artifacts", "Mixed/next/two", "--json").out


WAITS = "(FOLDER / '{0}').write_text(str(os.getpid()))\n        try:\n            time.sleep(1000)\n        finally:\n            {1}"


def begun(desk: Desk) -> list[int]:
    return [int(path.read_text() or 0) for name in ("one", "two") if (path := desk.folder / name).exists()]


def test_an_interrupt_ends_the_tasks_of_every_python(desk: Desk) -> None:
    write(desk, BRANCHES, one=WAITS.format("one", "(FOLDER / 'one').unlink()"), two=WAITS.format("two", "(FOLDER / 'two').unlink()"))
    process = desk.start("run", "mixed.py", "--max-workers", "2")
    until(lambda: len(begun(desk)) == 2 and all(begun(desk)), "both tasks to begin", processes=[process.pid])
    process.send_signal(signal.SIGINT)
    finish(process)
    assert process.returncode == 130
    assert begun(desk) == []


def test_a_second_interrupt_kills_the_tasks_of_every_python(desk: Desk) -> None:
    asked = "(FOLDER / 'asked-{0}').touch(); time.sleep(1000)"
    write(desk, BRANCHES, one=WAITS.format("one", asked.format("one")), two=WAITS.format("two", asked.format("two")))
    process = desk.start("run", "mixed.py", "--max-workers", "2")
    until(lambda: len(begun(desk)) == 2 and all(begun(desk)), "both tasks to begin", processes=[process.pid])
    process.send_signal(signal.SIGINT)
    until(lambda: all((desk.folder / f"asked-{name}").exists() for name in ("one", "two")), "both to be asked", processes=[process.pid])
    process.send_signal(signal.SIGINT)
    finish(process)
    assert process.returncode == 130
    until(lambda: all(gone(task) for task in begun(desk)), "both to end")


def test_when_the_server_of_one_python_dies_the_tasks_of_all_end_and_the_message_says_which(desk: Desk) -> None:
    write(desk, BRANCHES, one=WAITS.format("one", "pass"), two=WAITS.format("two", "pass"))
    process = desk.start("run", "mixed.py", "--max-workers", "2")
    until(lambda: len(begun(desk)) == 2 and all(begun(desk)), "both tasks to begin", processes=[process.pid])
    os.kill(parent(int((desk.folder / "one").read_text())), signal.SIGKILL)
    _, err = finish(process)
    assert process.returncode == 1
    assert "the process that starts tasks in the environment `fruit-" in err
    assert "is gone, and every task with it" in err
    until(lambda: all(gone(task) for task in begun(desk)), "both to end")


@pytest.mark.parametrize("how", [(), ("--no-fork",)], ids=["fork", "command"])
def test_the_folder_that_the_user_works_in_has_no_modules_for_the_oldest_python_either(tmp_path: Path, how: tuple[str, ...]) -> None:
    """Python 3.10 has no variable that leaves it out of the path of modules."""
    desk = Desk(tmp_path)
    version = "3.10" if os.path.isabs(tools.python("3.10")) else HERE
    prepare(tmp_path, tmp_path / ".cache", {"fruit": "3.0"}, version)
    desk.write("wave.py", "")
    asked = f'@pypi(packages={{"fruit": "3.0"}}, python="{version}")'
    write(desk, LINE, old=asked, new=asked, middle="import wave; self.found = [wave.__file__, '%d.%d' % sys.version_info[:2]]")
    (tmp_path / "flow").mkdir()
    for name in ("mixed.py", "environments"):
        (tmp_path / name).rename(tmp_path / "flow" / name)
    ended = desk("run", "flow/mixed.py", "--run-id", "one", *how)
    assert ended.status == 0, ended.err
    found = artifacts(desk)["found"]
    assert isinstance(found, list)
    assert found[1] == version
    assert not found[0].startswith(str(tmp_path))


def test_an_environment_in_which_no_task_can_begin_fails_the_task_and_not_its_server(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    made = prepare(tmp_path, tmp_path / ".cache", {"fruit": "3.0"})
    next(made.rglob("site-packages/packaging")).unlink()
    write(desk, BRANCHES, old='@pypi(packages={"fruit": "3.0"})', new="")
    ended = run(desk)
    assert ended.status == 1
    assert "one ended with exit code 1" in ended.err
    assert "ModuleNotFoundError: No module named 'packaging'" in ended.err


def parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def gone(process: int) -> bool:
    """Whether a process has ended, though nobody may have waited for it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
