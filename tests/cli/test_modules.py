"""Modules of the flow's own that no import statement names are found in a task, where only the code package is."""

from __future__ import annotations

from zipfile import ZipFile

import pytest

from desk import Desk

FLOW = """
import os
from importlib import import_module

from flowport import FlowSpec, step


class Work(FlowSpec):
    @step
    def start(self):
        self.value = import_module({name}).VALUE
        self.next(self.end)

    @step
    def end(self):
        print("value", self.value)
"""
KNOWN, UNKNOWN = "'plugins.one'", "os.environ.get('NOBODY', 'plugins.one')"


def packaged(desk: Desk) -> list[str]:
    (package,) = (desk.folder / ".flowport" / "code").glob("*.zip")
    return [name for name in ZipFile(package).namelist() if name.endswith(".py")]


@pytest.fixture
def plugins(desk: Desk) -> Desk:
    desk.write("flows/plugins/one.py", "from plugins.deep import VALUE\n")
    desk.write("flows/plugins/deep.py", "VALUE = 1\n")
    return desk


def test_a_module_that_is_imported_by_its_name_is_found_in_a_task(plugins: Desk) -> None:
    plugins.write("flows/flow.py", FLOW.format(name=KNOWN))
    ended = plugins("run", "flows/flow.py")
    assert (ended.status, "FP146" in ended.err) == (0, False)
    assert packaged(plugins) == ["flow.py", "plugins/deep.py", "plugins/one.py"]


def test_what_the_warning_says_makes_the_module_be_found(plugins: Desk) -> None:
    plugins.write("flows/flow.py", FLOW.format(name=UNKNOWN))
    ended = plugins("run", "flows/flow.py")
    assert ended.status == 1
    assert "warning[FP146]" in ended.err
    assert "No module named 'plugins'" in ended.err
    plugins.write("flows/flowport.toml", 'include = ["plugins/one.py"]\n')
    assert plugins("check", "flows/flow.py").out == "Work has nothing wrong with it\n"
    ended = plugins("run", "flows/flow.py")
    assert (ended.status, "FP146" in ended.err, "value 1" in ended.out) == (0, False, True)


def test_a_module_to_include_may_be_in_a_root(desk: Desk) -> None:
    desk.write("flows/flow.py", FLOW.format(name=UNKNOWN))
    desk.write("flows/flowport.toml", 'roots = ["../shared"]\ninclude = ["../shared/plugins/*.py"]\n')
    desk.write("shared/plugins/one.py", "from rates import VALUE\n")
    desk.write("shared/rates.py", "VALUE = 1\n")
    ended = desk("run", "flows/flow.py")
    assert (ended.status, "value 1" in ended.out) == (0, True)


@pytest.mark.parametrize("module", [True, False], ids=["module", "data"])
def test_a_file_to_include_elsewhere_is_refused(desk: Desk, module: bool) -> None:
    name = "elsewhere.py" if module else "elsewhere.csv"
    desk.write(name, "VALUE = 1\n")
    desk.write("flows/flow.py", FLOW.format(name=KNOWN))
    desk.write("flows/flowport.toml", f'include = ["../{name}"]\n')
    ended = desk("run", "flows/flow.py")
    assert (ended.status, "error[FP491]" in ended.err) == (1, True)


BASE = """
from metaflow import FlowSpec, step


class Base(FlowSpec):
    @step
    def end(self):
        print("value", self.value)
"""
CHILD = """
from common.flows import Base
from metaflow import step


class Child(Base):
    @step
    def start(self):
        self.value = 3
        self.next(self.end)
"""


@pytest.mark.parametrize("command", [("run",), ("run", "--no-fork"), ("dry-run", "--target", "argo", "--logs")])
def test_a_flow_runs_with_a_base_from_a_folder_around_its_own(desk: Desk, command: tuple[str, ...]) -> None:
    desk.write("pyproject.toml", "")
    desk.write("common/flows.py", BASE)
    desk.write("flows/daily/child.py", CHILD)
    ended = desk(*command, "flows/daily/child.py", "--store", "store")
    assert ended.status == 0, ended.err
    assert "end | value 3" in ended.out
