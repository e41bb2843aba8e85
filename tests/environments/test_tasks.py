"""Tasks that make the environments of their steps, and go on in them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import progress
from desk import Desk
from prepared import another_python
from solo import Broken, Solo

FLOW = """
from flowport import FlowSpec, pypi, retry, step


class Two(FlowSpec):
    @step
    def start(self):
        self.seen = []
        self.n = 0
        self.next(self.one)

    @pypi(packages={{"fptool": "1.0"}})
    @step
    def one(self):
        import fptool
        import sys

        self.seen = [*self.seen, ("one", fptool.version)]
        self.next(self.two)

    @pypi(packages={{"fptool": "2.0"}}, python="{python}")
    @step
    def two(self):
        import os
        import shutil
        import sys

        import fptool

        self.n += 1
        first = os.path.dirname(shutil.which("python")) == os.path.dirname(sys.executable)
        self.seen = [*self.seen, ("two", fptool.version, "%d.%d" % sys.version_info[:2], first)]
        self.way = "again" if self.n < {turns} else "done"
        self.next({{"again": self.one, "done": self.end}}, condition="way")

    @step
    def end(self):
        pass
"""


def turn(python: str) -> list[tuple[object, ...]]:
    return [("one", "1.0"), ("two", "2.0", python, True)]


@pytest.fixture
def two(desk: Desk) -> Desk:
    """A locked flow whose steps have two versions of a package, one on another Python, in a loop of two turns."""
    desk.write("flow.py", FLOW.format(python=another_python(), turns=2))
    assert desk("lock", "flow.py").status == 0
    return desk


class Containers(Solo):
    """An engine whose tasks are commands in containers, which have nothing but flowport."""

    def __init__(self, folder: Path, source: str, **variables: str) -> None:
        super().__init__(folder, source)
        self.variables, self.said = variables, ""

    def perform(self, step: str, slice: str = "s", run: str = "1", store: Any = None, **more: Any) -> int:
        self.performed.append((step, slice))
        cache = {"FLOWPORT_CACHE": str(Path(self.store.url).parent / "container")}
        environment = {**os.environ, **cache, **self.variables}
        done = progress.run(self.command(step, slice, run, **more), env=environment, capture_output=True, text=True)
        self.said += done.stdout + done.stderr
        print(done.stdout, done.stderr)  # shown where a test fails
        return done.returncode


def test_commands_of_tasks_go_on_in_the_environments_of_their_steps(two: Desk) -> None:
    containers = Containers(two.folder, FLOW.format(python=another_python(), turns=2), FLOWPORT_ENVIRONMENTS="install")
    containers.run()
    assert containers.said.count("flowport: making the environment `fptool-") == 2, "each is made once"
    assert containers.artifacts("end")["seen"] == [*turn(another_python()), *turn(another_python())]
    containers.said = ""
    containers.run("2")
    assert "making" not in containers.said


def test_a_loop_in_one_container_has_tasks_in_several_environments(two: Desk) -> None:
    done = two("dry-run", "flow.py", "--target", "airflow", "--run-id", "one", FLOWPORT_ENVIRONMENTS="install")
    assert done.status == 0, done.err + done.out
    assert repr([*turn(another_python()), *turn(another_python())]) in two("artifacts", "Two/one/end").out


RETRIED = "    @retry(times=1, minutes_between_retries=0)\n    @pypi("


def test_a_python_that_is_not_there_is_not_tried_again(desk: Desk) -> None:
    source = FLOW.format(python="3.29", turns=1).replace("    @pypi(", RETRIED)
    desk.write("flow.py", source)
    assert desk("lock", "flow.py").status == 0
    containers = Containers(desk.folder, source, FLOWPORT_ENVIRONMENTS="install")
    with pytest.raises(Broken) as broken:
        containers.run()
    assert (broken.value.step, broken.value.code) == ("two", 78)
    assert "there is no Python 3.29 for the environment `fptool-" in containers.said
    assert [step for step, _ in containers.performed] == ["start", "one", "two"]


def test_an_index_that_does_not_answer_is_tried_again(desk: Desk, tmp_path: Path) -> None:
    source = FLOW.format(python=another_python(), turns=1).replace("    @pypi(", RETRIED)
    desk.write("flow.py", source)
    assert desk("lock", "flow.py").status == 0
    cache, links = str(tmp_path / "uv"), str(tmp_path / "empty")
    nowhere = {"UV_FIND_LINKS": links, "UV_CACHE_DIR": cache, "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    containers = Containers(desk.folder, source, FLOWPORT_ENVIRONMENTS="install", **nowhere)
    with pytest.raises(Broken) as broken:
        containers.run()
    assert (broken.value.step, broken.value.code) == ("one", 1)
    assert [step for step, _ in containers.performed] == ["start", "one", "one"]
    assert "cannot be made" in containers.said


def test_without_the_variable_a_task_says_what_is_missing(two: Desk) -> None:
    containers = Containers(two.folder, FLOW.format(python=another_python(), turns=2))
    with pytest.raises(Broken):
        containers.run()
    assert "step `one` asks for something else than what is here: `fptool` ==1.0 is missing" in containers.said
