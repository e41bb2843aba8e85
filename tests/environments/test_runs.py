"""Runs on this machine whose steps have environments of their own."""

from __future__ import annotations

import pytest

from desk import Desk

HEAD = """
from metaflow import FlowSpec, pypi, step


class Mine(FlowSpec):
    @pypi(packages={"fptool": "1.0"})
    @step
    def start(self):
        import fptool

        print("version", fptool.version)
"""
END = """        self.next(self.end)

    @step
    def end(self):
        pass
"""
STARTS = """
        from metaflow import Deployer, Runner

        for start in (Runner("flow.py").run, Deployer("flow.py").argo_workflows().create):
            try:
                start()
            except RuntimeError as error:
                print("refused:", error)
"""


@pytest.mark.parametrize("folder", ["desk/cache", "desk-cache"])
def test_the_environments_may_be_in_the_folder_of_the_flow_or_one_whose_name_begins_so(desk: Desk, folder: str) -> None:
    desk.write("flow.py", HEAD + END)
    assert desk("lock", "flow.py").status == 0
    done = desk("run", "flow.py", FLOWPORT_CACHE=str(desk.folder.parent / folder))
    assert (done.status, done.out) == (0, "start | version 1.0\n"), done.err


def test_a_module_that_an_environment_lacks_is_named_with_the_line_that_imports_it(desk: Desk) -> None:
    desk.write("flow.py", f"import click\n{HEAD}{END}")
    assert desk("lock", "flow.py").status == 0
    done = desk("run", "flow.py")
    assert done.status == 1
    assert 'flow.py", line 1, in <module>\n    import click\nModuleNotFoundError: No module named' in done.err
    assert done.err.count("  File ") == 1, "frames of flowport, which is linked in the cache, below the folder of the flow"


def test_a_step_that_starts_flows_is_told_which_packages_that_needs(desk: Desk) -> None:
    desk.write("flow.py", HEAD + STARTS + END)
    assert desk("lock", "flow.py").status == 0
    done = desk("run", "flow.py")
    assert done.status == 0, done.err
    for name in ("Runner", "Deployer"):
        assert f"refused: `{name}` needs `click`, `pyyaml`" in done.out
    assert done.out.count('"click": "", "pyyaml": ""') == 2
    assert done.out.count("to the packages of the step") == 2
