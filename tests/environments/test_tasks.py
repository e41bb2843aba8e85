"""Tasks that make the environments of their steps, and go on in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk import Desk
from prepared import another_python

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


def test_commands_of_tasks_go_on_in_the_environments_of_their_steps(two: Desk) -> None:
    done = two("run", "flow.py", "--no-fork", "--run-id", "one", FLOWPORT_ENVIRONMENTS="install")
    assert done.status == 0, done.err + done.out
    assert done.out.count("flowport: making the environment `fptool-") == 2, "each is made once"
    assert repr([*turn(another_python()), *turn(another_python())]) in two("artifacts", "Two/one/end").out
    again = two("run", "flow.py", "--no-fork", FLOWPORT_ENVIRONMENTS="install")
    assert "making" not in again.out + again.err


def test_a_loop_in_one_container_has_tasks_in_several_environments(two: Desk) -> None:
    done = two("dry-run", "flow.py", "--target", "airflow", "--run-id", "one", FLOWPORT_ENVIRONMENTS="install")
    assert done.status == 0, done.err + done.out
    assert repr([*turn(another_python()), *turn(another_python())]) in two("artifacts", "Two/one/end").out


RETRIED = "    @retry(times=1, minutes_between_retries=0)\n    @pypi("


def test_a_python_that_is_not_there_is_not_tried_again(desk: Desk) -> None:
    desk.write("flow.py", FLOW.format(python="3.99", turns=1).replace("    @pypi(", RETRIED))
    assert desk("lock", "flow.py").status == 0
    done = desk("run", "flow.py", "--no-fork", FLOWPORT_ENVIRONMENTS="install")
    assert done.status == 1
    assert "there is no Python 3.99 for the environment `fptool-" in done.err
    assert "two/r.t0 ended with exit code 78" in done.err
    assert "it is tried again" not in done.err


def test_an_index_that_does_not_answer_is_tried_again(desk: Desk, tmp_path: Path) -> None:
    desk.write("flow.py", FLOW.format(python=another_python(), turns=1).replace("    @pypi(", RETRIED))
    assert desk("lock", "flow.py").status == 0
    cache, links = str(tmp_path / "uv"), str(tmp_path / "empty")
    nowhere = {"UV_FIND_LINKS": links, "UV_CACHE_DIR": cache, "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    done = desk("run", "flow.py", "--no-fork", FLOWPORT_ENVIRONMENTS="install", **nowhere)
    assert done.status == 1
    assert "one/r.t0 ended with exit code 1; it is tried again, 1 more time at most" in done.err
    assert "cannot be made" in done.err


def test_without_the_variable_a_task_says_what_is_missing(two: Desk) -> None:
    done = two("run", "flow.py", "--no-fork")
    assert done.status == 1
    assert "step `one` asks for something else than what is here: `fptool` ==1.0 is missing" in done.err
