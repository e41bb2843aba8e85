"""Flows run, resumed and deployed from Python."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from flowport import DeployedFlow, Deployer, Flow, NBDeployer, NBRunner, Runner, metadata
from flowport.client.notebook import NBDeployerInitializationError, NBRunnerInitializationError, cell_source
from flowport.client.options import of_a_run, top_level

HEAD = "import json\nimport os\nimport time\n\nfrom flowport import FlowSpec, JSONType, Parameter, step\n"
CLASS = """
class RunFlow(FlowSpec):
    alpha = Parameter("alpha", default=1)
    some_list = Parameter("some-list", default="[]", type=JSONType)
    sure = Parameter("sure", default=False, type=bool)

    @step
    def start(self):
        print("started with", self.alpha)
        self.here = os.path.basename(os.getcwd())
        self.seen = os.environ.get("SEEN")
        if self.alpha == 100:
            time.sleep(600)
        self.next(self.end)

    @step
    def end(self):
        if self.alpha < 0 and not os.path.exists("mended"):
            raise ValueError("negative")
        self.result = [self.alpha, self.some_list, self.sure]
"""
SOURCE = f"{HEAD}\n{CLASS}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: None) -> Path:
    """The current folder, with the file of the flow."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLOWPORT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FLOWPORT_STORE", raising=False)
    Path("run_flow.py").write_text(SOURCE)
    return tmp_path


def test_a_flow_is_run_with_parameters_and_tags(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with Runner("run_flow.py").run(alpha=7, some_list=[1, {"a": 2}], sure=True, tags=["one", "two"], max_workers=1) as running:
        assert (running.status, running.returncode) == ("successful", 0)
        assert running.run.data.result == [7, [1, {"a": 2}], True]
        assert running.run.user_tags == {"one", "two"}
        assert "started with 7" in running.stdout + running.stderr
    assert "started with 7" in "".join(capfd.readouterr())
    assert "started with 7" in running.stdout + running.stderr  # also without the files
    assert Flow("RunFlow").latest_successful_run.id == running.run.id
    assert repr(running) == f"<ExecutingRun RunFlow/{running.run.id}: successful>"


def test_a_run_has_its_own_folder_environment_and_store(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "elsewhere").mkdir()
    runner = Runner(
        "run_flow.py", show_output=False, env={"SEEN": "yes", "FLOWPORT_STORE": "kept"}, cwd="elsewhere", decospecs=["retry:times=1"]
    )
    with runner.run() as running:
        assert (running.run.data.here, running.run.data.seen) == ("elsewhere", "yes")
    assert "".join(capfd.readouterr()) == ""
    metadata("elsewhere/kept")
    assert Flow("RunFlow").latest_run.id == running.run.id


def test_a_run_that_failed_is_resumed(folder: Path) -> None:
    runner = Runner("run_flow.py", show_output=False)
    failed = runner.run(alpha=-1)
    assert (failed.status, failed.returncode, failed.run.successful) == ("failed", 1, False)
    assert "ValueError: negative" in failed.stderr + failed.stdout
    assert str(failed.run["end"].task.exception) == "ValueError: negative"
    Path("mended").touch()
    resumed = runner.resume(origin_run_id=failed.run.id)
    assert (resumed.status, resumed.run.data.result) == ("successful", [-1, [], False])
    assert resumed.run.origin_pathspec == failed.run.pathspec
    assert resumed.run["start"].task.origin_pathspec == f"RunFlow/{failed.run.id}/start/r"
    again = runner.resume("start", resumed.run.id)
    assert again.run["start"].task.origin_pathspec is None
    runner.cleanup()


def test_a_run_goes_on_while_it_is_awaited(folder: Path) -> None:
    async def main() -> list[str]:
        async with Runner("run_flow.py") as runner:
            running = await runner.async_run(alpha=3)
            lines = [line async for _, line in running.stream_log("stdout")]
            lines += [line async for _, line in running.stream_log("stderr")]
            await running.wait()
            assert (running.status, running.run.data.result[0]) == ("successful", 3)
            places = [place async for place, _ in running.stream_log("stdout")]
            rest = [line async for _, line in running.stream_log("stdout", places[0])]
            assert rest == lines[1 : len(places)]
            return lines

    assert any("started with 3" in line for line in asyncio.run(main()))


def test_a_run_that_takes_too_long_is_ended(folder: Path) -> None:
    async def main() -> Any:
        runner = Runner("run_flow.py", show_output=False)
        running = await runner.async_run(alpha=100)
        assert (running.status, running.returncode) == ("running", None)
        return await running.wait(timeout=0.2)

    ended = asyncio.run(main())
    assert (ended.status, ended.run.finished) == ("timeout", False)
    assert ended.returncode != 0


def test_a_step_of_a_run_runs_again(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    runner = Runner("run_flow.py")
    failed = runner.run(alpha=-1).run
    with runner.spin("end") as spun:
        assert (spun.status, spun.returncode) == ("failed", 1)
        assert str(spun.task.exception) == "ValueError: negative"
    capfd.readouterr()
    Path("mended").touch()
    spun = runner.spin(f"{failed.pathspec}/end", persist=True, run_id_file="id", sure=True)
    assert (spun.status, spun.task.data.result) == ("successful", [-1, [], True])
    assert spun.task.pathspec == f"RunFlow/{Path('id').read_text()}/end/r"
    assert repr(spun) == f"<ExecutingTask {spun.task.pathspec}: successful>"
    assert "end is done" in capfd.readouterr().out
    assert [run.id for run in Flow("RunFlow")] == [failed.id], "a spin is no run"


def test_a_step_runs_again_with_other_artifacts_and_without_its_decorators(folder: Path) -> None:
    Path("run_flow.py").write_text(
        SOURCE.replace("    @step\n    def end", "    @retry(times=1)\n    @step\n    def end").replace(
            "import os", "import os\nfrom metaflow import retry"
        )
    )
    Path("other.py").write_text("ARTIFACTS = {'seen': 'other'}")
    runner = Runner("run_flow.py", show_output=False, quiet=True, env={"FLOWPORT_STORE": "kept"})
    run = runner.run(alpha=3).run

    async def spun() -> Any:
        return await runner.async_spin("end", artifacts_module="other.py", skip_decorators=True)

    found = asyncio.run(spun())
    assert (found.status, found.task.data.seen, found.task.data.result[0]) == ("successful", "other", 3)
    assert run.data.seen is None


def test_what_cannot_spin_raises_with_the_reason(folder: Path) -> None:
    runner = Runner("run_flow.py", show_output=False)
    with pytest.raises(RuntimeError, match=r"the spin of `.*` did not begin: exit status 2\n(.|\n)*step `end` did not run in any run"):
        runner.spin("end")
    with pytest.raises(TypeError, match="the options of a spin `skip_decorators`, `artifacts_module`"):
        runner.spin("end", tags=["one"])


def test_what_cannot_begin_raises_with_the_reason(folder: Path) -> None:
    Path("wrong.py").write_text(SOURCE.replace("self.next(self.end)", "self.next(self.edn)"))
    with pytest.raises(RuntimeError, match=r"wrong.py` has mistakes, which `flowport check .*\nFP201: .*\n  help: did you mean `end`"):
        Runner("wrong.py").run()
    with pytest.raises(RuntimeError, match=r"did not begin: exit status 2\n(.|\n)*alpha"):
        Runner("run_flow.py", show_output=False).run(alpha="many")
    with pytest.raises(TypeError, match="the flow has no parameter `beta`; its parameters are `alpha`, `some_list`, `sure`"):
        Runner("run_flow.py").run(beta=1)
    with pytest.raises(TypeError, match="there is no argument `colour`; the arguments are `decospecs`, "):
        Runner("run_flow.py", colour="red")
    with pytest.raises(ValueError, match="no `out`"):
        Runner("run_flow.py", show_output=False).run().command_obj.text("out")


def test_arguments_become_words() -> None:
    given = {
        "decospecs": ["retry", "timeout"],
        "config": [("a", "b.toml")],
        "config_value": {"c": {"d": 1}},
        "production": True,
        "pylint": False,
    }
    words = ["--with", "retry", "--with", "timeout", "--config", "a", "b.toml", "--config-value", "c", '{"d": 1}', "--production"]
    assert top_level(given) == words
    assert of_a_run({"tags": "one", "alpha": 2.5, "no": None, "max_num_splits": 3}, ["alpha", "no"]) == [
        "--tag",
        "one",
        "--",
        "--alpha",
        "2.5",
    ]
    assert of_a_run({"tags": "value"}, ["tags"]) == ["--", "--tags", "value"]


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The cells of a notebook."""
    cells: list[str] = []
    notebook: Any = ModuleType("IPython")
    notebook.get_ipython = lambda: SimpleNamespace(history_manager=SimpleNamespace(input_hist_raw=cells))
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    return cells


class RunFlow:
    """Stands for the class that the cell defines."""


def test_the_flow_of_a_cell_is_run(folder: Path, cell: list[str]) -> None:
    cell.append(f"{SOURCE}\nrun = NBRunner(RunFlow).nbrun(alpha=5)")
    run = NBRunner(RunFlow, show_output=False).nbrun(alpha=5)
    assert run.data.result[0] == 5
    assert sorted(path.name for path in folder.glob("*.py")) == ["run_flow.py"]


def test_a_cell_is_a_file_up_to_the_end_of_the_class() -> None:
    text = cell_source(f"x = 1\n{CLASS}\nNBRunner(RunFlow).nbrun()", "RunFlow")
    assert text.startswith("x = 1\n")
    assert text.endswith('self.sure]\n\n\nif __name__ == "__main__":\n    RunFlow()\n')


def test_what_is_no_cell_of_a_flow_is_refused(folder: Path, cell: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    cell.append("print(1)")
    with pytest.raises(NBRunnerInitializationError, match="the cell does not define the flow `RunFlow`"):
        NBRunner(RunFlow)
    cell.append("%pip install x\nclass RunFlow: ...")
    with pytest.raises(NBDeployerInitializationError, match="the cell is not Python alone, line 1"):
        NBDeployer(RunFlow)
    monkeypatch.delitem(sys.modules, "IPython")
    with pytest.raises(NBRunnerInitializationError, match="this is no notebook"):
        NBRunner(RunFlow)


def test_a_flow_is_deployed_to_a_folder_of_airflow(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("flowport.toml").write_text(f'[airflow]\nstore = "{folder}/store"\ncompute = "local"\ndags = "dags"\n')
    deployed = Deployer("run_flow.py").airflow().create()
    assert isinstance(deployed, DeployedFlow)
    assert (deployed.name, deployed.flow_name, set(deployed.changes.values())) == ("RunFlow", "RunFlow", {"new"})
    assert list(Path("dags").glob("*.py"))
    assert " is new\n" in capsys.readouterr().out
    with Deployer("run_flow.py", show_output=False).airflow() as airflow:
        assert set(airflow.create().changes.values()) == {"unchanged"}


def test_what_cannot_be_deployed_raises_with_the_reason(folder: Path) -> None:
    with pytest.raises(RuntimeError, match=r"cannot be deployed to airflow:\nFP400: .*`store`.*\n  help: write `store = "):
        Deployer("run_flow.py").airflow().create()
    with pytest.raises(RuntimeError, match=r"cannot be deployed to stepfunctions:\nFP400: .*`store`"):
        Deployer("run_flow.py").step_functions().create()
    with pytest.raises(TypeError, match=r"from the profile of flowport.toml, and not from `decospecs`"):
        Deployer("run_flow.py", decospecs=["retry"])


def test_configs_are_given_to_runs_and_deployments(folder: Path) -> None:
    text = SOURCE.replace("JSONType,", "Config, JSONType,").replace(
        "    alpha = P", '    sizes = Config("sizes", required=True)\n    alpha = P'
    )
    Path("run_flow.py").write_text(text.replace("[self.alpha,", "[self.sizes.small,"))
    Path("sizes.json").write_text('{"small": 7}')
    assert Runner("run_flow.py", show_output=False, config=[("sizes", "sizes.json")]).run().run.data.result[0] == 7
    assert Runner("run_flow.py", show_output=False, config_value={"sizes": {"small": 8}}).run().run.data.result[0] == 8
    Path("flowport.toml").write_text(f'[airflow]\nstore = "{folder}/store"\ncompute = "local"\ndags = "dags"\n')
    assert Deployer("run_flow.py", show_output=False, config_value=[("sizes", {"small": 9})]).airflow().create().name == "RunFlow"
    with pytest.raises(RuntimeError, match="config"):
        Deployer("run_flow.py").airflow().create()
