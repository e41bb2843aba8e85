"""A dry run of a flow whose steps run in several Pythons: they run in them on every engine, with the results of a run without an engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from desk import Desk
from prepared import HERE, NO_INDEX, another_python, prepare

OTHER = another_python()

FLOW = f"""
import os
import pathlib
import sys

from flowport import FlowSpec, pypi, step


def place():
    import fruit

    return [fruit.VERSION, "%d.%d" % sys.version_info[:2], os.environ["VIRTUAL_ENV"] == sys.prefix]


class Mixed(FlowSpec):
    @pypi(packages={{"fruit": "1.0"}})
    @step
    def start(self):
        self.places, self.turns, self.path = [place()], 0, pathlib.PurePosixPath("a", "b")
        self.items = [1, 2]
        self.next(self.each, foreach="items")

    @pypi(packages={{"fruit": "2.0"}}, python="{OTHER}")
    @step
    def each(self):
        self.place, self.path = place(), self.path / str(self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.places, self.turns = [*inputs[0].places, *[each.place for each in inputs]], 0
        self.paths = [str(each.path) for each in inputs]
        self.next(self.turn)

    @pypi(packages={{"fruit": "1.0"}})
    @step
    def turn(self):
        self.places = [*self.places, place()]
        self.turns += 1
        self.next(self.judge)

    @pypi(packages={{"fruit": "2.0"}}, python="{OTHER}")
    @step
    def judge(self):
        self.places = [*self.places, place()]
        self.way = "again" if self.turns < 2 else "done"
        self.next({{"again": self.turn, "done": self.end}}, condition="way")

    @step
    def end(self):
        self.here = [sys.prefix, os.environ.get("FLOWPORT_ENVIRONMENT")]
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for name, value in NO_INDEX.items():
        monkeypatch.setenv(name, value)
    prepare(tmp_path, tmp_path / ".cache", {"fruit": "1.0"})
    prepare(tmp_path, tmp_path / ".cache", {"fruit": "2.0"}, OTHER)
    desk = Desk(tmp_path)
    desk.write("mixed.py", FLOW)
    return desk


@pytest.mark.parametrize("target", ["sfn", "airflow", "argo"])
def test_a_dry_run_runs_each_step_in_its_environment(desk: Desk, target: str) -> None:
    """Also the steps of a loop that one container runs."""
    ended = desk("dry-run", "mixed.py", "--target", target, "--run-id", "one")
    assert ended.status == 0, ended.err
    assert desk("run", "mixed.py", "--run-id", "two").status == 0
    first, second = (json.loads(desk("artifacts", f"Mixed/{run}/end", "--json").out)["end/r"] for run in ("one", "two"))
    assert first == second
    old, new = ["1.0", HERE, True], ["2.0", OTHER, True]
    assert first["places"] == [old, new, new, old, new, old, new]
    assert first["paths"] == ["a/b/1", "a/b/2"]
    assert first["here"][1] is None


@pytest.mark.parametrize("environments", ["install", "image"])
def test_what_a_profile_says_about_environments_on_an_engine_does_not_matter_in_a_dry_run(desk: Desk, environments: str) -> None:
    """No task makes an environment anew, and no image is needed."""
    settings = f'image = "flows:1"\nenvironments = "{environments}"\nrepository = "registry.example.com/flows"\n'
    desk.write("flowport.toml", settings)
    made = {path.name: path.stat().st_ino for path in (desk.folder / ".cache" / "environments").iterdir()}
    ended = desk("dry-run", "mixed.py", "--target", "argo", "--run-id", "one", "--store", "store")
    assert ended.status == 0, ended.err
    assert {path.name: path.stat().st_ino for path in (desk.folder / ".cache" / "environments").iterdir()} == made
    assert '"2.0"' in desk("artifacts", "Mixed/one/end", "--store", "store", "--json").out
